"""The result of a sync as text, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeops.apply.outcome import Outcome, Status
from edgeops.fleet.secrets import mask
from edgeops.report.documents import dump_json
from edgeops.report.markdown import code, first_fitting
from edgeops.report.style import Line, Span, Style, bold, dim, green, render
from edgeops.report.words import count, duration, first_names, wrapped_names

_NAMES = 24
_MARKDOWN_DETAILS = ((100, 20), (30, 10), (10, 5), (5, 3))  # reasons, names for each

_WORDS = {
    Status.APPLIED: "synced",
    Status.ACCESS: "given read access to artifacts",
    Status.FAILED: "failed",
    Status.CONFLICT: "changed by others meanwhile",
    Status.REFUSED: "refused",
    Status.SKIPPED: "not started",
}
_GOOD = (Status.APPLIED, Status.ACCESS)
_STYLES = {Status.FAILED: Style.RED, Status.CONFLICT: Style.YELLOW, Status.REFUSED: Style.YELLOW}
_GO_ON = "run the same command again: it writes only what is still missing"


@dataclass(frozen=True, slots=True)
class _Reason:
    """Devices that ended the same way for the same reason."""

    status: Status
    message: str
    hint: str
    devices: tuple[str, ...]


def text(outcomes: Sequence[Outcome], *, seconds: float | None = None, color: bool = False) -> str:
    """What was not done and why, then the counts; no newline at its end.

    `seconds` is how long it took.
    """
    return render(_lines(outcomes, seconds), color)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """An object with a `summary` (devices by status) and one object a device in `devices`."""
    return dump_json(
        {
            "summary": {status.value: _number(outcomes, status) for status in Status},
            "devices": [
                {
                    "device": outcome.device,
                    "status": outcome.status.value,
                    "written": outcome.written,
                    "message": mask(outcome.message),
                    "hint": mask(outcome.hint),
                }
                for outcome in sorted(outcomes, key=lambda outcome: outcome.device)
            ],
        }
    ).rstrip("\n")


def markdown(outcomes: Sequence[Outcome], *, seconds: float | None = None) -> str:
    """The result for a comment or a job summary, always below 65,536 characters."""
    return first_fitting(
        "\n".join(_markdown(outcomes, seconds, reasons, names))
        for reasons, names in _MARKDOWN_DETAILS
    )


def summary(outcomes: Sequence[Outcome], seconds: float | None = None) -> str:
    """The counts, as `20 devices synced (54 writes), 2 failed, in 14 s`."""
    if not outcomes:
        return "nothing to do"
    numbers = {status: _number(outcomes, status) for status in Status}
    changed = [outcome for outcome in outcomes if outcome.status is not Status.ACCESS]
    parts = []
    if changed:
        written = count(sum(outcome.written for outcome in changed), "write")
        synced = count(numbers.pop(Status.APPLIED), "device")
        parts.append(f"{synced} {_WORDS[Status.APPLIED]} ({written})")
    for status, number in numbers.items():
        if number:
            what = f"{number:,}" if parts else count(number, "device")
            parts.append(f"{what} {_WORDS[status]}")
    took = [] if seconds is None else [f"in {duration(seconds)}"]
    return ", ".join(parts + took)


def _number(outcomes: Sequence[Outcome], status: Status) -> int:
    return sum(outcome.status is status for outcome in outcomes)


def _reasons(outcomes: Sequence[Outcome]) -> list[_Reason]:
    """Everything that was not done, by reason: a whole hub may fail for one."""
    devices_by_reason: dict[tuple[Status, str, str], list[str]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.device):
        if outcome.status in _GOOD:
            continue
        partly = f" (after {count(outcome.written, 'write')})" if outcome.written else ""
        key = (outcome.status, mask(outcome.message), mask(outcome.hint))
        devices_by_reason.setdefault(key, []).append(outcome.device + partly)
    order = list(Status)
    reasons = [_Reason(*key, tuple(devices)) for key, devices in devices_by_reason.items()]
    return sorted(reasons, key=lambda r: (order.index(r.status), -len(r.devices), r.devices))


def _lines(outcomes: Sequence[Outcome], seconds: float | None) -> Iterator[Line]:
    for reason in _reasons(outcomes):
        single = len(reason.devices) == 1
        what = reason.devices[0] if single else f"{len(reason.devices):,} devices"
        why = f": {reason.message}" if reason.message else ""
        title = Span(f"{_WORDS[reason.status]} ", _STYLES.get(reason.status, Style.DIM))
        yield [title, bold(what), why]
        if not single:
            for line in wrapped_names(reason.devices, "    ", _NAMES):
                yield [line]
        if reason.hint:
            yield ["    ", dim(f"hint: {reason.hint}")]
        yield []
    words = summary(outcomes, seconds)
    done = all(outcome.status in _GOOD for outcome in outcomes)
    yield [green(words) if done else bold(words)]
    if _number(outcomes, Status.SKIPPED):
        yield [dim(f"hint: {_GO_ON}")]


def _markdown(
    outcomes: Sequence[Outcome], seconds: float | None, reasons: int, names: int
) -> Iterator[str]:
    yield "### edgeops sync"
    yield ""
    yield f"**{summary(outcomes, seconds)}**"
    all_reasons = _reasons(outcomes)
    if all_reasons:
        yield ""
    for reason in all_reasons[:reasons]:
        first, more = first_names(reason.devices, names)
        devices = ", ".join([*map(code, first), *([more] if more else [])])
        why = f": {code(reason.message)}" if reason.message else ""
        hint = f" (hint: {code(reason.hint)})" if reason.hint else ""
        yield f"- {_WORDS[reason.status]}: {devices}{why}{hint}"
    if len(all_reasons) > reasons:
        yield f"- and {count(len(all_reasons) - reasons, 'more reason')}"
    if _number(outcomes, Status.SKIPPED):
        yield ""
        yield f"To go on, {_GO_ON}."
