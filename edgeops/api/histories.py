"""What was applied to a hub, when and by whom, as the hub itself records it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.session import on_hub
from edgeops.api.workspace import Workspace
from edgeops.commit import short_commit
from edgeops.errors import EdgeOpsError
from edgeops.history import ApplyResult

if TYPE_CHECKING:
    from edgeops.history import ApplyRecord, CompleteApply

_MOST = 50  # records that are looked at in git
_GOOD = (ApplyResult.APPLIED, ApplyResult.REFUSED)

_NOTHING = "nothing was recorded yet; a sync records itself if its credentials may create devices"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One apply: the subject of its commit, if this clone has it, and why it is listed."""

    record: ApplyRecord
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HubHistory:
    """The applies of a fleet to a hub, the newest first, and the last complete one.

    `older` is how many more the hub holds; `why_not` says why there are none.
    """

    fleet: str
    hub: str
    device: str | None = None
    entries: tuple[HistoryEntry, ...] = ()
    older: int = 0
    complete: CompleteApply | None = None
    touched: tuple[str, ...] = ()
    why_not: str = ""


def history(workspace: Workspace, device: str | None = None, *, limit: int = 20) -> HubHistory:
    """The last applies to the hub; only those that concern a device, if one is named.

    An apply concerns a device that it wrote or refused. Where a record does not name its devices,
    the device must differ in git between the commit of this apply and that before; only the newest
    records are looked at. Raises `InvalidFleet` and `HubError`.
    """
    from edgeops.apply.history import read_history
    from edgeops.source.commits import found_commits

    fleet = workspace.at("HEAD").fleet
    kept = on_hub(workspace, fleet, lambda hub: read_history(hub, fleet.name, fleet.uid))
    if kept.why_not or not kept.exists:
        return HubHistory(fleet.name, workspace.hub, device, why_not=kept.why_not or _NOTHING)
    known = kept.history
    if device is None:
        found = [(record, "") for record in reversed(known.records)]
    else:
        found = list(_concerning(workspace, known.records, device))
    shown = found[:limit]
    commits = found_commits(workspace.root, {record.commit for record, _ in shown})
    subjects = {commit: each.subject for commit, each in commits.items()}
    return HubHistory(
        fleet=fleet.name,
        hub=workspace.hub,
        device=device,
        entries=tuple(
            HistoryEntry(record, subjects.get(record.commit, ""), reason)
            for record, reason in shown
        ),
        older=len(found) - len(shown),
        complete=known.complete,
        touched=known.touched,
    )


def _concerning(
    workspace: Workspace, records: Sequence[ApplyRecord], device: str
) -> Iterator[tuple[ApplyRecord, str]]:
    """The records of a device, the newest first, and why."""
    for index in reversed(range(max(0, len(records) - _MOST), len(records))):
        record, earlier = records[index], records[:index]
        if record.devices is not None:
            why = "it was written or refused" if device in record.devices else ""
        elif earlier:
            before = next((r for r in reversed(earlier) if r.result in _GOOD), earlier[-1])
            why = _why_changed(workspace, before.commit, record.commit, device)
        else:
            why = _why_first(workspace, record, device)
        if why:
            yield record, why


def _why_first(workspace: Workspace, record: ApplyRecord, device: str) -> str:
    """Why the oldest record may be about a device; empty if git did not have it then."""
    try:
        known = device in workspace.at(record.commit, remembered=False).fleet.devices
    except EdgeOpsError:
        known = True
    if not known and not record.scope.prune:
        return ""
    return "it may have been written: no older sync is recorded"


def _why_changed(workspace: Workspace, before: str, after: str, device: str) -> str:
    """Why a device may have been written; empty if git has it alike in both commits."""
    from edgeops.plan.targets import changed_devices
    from edgeops.source.commits import differ
    from edgeops.source.layout import FOLDERS

    if before == after or not differ(workspace.root, before, after, FOLDERS):
        return ""
    try:
        one, other = (workspace.at(commit, remembered=False).fleet for commit in (before, after))
    except EdgeOpsError:
        return "it may have been written: the fleet at one of the commits is not known here"
    changed = device in changed_devices(one, other)
    return f"git changed it since {short_commit(before)}" if changed else ""
