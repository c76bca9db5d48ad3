"""Records a sync on its hub: before its first write, and at its end.

What a sync does, and its exit code, never depend on whether it can be recorded.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from edgeops import __version__
from edgeops.api.planned import Planned, apply_result
from edgeops.api.since_last import hub_words
from edgeops.api.workspace import Workspace, utc
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.apply.history import Edit, KeptHistory
    from edgeops.apply.outcome import Outcome
    from edgeops.fleet.model import DesiredFleet
    from edgeops.history import ApplyHistory, ApplyRecord, ApplyScope, CompleteApply
    from edgeops.hub.port import Hub
    from edgeops.plan.model import Plan

_MOST_NAME = 80


class Recording:
    """The record of one sync; `kept` is the history from before the devices were read."""

    def __init__(
        self, workspace: Workspace, hub: Hub, fleet: DesiredFleet, kept: KeptHistory
    ) -> None:
        self.kept = kept
        self._workspace, self._hub, self._fleet = workspace, hub, fleet
        self._begun: ApplyRecord | None = None
        self._marked = False

    @classmethod
    async def open(cls, workspace: Workspace, hub: Hub, fleet: DesiredFleet) -> Recording:
        """The recording of a sync that has not read any device yet."""
        return cls(workspace, hub, fleet, await read_kept(hub, fleet))

    async def begin(self, planned: Planned, devices: Collection[str]) -> None:
        """Record that these devices are about to be written."""
        from edgeops.history import begun

        record = self._begun = _record(self._workspace, planned, devices)
        if record is not None:
            self._marked = not await self._change(lambda history: begun(history, record))

    async def end(
        self,
        planned: Planned,
        outcomes: Sequence[Outcome],
        *,
        stopped: bool,
        downloading: Collection[str] = (),
    ) -> None:
        """Record the end; notes why if that cannot be done.

        A later sync has to look again at devices that are `downloading`: to renew their access.
        """
        from edgeops.history import ended, is_news

        names = {outcome.device for outcome in outcomes}
        record = self._begun or _record(self._workspace, planned, names)
        if record is None:
            return
        before, marked, complete = self.kept.history, self._marked, None
        if not self.kept.why_not:  # what ran at the same time is known
            hub = hub_words(self._workspace, self._fleet)
            now = self._workspace.clock.now()
            complete = _complete(planned, outcomes, hub, now, downloading)
        last = replace(
            record,
            result=apply_result(outcomes, stopped=stopped),
            counts=_counts(planned.plan, outcomes),
        )

        def edit(history: ApplyHistory) -> ApplyHistory:
            return ended(history, last, complete, before=before, marked=marked)

        if self._begun is None and not is_news(before, edit(before)):
            return  # nothing was written, and nothing new is known
        if why_not := await self._change(edit):
            self._workspace.observer.note(f"note: the history lacks this sync: {why_not}")
            if self._begun and not marked and before.complete:
                self._workspace.observer.note(
                    "note: `sync --since-last` may overlook what was written: sync once without it"
                )

    async def _change(self, edit: Edit) -> str:
        from edgeops.apply.history import change_history

        return await change_history(self._hub, self._fleet.name, self._fleet.uid, edit)


async def read_kept(hub: Hub, fleet: DesiredFleet) -> KeptHistory:
    """The history on the hub, or why it cannot be read."""
    from edgeops.apply.history import KeptHistory, read_history

    try:
        return await read_history(hub, fleet.name, fleet.uid)
    except EdgeOpsError as error:
        return KeptHistory(why_not=f"it cannot be read: {error.message}")


async def record_let_go(
    workspace: Workspace, hub: Hub, fleet: DesiredFleet, devices: Collection[str]
) -> None:
    """Have `--since-last` look at these devices again if git gets them back."""
    from edgeops.apply.history import change_history
    from edgeops.history import let_go

    kept = await read_kept(hub, fleet)
    if kept.why_not or kept.history.complete is None:
        return
    names = sorted(devices)
    why_not = await change_history(
        hub, fleet.name, fleet.uid, lambda history: let_go(history, names)
    )
    if why_not:
        workspace.observer.note(f"note: the history lacks what was forgotten: {why_not}")


def _record(workspace: Workspace, planned: Planned, devices: Collection[str]) -> ApplyRecord | None:
    """The record of a sync that begins; None if what it writes is not a commit."""
    from edgeops.history import MOST_DEVICES, ApplyRecord, record_id

    commit = planned.plan.commit
    if commit is None:
        return None
    now = workspace.clock.now()
    who, run = _who(workspace)
    return ApplyRecord(
        id=record_id(now, secrets.token_hex(4)),
        commit=commit,
        when=utc(now),
        who=who,
        run=run,
        scope=_scope(planned),
        devices=tuple(sorted(devices)) if len(devices) <= MOST_DEVICES else None,
    )


def _who(workspace: Workspace) -> tuple[str, str]:
    """Who runs this, and the URL of the run on GitHub; never an e-mail address."""
    from edgeops.github.workflow import who_runs
    from edgeops.history_document import plain_text
    from edgeops.source.commits import user_name

    environ = workspace.environ
    who, run = who_runs(environ) or (
        user_name(workspace.root) or environ.get("USER") or environ.get("LOGNAME") or "",
        "",
    )
    return plain_text(who.partition("@")[0], _MOST_NAME), plain_text(run)


def _scope(planned: Planned) -> ApplyScope:
    from edgeops.history import MOST_TARGETS, ApplyScope
    from edgeops.history_document import plain_text

    options, since = planned.plan.options, planned.since_last
    return ApplyScope(
        targets=tuple(plain_text(target) for target in options.targets[:MOST_TARGETS]),
        prune=options.prune,
        drift_only=options.drift_only,
        limited=options.only is not None and since is None,
        since=since.commit if since else None,
    )


def _counts(plan: Plan, outcomes: Sequence[Outcome]) -> Mapping[str, int]:
    """The numbers of devices that were to be changed, by kind, and of outcomes; without zeros."""
    from edgeops.plan.counts import counts

    planned = counts(plan)
    numbers = {
        "create": planned.create,
        "change": planned.change,
        "delete": planned.delete,
        "waiting": planned.waiting,
        **Counter(outcome.status.value for outcome in outcomes),
    }
    return {name: number for name, number in numbers.items() if number}


def _complete(
    planned: Planned,
    outcomes: Sequence[Outcome],
    hub: str,
    now: datetime,
    downloading: Collection[str],
) -> CompleteApply | None:
    """What is known of all devices after a sync; None if it did not cover them all."""
    from edgeops.apply.outcome import Status
    from edgeops.history import CompleteApply

    plan, since = planned.plan, planned.since_last
    if plan.commit is None or not _scope(planned).is_whole:
        return None
    left = {o.device for o in outcomes if o.status not in (Status.APPLIED, Status.ACCESS)}
    left |= {refusal.device for refusal in plan.refusals}
    left |= {paused.device for paused in plan.paused}
    left |= {name.partition("/")[0] for name in plan.waiting}  # modules are `device/module`
    if absent := plan.absent:  # seldom; it takes a look at every device
        devices = planned.fleet.devices.values()
        left |= {device.name for device in devices if device.parent in absent}
    left |= set(downloading)
    dropped = since is None or not since.pruned or since.drops
    return CompleteApply(
        commit=plan.commit,
        when=utc(now),
        hub=hub,
        version=__version__,
        pruned=(plan.options.prune and (since is None or since.pruned)) or not dropped,
        left=tuple(sorted(left)),
    )
