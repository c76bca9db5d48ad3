"""The twins of one device beside what git says of them, value by value, without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.configuration import Paths
from edgeops.fleet.model import DesiredDevice
from edgeops.fleet.secrets import mask, masked
from edgeops.jsonvalue import JsonObject
from edgeops.plan.identity import IDENTITY, identity_of
from edgeops.plan.model import Action, Change, Reason
from edgeops.plan.secrets import value_at, with_references
from edgeops.plan.stamping import owned_in
from edgeops.secret_reference import is_secret, secrets_in, values_in
from edgeops.stamp import TAG, Stamp, decode
from edgeops.stamp_paths import Path
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin

TAGS, DESIRED = "tags", "desired"

_SHORTEST_SECRET = 4  # shorter values of secrets also occur in ordinary words


@dataclass(frozen=True, slots=True)
class SeenValue:
    """One value of a section: in git, on the hub and as the device reports it; None where absent.

    `updated` and `reported_at` are when the hub got it; None if the hub does not say so, as for
    tags. `mark` is why a sync would write it, None if it is as git says. `ignored`: git leaves it
    to others.
    """

    path: Path
    git: Any = None
    hub: Any = None
    reported: Any = None
    updated: str | None = None
    reported_at: str | None = None
    mark: Reason | None = None
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class SeenSection:
    """The values of `identity`, `tags` or `desired` of a device (`module` is None) or module.

    What is reported stands beside the desired properties. `on_hub`: the twin exists.
    """

    module: str | None
    name: str
    on_hub: bool
    values: tuple[SeenValue, ...]


def side_by_side(
    device: DesiredDevice | None, live: LiveDevice | None, changes: Iterable[Change]
) -> tuple[SeenSection, ...]:
    """The sections of a device and its modules that have values.

    `device` is None if git does not have it; `changes` are what a sync would write.
    """
    marks = _marks(changes)
    stamp = decode(live.twin.tags) if live else None
    sections = []
    for module, name, wanted in _sections(device, live):
        twin = (live.modules.get(module) if module else live.twin) if live else None
        on_hub = _live(twin, name)
        if name == DESIRED:
            own = stamp if module in (None, EDGE_AGENT, EDGE_HUB) else _stamp_of(twin)
            on_hub, secrets = _without_secrets(on_hub, wanted, own, module)
        else:
            secrets = ()
        reported = _hidden(twin.reported, secrets) if twin and name == DESIRED else {}
        mark = marks.get((module, name))
        left = _ignored(device, module, name)
        values = tuple(_values(twin, name, wanted, _hidden(on_hub, secrets), reported, mark, left))
        if values:
            sections.append(SeenSection(module, name, twin is not None, values))
    return tuple(sections)


def _sections(
    device: DesiredDevice | None, live: LiveDevice | None
) -> Iterator[tuple[str | None, str, JsonObject]]:
    """Module, name and what git says of every section, the device first."""
    yield None, IDENTITY, device.identity if device else {}
    yield None, TAGS, device.tags if device else {}
    yield None, DESIRED, device.desired if device else {}
    wanted: dict[str, JsonObject] = dict(device.edge_content) if device else {}
    if device:
        wanted |= {name: module.desired for name, module in sorted(device.modules.items())}
    for module in (*wanted, *sorted((live.modules if live else {}).keys() - wanted.keys())):
        yield module, TAGS, {}
        yield module, DESIRED, wanted.get(module, {})


def _live(twin: Twin | None, name: str) -> JsonObject:
    if twin is None:
        return {}
    if name == IDENTITY:
        return identity_of(twin)
    if name == TAGS:
        return {key: value for key, value in twin.tags.items() if key != TAG}
    return twin.desired


def _stamp_of(twin: Twin | None) -> Stamp | None:
    return decode(twin.tags) if twin else None


def _values(
    twin: Twin | None,
    name: str,
    wanted: JsonObject,
    on_hub: JsonObject,
    reported: JsonObject,
    mark: tuple[JsonObject, Reason] | None,
    ignored: Paths,
) -> Iterator[SeenValue]:
    of_git, of_hub, of_device = (dict(values_in(value)) for value in (wanted, on_hub, reported))
    times = twin.updated if twin else {}
    for path in sorted({*of_git, *of_hub, *of_device}):
        in_hands = path in of_git or path in of_hub
        yield SeenValue(
            path,
            git=masked(of_git.get(path), path),
            hub=masked(of_hub.get(path), path),
            reported=masked(of_device.get(path), path),
            updated=times.get((name, *path)) if path in of_hub else None,
            reported_at=times.get(("reported", *path)) if path in of_device else None,
            mark=mark[1] if mark and in_hands and _covers(mark[0], path) else None,
            ignored=any(path[:length] in ignored for length in range(1, len(path) + 1)),
        )


def _ignored(device: DesiredDevice | None, module: str | None, name: str) -> Paths:
    """The paths of a section that git leaves to others."""
    if device is None or name == IDENTITY or (module and name == TAGS):
        return frozenset()
    if module is not None and module in device.modules:
        return device.modules[module].ignored
    return device.ignored.get(module or name, frozenset())


# --- what a sync would write -----------------------------------------------------------


def _marks(changes: Iterable[Change]) -> dict[tuple[str | None, str], tuple[JsonObject, Reason]]:
    """The patch of each section, by module and name, with its reason."""
    marks = {}
    for change in changes:
        for section, patch in change.patch.items():
            deployed = change.action is Action.DEPLOY
            key = (section, DESIRED) if deployed else (change.module, section)
            marks[key] = (patch, change.reason)
    return marks


def _covers(patch: Any, path: Path) -> bool:
    """Whether a merge patch writes or removes the value at a path."""
    for key in path:
        if not isinstance(patch, dict) or is_secret(patch):
            return True
        if key not in patch:
            return False
        patch = patch[key]
    return True


# --- secrets ---------------------------------------------------------------------------


def _without_secrets(
    live: JsonObject, wanted: JsonObject, stamp: Stamp | None, module: str | None
) -> tuple[JsonObject, tuple[str, ...]]:
    """The live section with references in place of secrets, and the values of these."""
    section = module if module in (EDGE_AGENT, EDGE_HUB) else DESIRED
    written: Mapping[Path, Any] = stamp.secrets_in(section) if stamp else {}
    owned = owned_in(stamp, section, live)
    paths = {path for path, _ in secrets_in(wanted)} | written.keys()
    found = (value_at(live, path) for path in paths)
    known = {value for value in found if isinstance(value, str) and len(value) >= _SHORTEST_SECRET}
    longest_first = tuple(sorted(known, key=lambda value: (-len(value), value)))
    return with_references(live, wanted, written, owned), longest_first


def _hidden(value: Any, secrets: tuple[str, ...]) -> Any:
    """The value without these secrets, wherever a device repeats them."""
    if not secrets:
        return value
    if isinstance(value, dict):
        return {mask(key, secrets): _hidden(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, secrets) for item in value]
    return mask(value, secrets) if isinstance(value, str) else value
