"""Writes what an import found."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeops.api.import_proof import Difference, differences, foreign
from edgeops.api.workspace import LOCAL, Workspace
from edgeops.errors import EdgeOpsError
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.adopt.found import FoundDevice, FoundFleet, FoundLayer, Note, Placeholder
    from edgeops.adopt.spec import Described
    from edgeops.adopt.write import Known, WantedFleet
    from edgeops.fleet.catalog import Catalog
    from edgeops.fleet.model import HubTarget
    from edgeops.jsonvalue import JsonObject

_READ_ALSO = ("fleet", "models", "schemas")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import wrote, and how it compares with what was read.

    `kept` are devices that the repository already had. `secrets` maps each variable that a sync
    needs to where its first secret was; `open` are placeholders without a value. `differences` is
    empty if planning against what was read changes no value.
    """

    root: Path
    files: tuple[str, ...]
    devices: int
    kept: tuple[str, ...]
    secrets: Mapping[str, str]
    open: tuple[Placeholder, ...]
    notes: tuple[Note, ...]
    differences: tuple[Difference, ...]


def write_import(
    workspace: Workspace,
    found: FoundFleet,
    *,
    name: str | None = None,
    uid: str | None = None,
    group_by: tuple[str, ...] = (),
    target: HubTarget | None = None,
) -> Imported:
    """Write manifests for what was found, on the `target` or in files.

    `name` and `uid` are those of a new Fleet. Raises `EdgeOpsError` if that cannot be; then
    nothing is written.
    """
    from edgeops.adopt.secret_names import SecretNames
    from edgeops.adopt.spec import Describer
    from edgeops.adopt.write import write
    from edgeops.adopt.write_layers import write_layers
    from edgeops.jsonvalue import pointer

    secrets = SecretNames(dict(found.placeholders))
    describer = Describer(secrets, exist=target is not None)
    catalog = known_fleet(workspace)
    kept = sorted(d.id for d in found.devices if catalog and d.id and d.id in catalog.devices)
    new = [device for device in found.devices if device.id not in kept]
    if kept and not new:
        raise EdgeOpsError(
            f"git has each of these devices already: {len(kept)}", "there is nothing to import"
        )
    devices: list[Described] = [describer.describe(device, device.id or "") for device in new]
    layers: list[tuple[FoundLayer, Described]] = []
    if not devices:  # on a hub, its deployments stay what they are
        layers = [(layer, describer.describe_layer(layer, "imported")) for layer in found.layers]
    if group_by and devices:
        _refuse_unknown_tag(devices, group_by)
    stamped = _stamped(found.devices)
    wanted = replace(
        _wanted(workspace, found, target, catalog, name or stamped.fleet or _own_name(workspace)),
        uid=stamped.uid if stamped.uid and name in (None, stamped.fleet) else uid,
        group_by=group_by,
    )
    files = write(devices, wanted) if devices else write_layers(layers, wanted)
    with _staged(workspace.root, files) as staged:
        hub = target.name if target else LOCAL
        told = list(differences(workspace, staged, new, found.placeholders, hub))
        move(staged, workspace.root, files)
    return Imported(
        root=workspace.root,
        files=tuple(files),
        devices=len(devices),
        kept=tuple(kept),
        secrets={variable: pointer(*at) for variable, at in secrets.found.items()},
        open=tuple(p for p in found.placeholders.values() if p.value is None and not p.secret),
        notes=(*found.notes, *describer.notes, *_foreign_notes(new, wanted, catalog)),
        differences=tuple(told),
    )


# --- the repository -------------------------------------------------------------------


def known_fleet(workspace: Workspace) -> Catalog | None:
    """The manifests that the repository has. Raises `InvalidFleet` if they are not valid."""
    if not (workspace.root / "fleet").is_dir():
        return None
    revision = workspace.at(None)
    if revision.snapshot.documents or revision.snapshot.problems:
        _ = revision.fleet
    return revision.catalog


def _wanted(
    workspace: Workspace,
    found: FoundFleet,
    target: HubTarget | None,
    catalog: Catalog | None,
    name: str,
) -> WantedFleet:
    from edgeops.adopt.write import WantedFleet

    variables = {key: _written(value) for key, value in found.placeholders.items()}
    schemas = [p.name.removesuffix(".schema.json") for p in workspace.root.glob("schemas/*.json")]
    kinds = ("Fleet", "Group", "Module", "Device", "DeviceSet")
    wanted = WantedFleet(
        name,
        variables=variables,
        schemas=[kind for kind in kinds if kind.lower() in schemas],
        known=_known(workspace, catalog, target),
    )
    if catalog is not None and catalog.fleet is not None:
        hubs = catalog.fleet.spec.hubs
        others = {hub for hub in hubs if hub not in (LOCAL, target.name if target else LOCAL)}
        mine = [hub for hub in hubs if hub not in others]
        return replace(wanted, fleet=None, only=mine if others and target else ())
    hubs = {LOCAL: {}}
    if target is not None and not target.local:
        env = target.connection_string_env
        access = {"connectionStringEnv": env} if env else {"auth": "entra"}
        hubs = {**hubs, target.name: {"hostname": target.hostname, **access}}
    return replace(wanted, hubs=hubs)


