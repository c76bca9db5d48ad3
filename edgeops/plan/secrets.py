"""Secrets in a diff: what is on the hub is never compared, only which version was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.fleet.model import DesiredDevice
from edgeops.fleet.secrets import MASKED
from edgeops.jsonvalue import JsonObject, TheVery
from edgeops.plan.model import Change
from edgeops.secret_reference import Secret, reference, secrets_in, secrets_of_shared
from edgeops.stamp_paths import Path


def with_references(
    live: JsonObject, want: JsonObject, written: Mapping[Path, Secret], owned: Collection[Path]
) -> JsonObject:
    """The live value of a section with a reference in place of each secret.

    The reference is that of git where this version was written, or where the device had a single
    value before git named it: that one is taken for this version. Elsewhere, `***` stands for a
    value that is to be replaced. `written` and `owned` are those of the stamp.
    """
    wanted = secrets_of_shared(TheVery(want))
    for path in wanted.keys() | written.keys():
        found = value_at(live, path)
        if found is None:
            continue
        secret = wanted.get(path)
        adopted = path not in written and path not in owned and not isinstance(found, dict | list)
        current = secret and (adopted or written.get(path) == secret)
        live = _with_value(live, path, reference(secret) if secret and current else MASKED)
    return live


def value_at(value: Any, path: Path) -> Any:
    """The value at a path in a JSON value, None if it has none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _with_value(value: JsonObject, path: Path, item: Any) -> JsonObject:
    key, *rest = path
    return {**value, key: _with_value(value[key], tuple(rest), item) if rest else item}


# --- what a plan does not compare -------------------------------------------------------

_Place = tuple[str, ...]  # module or "", section, path


@dataclass(slots=True)
class NotCompared:
    """Counts the devices with a secret whose value on the hub is taken for the one in git."""

    _devices: Counter[Secret] = field(default_factory=Counter)
    _shared: dict[tuple[int, int], tuple[tuple[_Place, Secret], ...]] = field(default_factory=dict)

    def add(self, device: DesiredDevice, changes: Iterable[Change]) -> None:
        """Count the secrets of a device that these changes do not write."""
        if named := (*self._of_software(device), *_of_desired(device)):
            written = {
                place
                for change in changes
                for section, patch in change.patch.items()
                for place, _ in _placed(change.module or "", section, patch)
            }
            self._devices.update({secret for place, secret in named if place not in written})

    def counts(self) -> tuple[tuple[Secret, int], ...]:
        """The secrets, sorted, each with its number of devices."""
        return tuple(sorted(self._devices.items()))

    def _of_software(self, device: DesiredDevice) -> tuple[tuple[_Place, Secret], ...]:
        """The secrets in modules and deployment, which many devices share."""
        key = id(device.edge_content), id(device.modules)
        if key not in self._shared:
            sections = [("", name, value) for name, value in device.edge_content.items()]
            sections += [(name, "desired", m.desired) for name, m in device.modules.items()]
            self._shared[key] = tuple(found for part in sections for found in _placed(*part))
        return self._shared[key]


def _of_desired(device: DesiredDevice) -> Iterator[tuple[_Place, Secret]]:
    for path, secret in secrets_of_shared(TheVery(device.desired)).items():
        yield ("", "desired", *path), secret


def _placed(module: str, section: str, value: JsonObject) -> Iterator[tuple[_Place, Secret]]:
    for path, secret in secrets_in(value):
        yield (module, section, *path), secret
