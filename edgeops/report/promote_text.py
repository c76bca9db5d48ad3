"""What a promotion decided and changed: sentences, a unified diff, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import unified_diff

from edgeops.fleet.secrets import mask
from edgeops.plan.health import State
from edgeops.promotion.change import Change
from edgeops.promotion.decide import Decision, RingHealth, Step, UnhealthyDevice
from edgeops.report.documents import dump_json
from edgeops.report.style import Line, bold, columns, cyan, dim, green, red, render, yellow
from edgeops.report.words import count, duration

Texts = Mapping[str, tuple[str, str]]  # of each file: before, after


def text(decisions: Sequence[Decision], texts: Texts, *, color: bool = False) -> str:
    """What was decided for each slot and why, then the diff; no newline at its end."""
    lines = [line for decision in decisions for line in _decision(decision)]
    diff = list(_diff(texts))
    return render([*lines, *([[]] if lines and diff else []), *diff], color)


def change_json(change: Change) -> str:
    """One change as an object: `file`, `group`, `slot`, `before` (or null), `after`."""
    return dump_json(_change(change))


def as_json(decisions: Sequence[Decision], changes: Sequence[Change]) -> str:
    """An object with one object a slot in `decisions`, and one a change in `changes`."""
    return dump_json(
        {
            "decisions": [_object(decision) for decision in decisions],
            "changes": [_change(change) for change in changes],
        }
    )


def _change(change: Change) -> dict[str, str | None]:
    return {
        "file": change.file,
        "group": change.group,
        "slot": change.slot,
        "before": change.before,
        "after": change.after,
    }


def _object(decision: Decision) -> dict[str, object]:
    rollout, ring = decision.rollout, decision.ring
    return {
        "slot": rollout.slot,
        "step": decision.step.value,
        "release": rollout.release,
        "rings": [each.group for each in rollout.having],
        "ring": ring.ring.group if ring else None,
        "to": decision.to,
        "backTo": decision.back_to,
        "reasons": [
            {
                "device": one.device,
                "state": one.state.value,
                "reason": mask(one.text),
                "seconds": None if one.ran is None else int(one.ran.total_seconds()),
            }
            for one in (ring.unhealthy if ring else ())
        ],
    }


def _decision(decision: Decision) -> Iterator[Line]:
    rollout, ring = decision.rollout, decision.ring
    start: Line = [bold(rollout.slot), ": "]
    if ring is None:
        yield [*start, f"every ring has {rollout.release}"]
        return
    devices = count(len(ring.ring.devices), "device")
    soak = _hours(ring.ring.rollout.soak)
    if decision.step is Step.PROMOTE:
        why = f" after {devices} of {ring.ring.group} were healthy with it for {soak}"
        yield [*start, green(f"{decision.to} gets {rollout.release}"), why]
    elif decision.step is Step.DEGRADED:
        yield [*start, red(f"{rollout.release} is Degraded in {ring.ring.group}")]
        yield from _reasons(ring, soak)
    else:
        why = (
            f": {ring.needed} of {devices} in {ring.ring.group} must be healthy with it for {soak}"
        )
        if not ring.ring.devices:
            why = f": no device of {ring.ring.group} runs it because of that group"
        yield [*start, yellow(f"{decision.to} waits for {rollout.release}"), why]
        yield from _reasons(ring, soak)


def _reasons(ring: RingHealth, soak: str) -> Iterator[Line]:
    yield from columns([[f"  {one.device}", _why(one, soak)] for one in ring.unhealthy])


def _why(one: UnhealthyDevice, soak: str) -> str:
    if one.state is not State.CONVERGED:
        return f"{one.state.value}: {one.text}" if one.text else one.state.value
    if one.ran is None:
        return "Converged, but does not say since when"
    return f"Converged for {_hours(one.ran)} of {soak}"


def _hours(length: timedelta) -> str:
    return duration(length.total_seconds()) if length else "0 s"


def _diff(texts: Texts) -> Iterator[Line]:
    for file, (before, after) in sorted(texts.items()):
        pair = (before.splitlines(keepends=True), after.splitlines(keepends=True))
        for line in unified_diff(*pair, f"a/{file}", f"b/{file}"):
            yield _styled(line.rstrip("\r\n"))
            if not line.endswith(("\n", "\r")):
                yield [dim("\\ No newline at end of file")]


def _styled(line: str) -> Line:
    if line.startswith(("+++", "---")):
        return [bold(line)]
    styles = {"+": green, "-": red, "@": cyan}
    style = styles.get(line[:1])
    return [style(line) if style else line]
