"""The decisions and changes of a promotion as sentences, a unified diff and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from difflib import unified_diff

from edgeops.api.promotions import Promotion
from edgeops.fleet.secrets import mask
from edgeops.health.device import HealthState
from edgeops.promotion.decide import Decision, Step, UnhealthyDevice
from edgeops.report.documents import dump_json
from edgeops.report.style import Line, bold, columns, cyan, dim, green, red, render, yellow
from edgeops.report.words import count, duration


def text(promotion: Promotion, *, color: bool = False) -> str:
    """The decision for each slot and its reason, then the diff; no newline at its end."""
    why = [decision_text(decision, color=color) for decision in promotion.decisions or ()]
    diff = [render(lines, color)] if (lines := list(_diff(promotion.texts))) else []
    return "\n".join([*why, *([""] if why and diff else []), *diff])


def decision_text(decision: Decision, *, color: bool = False) -> str:
    """The decision for a slot and its reason, then one line per device that is not healthy."""
    devices = columns([[f"  {device}", words] for device, words in unhealthy(decision)])
    return render([_why(decision), *devices], color)


def why(decision: Decision) -> str:
    """The decision for a slot and its reason, in one sentence."""
    return render([_why(decision)], color=False)


def unhealthy(decision: Decision) -> list[tuple[str, str]]:
    """The devices that hold a release back or on which it is Degraded, each with its reason."""
    if decision.ring is None or decision.step is Step.PROMOTE:
        return []
    soak = _hours(decision.ring.ring.rollout.soak)
    return [(device.device, _state(device, soak)) for device in decision.ring.unhealthy]


def as_json(promotion: Promotion) -> str:
    """An object with one object per slot in `decisions` and one per change in `changes`.

    Without decisions only the change: `file`, `group`, `slot`, `before` (or null), `after`.
    """
    changes = [asdict(change) for change in promotion.changes]
    if promotion.decisions is None:
        return dump_json(changes[0])
    decisions = [_object(decision) for decision in promotion.decisions]
    return dump_json({"decisions": decisions, "changes": changes})


def hint(promotion: Promotion) -> str:
    """What to do when no ring gets a release; may be empty."""
    degraded = [d for d in promotion.decisions or () if d.step is Step.DEGRADED]
    if any(decision.back_to for decision in degraded):
        return "use --revert-degraded to give the rings the release that a later ring still runs"
    revert = "no later ring runs another release: revert the commit that introduced this one"
    return revert if degraded else ""


def _object(decision: Decision) -> dict[str, object]:
    rollout, ring = decision.rollout, decision.ring
    return {
        "slot": rollout.slot,
        "step": decision.step.value,
        "release": rollout.release,
        "rings": [ring.group for ring in rollout.having],
        "ring": ring.ring.group if ring else None,
        "to": decision.to,
        "backTo": decision.back_to,
        "reasons": [
            {
                "device": device.device,
                "state": device.state.value,
                "reason": mask(device.text),
                "seconds": None if device.ran is None else int(device.ran.total_seconds()),
            }
            for device in (ring.unhealthy if ring else ())
        ],
    }


def _why(decision: Decision) -> Line:
    rollout, ring = decision.rollout, decision.ring
    start: Line = [bold(rollout.slot), ": "]
    if ring is None:
        return [*start, f"every ring has {rollout.release}"]
    group, devices = ring.ring.group, count(len(ring.ring.devices), "device")
    soak = _hours(ring.ring.rollout.soak)
    if decision.step is Step.PROMOTE:
        after = f" after {devices} of {group} were healthy with it for {soak}"
        return [*start, green(f"{decision.to} gets {rollout.release}"), after]
    if decision.step is Step.DEGRADED:
        return [*start, red(f"{rollout.release} is Degraded in {group}")]
    missing = f": {ring.needed} of {devices} in {group} must be healthy with it for {soak}"
    if not ring.ring.devices:
        missing = f": no device runs it because of group {group}"
    return [*start, yellow(f"{decision.to} waits for {rollout.release}"), missing]


def _state(device: UnhealthyDevice, soak: str) -> str:
    if device.state is not HealthState.CONVERGED:
        return f"{device.state.value}: {device.text}" if device.text else device.state.value
    if device.ran is None:
        return "Converged, but does not report since when"
    return f"Converged for {_hours(device.ran)} of {soak}"


def _hours(length: timedelta) -> str:
    return duration(length.total_seconds()) if length else "0 s"


def _diff(texts: Mapping[str, tuple[str, str]]) -> Iterator[Line]:
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
