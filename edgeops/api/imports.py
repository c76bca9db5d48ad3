"""Writes a fleet repository from deployments that exist, on a hub or in files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeops.api.workspace import LOCAL, Workspace
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.adopt.found import Found, FoundDevice, FoundLayer, Note, Placeholder
    from edgeops.adopt.spec import Described
    from edgeops.adopt.write import Wanted
    from edgeops.fleet.catalog import Catalog
    from edgeops.fleet.model import HubTarget, Problem
    from edgeops.hub.port import Hub
    from edgeops.jsonvalue import JsonObject
    from edgeops.plan.model import Change, Refusal
    from edgeops.twin import LiveDevice

_UNNAMED = "edge-1"  # the device of a manifest that names none
_READ_ALSO = ("fleet", "models", "schemas")


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import: files, or the devices of a hub.

    `query` is a condition on devices, as in `tags.site = 's1'`. `group_by` is the path of a tag,
    such as `tags.site`. `device` names the device of a deployment manifest; `values` are those of
    its placeholders. For a hub that no Fleet names yet, `hostname` and perhaps the name of the
    variable with its connection string say how to reach it. `fleet` names a new Fleet.
    """

    files: tuple[Path, ...] = ()
    hub: str | None = None
    query: str = ""
    group_by: str = ""
    device: str | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    hostname: str | None = None
    connection_string_env: str | None = None
    fleet: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What a sync of the imported fleet would change on a device, against what was read."""

    device: str
    what: str


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


class Unreadable(EdgeOpsError):
    """Files or twins that cannot be read; `problems` says which and why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        super().__init__(f"nothing was imported: {count}", "see above; nothing was written")
        self.problems = problems


def import_fleet(workspace: Workspace, request: ImportRequest) -> Imported:
    """Write manifests that say what devices have, and prove it by planning against them.

    Existing files and devices that git already has are kept. Raises `Unreadable` for input that
    cannot be read, `UsageError`, and `HubError`; nothing is written then.
    """
    if bool(request.files) == bool(request.hub):
        raise UsageError("import needs files or a hub", "name files, or use --hub NAME")
    target = _target(workspace, request)
    found = _from_hub(workspace, request, target) if request.hub else _from_files(request)
    if found.problems:
        raise Unreadable(found.problems)
    devices = tuple(
        replace(device, id=device.id or request.device or _UNNAMED) for device in found.devices
    )
    if not devices and not found.layers:
        raise EdgeOpsError("there is no device to import", "check the files or the condition")
    return _write(workspace, request, replace(found, devices=devices), target)


# --- reading --------------------------------------------------------------------------


def _from_files(request: ImportRequest) -> Found:
    from edgeops.adopt.read_file import SourceFile, read_files
    from edgeops.user_files import read_bytes

    files = []
    for path in request.files:
        hint = "name deployment manifests, twins or exported states as JSON"
        data = read_bytes(path, "the file to import", hint)
        files.append(SourceFile(str(path), data, request.device, _values_for(path, request)))
    return read_files(files)


def _values_for(path: Path, request: ImportRequest) -> dict[str, str]:
    """The values of placeholders: those of the `.env` file beside a template, then those given."""
    from edgeops.adopt.read_file import dotenv_values

    beside = path.parent / ".env"
    values: dict[str, str] = {}
    if beside.is_file():
        with doing(f"read {beside}", "it has the values of placeholders"):
            values = dotenv_values(beside.read_text(encoding="utf-8", errors="replace"))
    return {**values, **request.values}


def _target(workspace: Workspace, request: ImportRequest) -> HubTarget | None:
    """The hub to read, as the Fleet or the request says; None for files."""
    from edgeops.fleet.hubs import find_hub, hub_targets
    from edgeops.fleet.model import HubTarget

    if request.hub is None:
        return None
    known: Mapping[str, HubTarget] = {LOCAL: HubTarget(LOCAL, create_devices=True)}
    if (workspace.root / "fleet").is_dir():
        known = {**known, **hub_targets(workspace.at(None).catalog, None)}
    if request.hostname:
        env = request.connection_string_env
        return HubTarget(
            request.hub, request.hostname, connection_string_env=env, entra=env is None
        )
    if request.hub not in known and len(known) == 1:
        raise UsageError(
            f"no Fleet says how to reach the hub `{request.hub}`",
            "add --hostname NAME.azure-devices.net, and --connection-string-env VARIABLE "
            "unless you sign in with Entra ID",
        )
    return find_hub(known, request.hub)