def _known(workspace: Workspace, catalog: Catalog | None, target: HubTarget | None) -> Known:
    from edgeops.adopt.write import Known
    from edgeops.fleet.layers import merged

    files = [p.relative_to(workspace.root).as_posix() for p in workspace.root.glob("fleet/**/*")]
    if catalog is None:
        return Known(files=files)
    defaults: JsonObject = {}
    for layer in catalog.defaults(target.name if target else LOCAL):
        defaults = merged(defaults, layer.value)
    labels = {label for device in catalog.devices.values() for label in device.spec.labels}
    for group in catalog.groups.values():
        labels |= set(group.spec.selector.get("matchLabels", {}))
    names = {
        "Group": list(catalog.groups),
        "Module": list(catalog.modules),
        "DeviceSet": list(catalog.device_sets),
    }
    return Known(names, labels, files, defaults)


def _written(placeholder: Placeholder) -> Any:
    """The value of a variable; one without a value stands for its own spelling."""
    from edgeops.adopt.live import known_values
    from edgeops.adopt.placeholders import escape

    value = known_values({placeholder.name: placeholder})[placeholder.name]
    return escape(value) if isinstance(value, str) else value


def _refuse_unknown_tag(devices: Sequence[Described], path: tuple[str, ...]) -> None:
    from edgeops.adopt.tree import at
    from edgeops.fleet.suggest import did_you_mean

    if not any(at(device.settings.get("tags"), path) is not None for device in devices):
        known = sorted({tag for device in devices for tag in device.settings.get("tags", {})})
        hint = did_you_mean(path[0], known) or f"tags of these devices: {', '.join(known[:10])}"
        raise EdgeOpsError(f"no device has the tag {'.'.join(path)}", hint if known else "")


# --- stamps ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stamped:
    """The fleet and the uid of the repository whose devices these are already, if they agree."""

    fleet: str | None = None
    uid: str | None = None


def _stamped(devices: Iterable[FoundDevice]) -> _Stamped:
    from edgeops import stamp

    decoded = (stamp.decode(device.tags or {}) for device in devices)
    stamps = [known for known in decoded if known is not None]
    fleets, uids = {known.fleet for known in stamps}, {known.uid for known in stamps}
    if len(fleets) != 1:
        return _Stamped()
    return _Stamped(*fleets, *(uids if len(uids) == 1 else ()))


def _own_name(workspace: Workspace) -> str:
    from edgeops.adopt.names import slug

    return slug(workspace.root.name) or "fleet"


def _foreign_notes(
    devices: Sequence[FoundDevice], wanted: WantedFleet, catalog: Catalog | None
) -> Iterator[Note]:
    from edgeops.adopt.found import Note
    from edgeops.plan.ownership import Owner

    known = catalog.fleet if catalog else None
    name, uid = (known.name, known.spec.uid) if known else (wanted.fleet or "", wanted.uid)
    stamped = _stamped(devices)
    if known is None and stamped.uid and stamped.uid == wanted.uid:
        text = (
            f"the fleet {stamped.fleet} manages these devices already; this repository takes its"
            " place, with its uid: no other one must sync them any more"
        )
        yield Note(devices[0].place, "", text)
    for device, reason in foreign(devices, Owner(name, uid)):
        text = (
            f"{device.id} {reason}: a sync refuses it until it is removed there and `tags.edgeops`"
            " of its twin is deleted"
        )
        yield Note(device.place, "", text)


# --- files ----------------------------------------------------------------------------


@contextmanager
def _staged(root: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """A copy of what edgeops reads of the repository, with the new files."""
    hint = "nothing was written"
    with doing(f"write in {root}", hint):
        holder = tempfile.TemporaryDirectory(prefix=".edgeops-import-", dir=root)
    with holder as folder:
        staged = Path(folder)
        with doing(f"write in {root}", hint):
            for name in _READ_ALSO:
                if (root / name).is_dir():
                    shutil.copytree(root / name, staged / name, symlinks=True)
            for path, text in files.items():
                target = staged / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        yield staged


def move(staged: Path, root: Path, files: Iterable[str]) -> None:
    """The new files, to where they belong: all of them or, if one cannot be moved, none."""
    with doing(f"write {root / 'fleet'}", "nothing was changed"):
        if not (root / "fleet").exists():
            (staged / "fleet").rename(root / "fleet")
            return
        moved: list[Path] = []
        try:
            for path in files:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                moved.append(root / path)
                (staged / path).rename(root / path)
        except BaseException:
            for new in moved:
                new.unlink(missing_ok=True)
            raise
