"""The history of a fleet on its hub: a record of each apply, and the last complete one.

The hub holds it in the desired properties of one disabled device identity, so that nothing but git
and the hub has state. What was read from there is foreign: `decode` takes what is well-formed.

`touched` are the commits of which something may have been written since the complete apply: a
device that git changed neither between these and now, nor since the complete apply, needs no look.
An apply is therefore recorded before its first write, and a complete one forgets only those
commits that no apply wrote at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

MOST_DEVICES = 20  # named in a record
MOST_TARGETS = 10
MOST_LEFT = 200
MOST_LEFT_CHARACTERS = 8_000
MOST_TOUCHED = 32
_ABANDONED = timedelta(hours=24)  # far longer than an apply takes


class ApplyResult(StrEnum):
    """How an apply ended; STARTED: it did not end yet, or was killed."""

    STARTED = "started"
    APPLIED = "applied"
    PARTLY = "partly applied"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class ApplyScope:
    """What an apply covered: every device, unless something is said here.

    `targets` are the first of them, `limited` says that it was limited to some devices otherwise;
    `since` is the complete commit from which `--since-last` began.
    """

    targets: tuple[str, ...] = ()
    prune: bool = False
    drift_only: bool = False
    limited: bool = False
    since: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every device was covered; with `since`, by what was known of the others."""
        return not (self.targets or self.drift_only or self.limited)


@dataclass(frozen=True, slots=True)
class ApplyRecord:
    """One apply: `who` ran it, `run` is the URL of a workflow run; times are UTC, ISO 8601.

    `counts` has the numbers of devices by what was to be done and by outcome. `devices` are those
    it wrote or refused, if they are few.
    """

    id: str
    commit: str
    when: str
    who: str = ""
    run: str = ""
    scope: ApplyScope = field(default_factory=ApplyScope)
    result: ApplyResult = ApplyResult.STARTED
    counts: Mapping[str, int] = field(default_factory=dict)
    devices: tuple[str, ...] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether its end was recorded."""
        return self.result is not ApplyResult.STARTED


@dataclass(frozen=True, slots=True)
class CompleteApply:
    """The last apply after which every device was as its commit says, but those `left`.

    `pruned`: also no device was left that git no longer had. It holds for one `hub`, as this
    `version` of edgeops plans.
    """

    commit: str
    when: str
    hub: str
    version: str
    pruned: bool = False
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyHistory:
    """The history of a fleet; the records are in the order of their ids, the oldest first."""

    uid: str | None = None
    complete: CompleteApply | None = None
    touched: tuple[str, ...] = ()
    records: tuple[ApplyRecord, ...] = ()

    def of_repository(self, uid: str | None) -> bool:
        """Whether it is that of the repository whose Fleet has this uid; one without gets it."""
        return self.uid is None or self.uid == uid


def record_id(when: datetime, random: str) -> str:
    """The id of an apply; in the order of time."""
    return f"{when:%Y%m%dT%H%M%S%fZ}-{random}"


def begun(history: ApplyHistory, record: ApplyRecord) -> ApplyHistory:
    """The history when an apply is about to write."""
    return _touching(_with(history, record), record.commit)


def ended(
    history: ApplyHistory,
    record: ApplyRecord,
    complete: CompleteApply | None,
    *,
    before: ApplyHistory,
    marked: bool,
) -> ApplyHistory:
    """The history when an apply has ended; `complete` if it left every device as its commit says.

    `before` is the history as it was before the devices were read, `marked` says that the beginning
    was recorded.
    """
    lost = marked and all(other.id != record.id for other in history.records)
    added = _with(history, record)
    if complete is not None:
        complete = _with_known(complete, before, history)
    if complete is None or lost or not _are_few(complete.left):
        return _touching(added, record.commit)
    done_before = {other.id for other in before.records if other.has_ended}
    meanwhile = [
        other.commit
        for other in history.records
        if other.id != record.id
        and other.id not in done_before
        and not _is_abandoned(other, record.when)
    ]
    return _bounded(replace(added, complete=complete, touched=_unique(meanwhile)))


def let_go(history: ApplyHistory, devices: Sequence[str]) -> ApplyHistory:
    """The history when devices lose their stamps: an apply has to look at them again."""
    if history.complete is None:
        return history
    left = _unique((*history.complete.left, *devices))
    if not _are_few(left):
        return replace(history, complete=None, touched=())
    return replace(history, complete=replace(history.complete, left=left))


def _with_known(
    complete: CompleteApply, before: ApplyHistory, history: ApplyHistory
) -> CompleteApply:
    """A complete apply, with what is known from those before it and at the same time."""
    known, other = before.complete, history.complete
    # What was left may have modules that were not deleted.
    whole = known is not None and not known.left and not before.touched
    if known is not None and whole and known.commit == complete.commit:
        complete = replace(complete, pruned=complete.pruned or known.pruned)
    if other is not None and other != known:
        complete = replace(complete, left=_unique((*complete.left, *other.left)))
    return complete


def is_news(before: ApplyHistory, after: ApplyHistory) -> bool:
    """Whether more is known of the devices than before, apart from records."""
    known, now = before.complete, after.complete
    if now is not None and known is not None:
        now = replace(now, when=known.when)
    return now != known or set(after.touched) != set(before.touched)


def _are_few(left: Sequence[str]) -> bool:
    return len(left) <= MOST_LEFT and sum(map(len, left)) <= MOST_LEFT_CHARACTERS


def _touching(history: ApplyHistory, commit: str) -> ApplyHistory:
    if history.complete is None or history.complete.commit == commit:
        return history
    return _bounded(replace(history, touched=_unique((*history.touched, commit))))


def _bounded(history: ApplyHistory) -> ApplyHistory:
    """The history; without a complete apply where too much happened since."""
    if len(history.touched) <= MOST_TOUCHED:
        return history
    return replace(history, complete=None, touched=())


def _with(history: ApplyHistory, record: ApplyRecord) -> ApplyHistory:
    others = (other for other in history.records if other.id != record.id)
    return replace(history, records=tuple(sorted((*others, record), key=lambda each: each.id)))


def _is_abandoned(record: ApplyRecord, now: str) -> bool:
    """Whether an apply was killed: it began long ago and has not ended."""
    if record.has_ended:
        return False
    return datetime.fromisoformat(record.when) < datetime.fromisoformat(now) - _ABANDONED


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
