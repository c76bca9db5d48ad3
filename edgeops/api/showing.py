"""Shows one device: git, hub and device side by side, with when and by which commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.looking import changes_of, last_commits, see, without_git
from edgeops.api.session import left_to_configurations, on_hub, read
from edgeops.api.workspace import Revision, Workspace
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet, Place
    from edgeops.health.seen import SeenDevice
    from edgeops.hub.port import Hub
    from edgeops.plan.side_by_side import SeenSection
    from edgeops.source.blame import Blamed
    from edgeops.stamp_paths import Path
    from edgeops.twin import LiveDevice

ValueKey = tuple["str | None", str, "Path"]  # module, section and path


@dataclass(frozen=True, slots=True)
class ValueOrigin:
    """The place in git that set a value, and the commit that wrote this line, if it is known."""

    place: Place
    blamed: Blamed | None = None


@dataclass(frozen=True, slots=True)
class ShownDevice:
    """One device with the values of its twins; `origins` has those that a manifest sets.

    `refusal` is why a sync would not write the device.
    """

    device: SeenDevice
    hub: str
    commit: str | None
    sections: tuple[SeenSection, ...]
    origins: Mapping[ValueKey, ValueOrigin]
    refusal: str = ""


def show_device(workspace: Workspace, device: str, *, rev: str = "HEAD") -> ShownDevice:
    """One device of git or of the hub, value by value, without secrets.

    Raises `InvalidFleet`, `UsageError` for a device that neither git nor the hub has, and
    `HubError`.
    """
    revision = workspace.at(rev)
    fleet = revision.fleet

    async def work(hub: Hub) -> tuple[DesiredFleet, LiveDevice | None]:
        live = await read(workspace, hub, fleet, [device], timed=True)
        return (await left_to_configurations(hub, fleet, live))[0], live.get(device)

    return _shown(revision, device, *on_hub(workspace, fleet, work))


def _shown(
    revision: Revision, name: str, fleet: DesiredFleet, live: LiveDevice | None
) -> ShownDevice:
    from edgeops.plan.model import Refusal
    from edgeops.plan.side_by_side import side_by_side

    workspace = revision.workspace
    wanted = fleet.devices.get(name)
    if wanted is None:
        seen = without_git(fleet, live.twin) if live else None
        if seen is None:
            raise _nowhere(workspace, fleet, name)
        sections = side_by_side(None, live, ())
        return ShownDevice(seen, workspace.hub, fleet.commit, sections, {})
    last = last_commits(workspace, {name: live} if live else {})
    seen = see(workspace, fleet, name, live, last)
    changes = changes_of(fleet, name, live)
    refusal = changes.reason if isinstance(changes, Refusal) else ""
    sections = side_by_side(wanted, live, () if isinstance(changes, Refusal) else changes)
    origins = _origins(revision, name, sections)
    return ShownDevice(seen, workspace.hub, fleet.commit, sections, origins, refusal)


def _nowhere(workspace: Workspace, fleet: DesiredFleet, name: str) -> EdgeOpsError:
    from edgeops.fleet.hubs import on_another_hub
    from edgeops.fleet.suggest import did_you_mean

    if name in fleet.elsewhere:
        return on_another_hub(name, fleet.elsewhere[name])
    return UsageError(
        f"neither git nor hub {workspace.hub} has a device `{name}`",
        did_you_mean(name, fleet.devices) or "`edgeops device list` shows the devices",
    )


def _origins(
    revision: Revision, name: str, sections: Iterable[SeenSection]
) -> dict[ValueKey, ValueOrigin]:
    """The origin of each value that git sets; the newest of several places."""
    from edgeops.fleet.explain import explain
    from edgeops.fleet.origin import Origins

    workspace = revision.workspace
    url = workspace.local_artifacts_url
    explained = explain(revision.snapshot, name, hub=workspace.hub, local_artifacts_url=url)
    known = Origins(explained)
    places = {
        (section.module, section.name, value.path): found
        for section in sections
        for value in section.values
        if value.git is not None and (found := known.of(section.module, section.name, value.path))
    }
    blamed = _blamed(revision, {place for found in places.values() for place in found})

    def newest(found: tuple[Place, ...]) -> ValueOrigin:
        dated = [(blamed[place], place) for place in found if place in blamed]
        when, place = max(dated) if dated else (None, found[0])
        return ValueOrigin(place, when)

    return {key: newest(found) for key, found in places.items()}


def _blamed(revision: Revision, places: Iterable[Place]) -> dict[Place, Blamed]:
    """The commits of places; git is asked once for each file."""
    from edgeops.source.blame import blame

    commit = revision.snapshot.commit
    if commit is None:
        return {}
    by_file: dict[str, list[Place]] = {}
    for place in places:
        by_file.setdefault(place.file, []).append(place)
    blamed: dict[Place, Blamed] = {}
    for file, of_file in by_file.items():
        lines = blame(revision.workspace.root, commit, file, {place.line for place in of_file})
        blamed |= {place: lines[place.line] for place in of_file if place.line in lines}
    return blamed
