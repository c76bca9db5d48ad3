"""The devices that git changed since the last complete sync, as the history on the hub says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops import __version__
from edgeops.api.workspace import Workspace
from edgeops.commit import short_commit
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.apply.history import KeptHistory
    from edgeops.fleet.model import DesiredFleet
    from edgeops.source.listing import Listing


@dataclass(frozen=True, slots=True)
class SinceLast:
    """The devices that may differ from git, since all others were synced from `commit`.

    `devices` also has those that git does not have any more, `gone`. `managed` is how many devices
    git had on the hub then; `pruned` says that no other device or module that git dropped was left
    on it, `drops` that one of these devices, or a module of one, may be left on it since.
    """

    commit: str
    devices: frozenset[str]
    gone: frozenset[str]
    managed: int
    pruned: bool
    drops: bool


def since_last(
    workspace: Workspace, fleet: DesiredFleet, listing: Listing, kept: KeptHistory, *, prune: bool
) -> SinceLast | None:
    """The devices to look at; None, with a note, if that is every device.

    `listing` are the files of the fleet.
    """
    found = _since(workspace, fleet, listing, kept, prune=prune)
    if isinstance(found, SinceLast):
        return found
    workspace.observer.note(f"note: --since-last reads every device: {found}")
    return None


def hub_words(workspace: Workspace, fleet: DesiredFleet) -> str:
    """What tells a hub, as the devices of a fleet see it, from others."""
    where = fleet.hubs[workspace.hub].hostname or workspace.local_artifacts_url
    return f"{workspace.hub} ({where})"


def _since(
    workspace: Workspace, fleet: DesiredFleet, listing: Listing, kept: KeptHistory, *, prune: bool
) -> SinceLast | str:
    from edgeops.plan.targets import changed_devices
    from edgeops.source.difference import may_differ

    complete = kept.history.complete
    if kept.why_not or complete is None:
        return kept.why_not or "the hub has no record of a complete sync"
    if complete.hub != hub_words(workspace, fleet):
        return f"the last complete sync was of another hub, {complete.hub}"
    if complete.version != __version__:
        return f"the last complete sync was by edgeops {complete.version}"
    if kept.history.uid != fleet.uid:
        return "the Fleet had no uid at the last complete sync"
    if prune and not complete.pruned:
        return "the last complete sync was without --prune"
    devices, managed, drops = set(complete.left), set[str](), bool(complete.left)
    for commit in (complete.commit, *kept.history.touched):
        try:
            revision = workspace.at(commit, remembered=False)
            base = revision.fleet
        except EdgeOpsError as error:
            at = short_commit(commit)
            return f"the fleet at {at}, which was synced before, is not known: {error}"
        with workspace.cache() as cache:
            among = may_differ(revision.listing, listing, cache)
        changed = changed_devices(base, fleet, among)
        devices |= changed
        drops = drops or any(_drops(base, fleet, name) for name in changed)
        if commit == complete.commit:
            managed = base.devices.keys() - set(complete.left)
    gone = frozenset(devices - fleet.devices.keys())
    return SinceLast(
        complete.commit, frozenset(devices), gone, len(managed), complete.pruned, drops
    )


def _drops(base: DesiredFleet, fleet: DesiredFleet, name: str) -> bool:
    """Whether a fleet lacks a device of another one, or one of its modules."""
    before, now = base.devices.get(name), fleet.devices.get(name)
    if before is None or now is None:
        return now is None
    return not before.modules.keys() <= now.modules.keys()