def _from_hub(workspace: Workspace, request: ImportRequest, target: HubTarget | None) -> Found:
    from edgeops.adopt.found import Found, Note
    from edgeops.adopt.live import found_of
    from edgeops.api.running import complete
    from edgeops.api.session import open_session
    from edgeops.fleet.model import Place

    assert target is not None
    hub_target = target

    async def work() -> tuple[dict[str, LiveDevice], set[str]]:
        async with open_session(workspace, hub_target) as hub:
            return await _live(workspace, hub, hub_target, request.query)

    live, gone = complete(work())
    place = Place(f"hub {target.name}")
    notes = tuple(Note(place, "", f"{name} was deleted during the import") for name in sorted(gone))
    devices = tuple(found_of(device, place.file) for device in live.values())
    return Found(devices=devices, notes=notes)


async def _live(
    workspace: Workspace, hub: Hub, target: HubTarget, query: str
) -> tuple[dict[str, LiveDevice], set[str]]:
    """Every device that meets the condition, with all its modules; and those deleted meanwhile."""
    from edgeops.hub.live import ReadRequest, choose_by_query, read_live

    edge: dict[str, bool] = {}
    modules: dict[str, list[str]] = {}
    async for twin in hub.device_twins(query):
        edge[twin.device] = twin.edge
    async for twin in hub.module_twins():
        if twin.device in edge and twin.module and not twin.module.startswith("$"):
            modules.setdefault(twin.device, []).append(twin.module)
    wanted = {
        name: ReadRequest(tuple(sorted(modules.get(name, ()))), edge[name]) for name in sorted(edge)
    }
    by_query = choose_by_query(target, len(wanted))
    with workspace.observer.progress("reading twins", quiet=not wanted) as progress:
        live = await read_live(hub, wanted, by_query=by_query, progress=progress)
    return live, wanted.keys() - live.keys()


# --- writing --------------------------------------------------------------------------


def _write(
    workspace: Workspace, request: ImportRequest, found: Found, target: HubTarget | None
) -> Imported:
    from edgeops.adopt.secret_names import SecretNames
    from edgeops.adopt.spec import Describer
    from edgeops.adopt.write import write, write_layers
    from edgeops.jsonvalue import pointer

    secrets = SecretNames(dict(found.placeholders))
    describer = Describer(secrets)
    exists = (workspace.root / "fleet").is_dir()
    known = workspace.at(None).catalog if exists else None
    kept = sorted(d.id for d in found.devices if known and d.id and d.id in known.devices)
    devices: list[Described] = [
        describer.describe(device, device.id)
        for device in found.devices
        if device.id and device.id not in kept
    ]
    if kept and not devices:
        raise EdgeOpsError(f"git already has all {len(kept)} devices", "there is nothing to import")
    layers: list[tuple[FoundLayer, Described]] = []
    if not devices:  # on a hub, its deployments stay what they are
        layers = [(layer, describer.describe_layer(layer, "imported")) for layer in found.layers]
    wanted = _wanted(request, found, target, known, [*devices, *(d for _, d in layers)])
    files = write(devices, wanted) if devices else write_layers(layers, wanted)
    files = _free_names(workspace.root, files)
    read_devices = [device for device in found.devices if device.id not in kept]
    name = target.name if target else LOCAL
    with tempfile.TemporaryDirectory(prefix=".edgeops-import-", dir=workspace.root) as folder:
        staged = Path(folder)
        _stage(workspace.root, staged, files)
        differences = _differences(workspace, staged, read_devices, found.placeholders, name)
        _move(staged, workspace.root, files)
    return Imported(
        root=workspace.root,
        files=tuple(files),
        devices=len(devices),
        kept=tuple(kept),
        secrets={variable: pointer(*at) for variable, at in secrets.found.items()},
        open=tuple(p for p in found.placeholders.values() if p.value is None and not p.secret),
        notes=(*found.notes, *describer.notes),
        differences=tuple(differences),
    )


