"""Writes a fleet repository from deployments that exist, on a hub or in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.adopt.names import is_name
from edgeops.api.import_proof import Difference
from edgeops.api.import_write import Imported, known_fleet, write_import
from edgeops.api.new import new_uid
from edgeops.api.workspace import LOCAL, InvalidFleet, Workspace
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.history_device import is_history_device
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.adopt.found import FoundDevice, FoundFleet
    from edgeops.fleet.model import HubTarget, Problem
    from edgeops.hub.port import Hub
    from edgeops.twin import LiveDevice

__all__ = ["Difference", "ImportRequest", "Imported", "Unreadable", "import_fleet"]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import: files, or the devices of a hub.

    `query` is a condition on devices, as in `tags.site = 's1'`. `group_by` is the path of a tag,
    such as `tags.site`. `device` names the device of a deployment manifest; `values` are those of
    its placeholders. For a hub that no Fleet names yet, `hostname` and perhaps the name of the
    variable with its connection string say how to reach it. `fleet` names a new Fleet, `uid` is
    its random id.
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
    uid: str = field(default_factory=new_uid)


class Unreadable(InvalidFleet):
    """Files or twins that cannot be read; `problems` says which and why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("nothing was imported", "fix the problems listed above", problems)


def import_fleet(workspace: Workspace, request: ImportRequest) -> Imported:
    """Write manifests that say what devices have, and prove it by planning against them.

    Existing files and devices that git already has are kept. Raises `Unreadable` for input that
    cannot be read, `UsageError`, and `HubError`; nothing is written then.
    """
    _refuse_contradictions(request)
    target = _target(workspace, request)
    found = _from_hub(workspace, request, target) if target else _from_files(request)
    if found.problems:
        raise Unreadable(found.problems)
    if not found.devices and not found.layers:
        where = f"the hub {target.name}" if target else "these files"
        hint = "check the condition of --query" if request.query else ""
        raise EdgeOpsError(f"there is no device to import in {where}", hint)
    path = tuple(request.group_by.removeprefix("tags.").split(".")) if request.group_by else ()
    found = replace(found, devices=_named(found.devices, request))
    return write_import(
        workspace, found, name=request.fleet, uid=request.uid, group_by=path, target=target
    )


def _refuse_contradictions(request: ImportRequest) -> None:
    if bool(request.files) == bool(request.hub):
        raise UsageError("import needs files or a hub", "name files, or use --hub NAME")
    of_hubs = {"--query": request.query, "--hostname": request.hostname}
    of_files = {"--device": request.device, "--set": request.values}
    for name, value in of_hubs.items() if request.files else of_files.items():
        if value:
            other = "a hub, not for files" if request.files else "files, not for a hub"
            raise UsageError(f"{name} is for {other}", "leave it out")
    if request.device and len(request.files) > 1:
        raise UsageError(
            "--device names the device of one file, but there are more",
            "import them one by one, or call each file like its device",
        )
    if request.fleet and not is_name(request.fleet):
        raise UsageError(f"--name {request.fleet!r} is not a name", "take letters, digits, . _ -")
    if request.group_by and not all(request.group_by.removeprefix("tags.").split(".")):
        raise UsageError(f"--group-by {request.group_by!r} is not the path of a tag")


def _named(devices: Sequence[FoundDevice], request: ImportRequest) -> tuple[FoundDevice, ...]:
    """The devices, those without a name called `edge-1`, `edge-2`, and so on."""
    taken = {device.id for device in devices}
    free = (f"edge-{n}" for n in count(1) if f"edge-{n}" not in taken)
    return tuple(
        device if device.id else replace(device, id=request.device or next(free))
        for device in devices
    )


# --- reading --------------------------------------------------------------------------


def _from_files(request: ImportRequest) -> FoundFleet:
    from edgeops.adopt.read_file import ImportFile, read_files
    from edgeops.user_files import read_bytes

    files = []
    for path in request.files:
        hint = "name deployment manifests, twins or exported states as JSON"
        data = read_bytes(path, "the file to import", hint)
        files.append(ImportFile(str(path), data, request.device, _values_for(path, request)))
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
    catalog = known_fleet(workspace)
    if catalog is not None and catalog.fleet is not None:
        known = {**known, **hub_targets(catalog, None)}
        if request.hostname and request.hub not in known:
            raise UsageError(
                f"the Fleet does not name the hub `{request.hub}`, so its devices have no place",
                f"add it to `hubs` of the Fleet: {request.hub}: {{hostname: {request.hostname}}}",
            )
    elif request.hostname:
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


def _from_hub(workspace: Workspace, request: ImportRequest, target: HubTarget) -> FoundFleet:
    from edgeops.adopt.found import FoundFleet, Note
    from edgeops.adopt.live import found_of
    from edgeops.api.running import complete
    from edgeops.api.session import open_session
    from edgeops.fleet.model import Place

    async def work() -> tuple[dict[str, LiveDevice], set[str]]:
        async with open_session(workspace, target) as hub:
            return await _live(workspace, hub, target, request.query)

    live, gone = complete(work())
    place = Place(f"hub {target.name}")
    notes = tuple(Note(place, "", f"{name} was deleted during the import") for name in sorted(gone))
    devices = tuple(found_of(device, place.file) for device in live.values())
    return FoundFleet(devices=devices, notes=notes)


async def _live(
    workspace: Workspace, hub: Hub, target: HubTarget, query: str
) -> tuple[dict[str, LiveDevice], set[str]]:
    """Every device that meets the condition, with all its modules; and those deleted meanwhile."""
    from edgeops.hub.live import ReadRequest, choose_by_query, read_live

    edge: dict[str, bool] = {}
    modules: dict[str, list[str]] = {}
    async for twin in hub.device_twins(query):
        if not is_history_device(twin.device):
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
