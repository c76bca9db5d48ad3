"""The result of a sync as text, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from edgeops.apply.outcome import Outcome, Status
from edgeops.fleet.secrets import mask
from edgeops.report.documents import dump_json
from edgeops.report.markdown import code, code_list, first_fitting, hint_in_code
from edgeops.report.style import Line, Span, Style, bold, devices_with_reason, dim, green, render
from edgeops.report.words import count, duration

# Reasons, and device names for each; tried in this order until the text fits.
_MARKDOWN_DETAILS = ((100, 20), (30, 10), (10, 5), (5, 3))

_WORDS = {
    Status.APPLIED: "synced",
    Status.ACCESS: "given read access to artifacts",
    Status.FAILED: "failed",
    Status.CONFLICT: "changed by others during the sync",
    Status.REFUSED: "refused",
    Status.SKIPPED: "not started",
}
_GOOD = (Status.APPLIED, Status.ACCESS)
_STYLES = {Status.FAILED: Style.RED, Status.CONFLICT: Style.YELLOW, Status.REFUSED: Style.YELLOW}
_CONTINUE = "run the same command again: it writes only what is still missing"


@dataclass(frozen=True, slots=True)
class _Reason:
    """Devices with the same status for the same reason."""

    status: Status
    message: str
    hint: str
    devices: tuple[str, ...]


def text(outcomes: Sequence[Outcome], *, seconds: float | None = None, color: bool = False) -> str:
    """The devices that were not synced and why, then the counts; no newline at its end.

    `seconds` is the duration of the sync.
    """
    return render(_lines(outcomes, seconds), color)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """An object with a `summary` (devices by status) and one object per device in `devices`."""
    return dump_json(
        {
            "summary": {status.value: _number(outcomes, status) for status in Status},
            "devices": [
                asdict(outcome) | {"message": mask(outcome.message), "hint": mask(outcome.hint)}
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
    if seconds is not None:
        parts.append(f"in {duration(seconds)}")
    return ", ".join(parts)


def _number(outcomes: Sequence[Outcome], status: Status) -> int:
    return sum(outcome.status is status for outcome in outcomes)


def _reasons(outcomes: Sequence[Outcome]) -> list[_Reason]:
    """The devices that were not synced, by reason: all devices may fail for the same one."""
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
        title = Span(f"{_WORDS[reason.status]} ", _STYLES.get(reason.status, Style.DIM))
        yield from devices_with_reason(title, reason.devices, reason.message, reason.hint)
        yield []
    words = summary(outcomes, seconds)
    done = all(outcome.status in _GOOD for outcome in outcomes)
    yield [green(words) if done else bold(words)]
    if _number(outcomes, Status.SKIPPED):
        yield [dim(f"hint: {_CONTINUE}")]


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
        devices = code_list(reason.devices, names)
        why = f": {code(reason.message)}" if reason.message else ""
        yield f"- {_WORDS[reason.status]}: {devices}{why}{hint_in_code(reason.hint)}"
    if len(all_reasons) > reasons:
        yield f"- and {count(len(all_reasons) - reasons, 'more reason')}"
    if _number(outcomes, Status.SKIPPED):
        yield ""
        yield f"To continue, {_CONTINUE}."