def _wanted(
    request: ImportRequest,
    found: Found,
    target: HubTarget | None,
    known: Catalog | None,
    devices: Sequence[Described],
) -> Wanted:
    from edgeops.adopt.write import Wanted

    group_by = tuple(request.group_by.removeprefix("tags.").split(".")) if request.group_by else ()
    variables = {name: _written(value) for name, value in found.placeholders.items()}
    if known is not None and known.fleet is not None:
        names = {name for device in devices for name in device.modules}
        renamed = {name: _free(f"{name}-imported", known.modules) for name in names}
        own = {name: renamed[name] for name in names if name in known.modules}
        base = _free("imported", known.groups)
        return Wanted(None, variables=variables, base=base, modules=own, group_by=group_by)
    hubs: JsonObject = {LOCAL: {}}
    if target is not None and not target.local:
        env = target.connection_string_env
        access = {"connectionStringEnv": env} if env else {"auth": "entra"}
        hubs[target.name] = {"hostname": target.hostname, **access}
    return Wanted(_fleet_name(request), hubs=hubs, variables=variables, group_by=group_by)


def _written(placeholder: Placeholder) -> Any:
    """The value of a variable; one without a value stands for its own spelling."""
    from edgeops.adopt.live import known_values
    from edgeops.adopt.placeholders import escape

    value = known_values({placeholder.name: placeholder})[placeholder.name]
    return escape(value) if isinstance(value, str) else value


def _fleet_name(request: ImportRequest) -> str:
    return request.fleet or "fleet"


def _free(name: str, taken: Collection[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _free_names(root: Path, files: Mapping[str, str]) -> dict[str, str]:
    """The files under names that the repository does not have yet."""
    free = {}
    for path, text in files.items():
        name, number = path, 1
        while (root / name).exists() or name in free:
            number += 1
            name = f"{path.removesuffix('.yaml')}-{number}.yaml"
        free[name] = text
    return free


def _stage(root: Path, staged: Path, files: Mapping[str, str]) -> None:
    """A copy of what edgeops reads of the repository, with the new files."""
    with doing(f"write {staged}", "the import needs it for its proof"):
        for name in _READ_ALSO:
            if (root / name).is_dir():
                shutil.copytree(root / name, staged / name, symlinks=True)
        for path, text in files.items():
            target = staged / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


def _move(staged: Path, root: Path, files: Iterable[str]) -> None:
    """The new files, to where they belong; a new `fleet/` at once."""
    with doing(f"write {root / 'fleet'}", "nothing else was changed"):
        if not (root / "fleet").exists():
            (staged / "fleet").rename(root / "fleet")
            return
        for path in files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).rename(root / path)


# --- the proof ------------------------------------------------------------------------


def _differences(
    workspace: Workspace,
    staged: Path,
    devices: Sequence[FoundDevice],
    placeholders: Mapping[str, Placeholder],
    hub: str,
) -> list[Difference]:
    """What a plan of the new fleet against what was read would change, apart from stamps."""
    from edgeops.adopt.live import known_values, live_of
    from edgeops.api.workspace import InvalidFleet
    from edgeops.plan.device import plan_device

    try:
        fleet = replace(workspace, root=staged, hub=hub).at(None).fleet
    except InvalidFleet as error:
        return [Difference("", f"{p.place}: {p.message}") for p in error.problems]
    values = known_values(placeholders)
    differences = []
    for device in devices:
        wanted = fleet.devices.get(device.id or "")
        if wanted is None:
            differences.append(Difference(device.id or "", "is not in the fleet that was written"))
            continue
        live = live_of(device, values)
        planned = plan_device(wanted, live, fleet=fleet.name, commit=None, create=False)
        differences += _told(device.id or "", planned)
    return differences


def _told(device: str, planned: tuple[Change, ...] | Refusal) -> list[Difference]:
    from edgeops.jsonvalue import leaves, pointer
    from edgeops.plan.model import Refusal

    if isinstance(planned, Refusal):
        return [Difference(device, planned.reason)]
    return [
        Difference(device, f"{change.module or ''}{pointer(*path)} would change")
        for change in planned
        for path, _ in (leaves(dict(change.patch)) if change.patch else ())
    ]
