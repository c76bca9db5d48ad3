"""What was applied to a hub, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from edgeops.api.histories import HistoryEntry, HubHistory
from edgeops.commit import short_commit
from edgeops.fleet.secrets import mask
from edgeops.history import ApplyRecord, ApplyResult
from edgeops.history_document import scope_json
from edgeops.report.documents import dump_json
from edgeops.report.path_changes import Op
from edgeops.report.style import WIDTH, Line, Span, Style, bold, cut, dim, fitted, render
from edgeops.report.words import count, first_names

_WHO = 24
_LEFT = 5  # named devices that a complete sync left out
_STYLE = {
    ApplyResult.STARTED: Style.YELLOW,
    ApplyResult.APPLIED: Style.GREEN,
    ApplyResult.PARTLY: Style.RED,
    ApplyResult.REFUSED: Style.YELLOW,
    ApplyResult.INTERRUPTED: Style.YELLOW,
}
_DONE = {"create": Op.ADD, "change": Op.CHANGE, "delete": Op.REMOVE}
_NOT_DONE = {
    "failed": "failed",
    "conflict": "in conflict",
    "refused": "refused",
    "skipped": "not started",
    "waiting": "waiting",
}


def text(found: HubHistory, *, color: bool = False) -> str:
    """The applies as a table, the newest first, and the last complete one."""
    return render(_lines(found), color)


def as_json(found: HubHistory) -> str:
    """An object with the last `complete` apply and one object per apply in `applies`."""
    complete = found.complete
    return dump_json(
        {
            "fleet": found.fleet,
            "hub": found.hub,
            "device": found.device,
            "complete": complete
            and {
                "commit": complete.commit,
                "when": complete.when,
                "pruned": complete.pruned,
                "left": list(complete.left),
                "touchedSince": list(found.touched),
            },
            "applies": [_entry(entry) for entry in found.entries],
            "older": found.older,
            "whyNot": mask(found.why_not),
        }
    ).rstrip("\n")


def _entry(entry: HistoryEntry) -> dict[str, object]:
    record = entry.record
    return {
        "when": record.when,
        "commit": record.commit,
        "subject": mask(entry.subject),
        "who": mask(record.who),
        "run": mask(record.run),
        "scope": scope_json(record.scope),
        "outcome": record.result.value,
        "counts": dict(record.counts),
        "devices": None if record.devices is None else list(record.devices),
        "reason": entry.reason,
    }


def _lines(found: HubHistory) -> Iterator[Line]:
    if found.why_not:
        yield [bold("no history"), f": {found.why_not}"]
        return
    about = f"{found.device} on the hub {found.hub}" if found.device else f"the hub {found.hub}"
    if not found.entries:
        yield [f"no recorded sync concerns {about}"]
    else:
        last = "SUBJECT (WHY LISTED)" if found.device else "SUBJECT"
        titles = ["WHEN (UTC)", "COMMIT", "WHO", "SCOPE", "DEVICES", "OUTCOME", last]
        yield from fitted([[dim(title) for title in titles], *map(_row, found.entries)])
    if found.older:
        yield [dim(f"and {found.older:,} older: `-n {len(found.entries) + found.older}`")]
    yield []
    yield from _last_complete(found)


def _row(entry: HistoryEntry) -> Line:
    record = entry.record
    outcome = Span(record.result.value, _STYLE[record.result])
    if record.result is ApplyResult.STARTED:
        outcome = Span("started, no end", Style.YELLOW)
    return [
        _time(record.when),
        short_commit(record.commit),
        cut(_who(record), _WHO),
        _scope(record),
        _counts(record),
        outcome,
        f"{entry.subject} ({entry.reason})" if entry.reason else entry.subject,
    ]


def _who(record: ApplyRecord) -> str:
    who = record.who or "-"
    run = record.run.rpartition("/runs/")[2] if "/runs/" in record.run else ""
    return f"{who} (run {run})" if run else who


def _scope(record: ApplyRecord) -> str:
    scope = record.scope
    if scope.targets:
        names, more = first_names(scope.targets, 2)
        words = [", ".join([*names, *([more] if more else [])])]
    elif scope.limited:
        words = ["devices changed in git"]
    else:
        words = [f"since {short_commit(scope.since)}" if scope.since else "all"]
    words += ["prune"] * scope.prune + ["drift only"] * scope.drift_only
    return ", ".join(words)


def _counts(record: ApplyRecord) -> str:
    numbers = record.counts
    done = [f"{op}{numbers[name]:,}" for name, op in _DONE.items() if numbers.get(name)]
    words = [" ".join(done)] if done else []
    words += [f"{numbers[name]:,} {word}" for name, word in _NOT_DONE.items() if numbers.get(name)]
    return ", ".join(words) or "-"


def _last_complete(found: HubHistory) -> Iterator[Line]:
    complete = found.complete
    if complete is None:
        yield ["no complete sync is recorded: `sync --since-last` reads every device"]
        return
    when = _time(complete.when)
    yield [bold(f"last complete sync: {short_commit(complete.commit)}"), f" at {when} UTC"]
    if complete.left:
        names, more = first_names(complete.left, _LEFT)
        listed = ", ".join([*names, *([more] if more else [])])
        yield [cut(f"  without {count(len(complete.left), 'device')}: {listed}", WIDTH)]


def _time(when: str) -> str:
    return when.removesuffix("Z").replace("T", " ")
