"""The decisions and changes of a promotion as sentences, a unified diff and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import unified_diff
from typing import Any

from edgeops.api.promotions import Promotion
from edgeops.fleet.layers import Path
from edgeops.fleet.secrets import mask, masked
from edgeops.health.device import HealthState
from edgeops.health.since import has_time
from edgeops.promotion.decide import Decision, Step, UnhealthyDevice
from edgeops.promotion.value import UNSET, is_slot
from edgeops.report.documents import dump_json
from edgeops.report.quality_words import (
    before_words,
    bound_words,
    quality_object,
    score_words,
    shortfall_object,
    shortfall_words,
)
from edgeops.report.style import Line, bold, columns, cyan, dim, green, red, render, yellow
from edgeops.report.words import count, duration, show, show_path, wrapped_names

_ALONE = 8  # devices with the same reason that have a line each
_LONGEST = 60  # characters of a value in a sentence


def text(promotion: Promotion, *, color: bool = False) -> str:
    """The decision for each value and its reason, then the diff; no newline at its end."""
    why = [decision_text(decision, color=color) for decision in promotion.decisions or ()]
    diff = [render(lines, color)] if (lines := list(_diff(promotion.texts))) else []
    return "\n".join([*why, *([""] if why and diff else []), *diff])


def decision_text(decision: Decision, *, color: bool = False) -> str:
    """The decision for a value and its reason, then the devices that are not healthy.

    Those that share their reason with many others are named together.
    """
    return render([_why(decision), *_by_reason(unhealthy(decision))], color)


def _by_reason(devices: Sequence[tuple[str, str]]) -> Iterator[Line]:
    many = {words for words, number in Counter(w for _, w in devices).items() if number > _ALONE}
    yield from columns([[f"  {device}", words] for device, words in devices if words not in many])
    for words in dict.fromkeys(words for _, words in devices if words in many):
        names = [device for device, same in devices if same == words]
        yield ["  ", bold(f"{len(names):,} devices"), f"   {words}"]
        yield from ([line] for line in wrapped_names(names, "    ", None))


def why(decision: Decision) -> str:
    """The decision for a value and its reason, in one sentence."""
    return render([_why(decision)], color=False)


def unhealthy(decision: Decision) -> list[tuple[str, str]]:
    """The devices that hold a value back or on which it is Degraded, each with its reason."""
    if decision.ring is None or decision.step is Step.PROMOTE:
        return []
    path, soak = decision.rollout.path, _hours(decision.ring.ring.rollout.soak)
    return [(device.device, _state(device, path, soak)) for device in decision.ring.unhealthy]


def name_of(path: Path) -> str:
    """A value by its path: `modules.opc.image`; a release by its slot alone."""
    return path[1] if is_slot(path) else show_path(path)


def words_of(value: Any, path: Path) -> str:
    """A value on one line, cut if it is long; a release as it is."""
    if value is UNSET:
        return "nothing"
    return str(value or "nothing") if is_slot(path) else show(value, path, _LONGEST)


def as_json(promotion: Promotion) -> str:
    """An object with one object per value in `decisions` and one per change in `changes`.

    Without decisions only `changes`: `file`, `group`, `path`, `before` (or null), `after`.
    """
    changes = [
        {
            "file": change.file,
            "group": change.group,
            "path": show_path(change.path),
            "before": json_of(change.before, change.path),
            "after": json_of(change.after, change.path),
        }
        for change in promotion.changes
    ]
    if promotion.decisions is None:
        return dump_json({"changes": changes})
    decisions = [
        {
            "path": show_path(decision.rollout.path),
            "step": decision.step.value,
            "value": json_of(decision.rollout.value, decision.rollout.path),
            **reasons_of(decision),
        }
        for decision in promotion.decisions
    ]
    return dump_json({"decisions": decisions, "changes": changes})


def json_of(value: Any, path: Path) -> Any:
    """A value for JSON, without secrets; null where there is none."""
    return None if value is UNSET else masked(value, path)


def reasons_of(decision: Decision) -> dict[str, object]:
    """The rings and devices of a decision for JSON."""
    rollout, ring = decision.rollout, decision.ring
    return {
        "rings": [ring.group for ring in rollout.having],
        "ring": ring.ring.group if ring else None,
        "to": decision.to,
        "backTo": json_of(decision.back_to, rollout.path),
        "reasons": [
            {
                "device": device.device,
                "state": device.state.value,
                "reason": mask(device.text),
                "seconds": None if device.ran is None else int(device.ran.total_seconds()),
                **({"quality": shortfall_object(device.shortfall)} if device.shortfall else {}),
            }
            for device in (ring.unhealthy if ring else ())
        ],
        **({"quality": quality_object(ring.quality)} if ring and ring.quality else {}),
    }


def hint(promotion: Promotion) -> str:
    """What to do when no ring gets a value; may be empty."""
    decisions = promotion.decisions or ()
    degraded = [decision for decision in decisions if decision.step is Step.DEGRADED]
    what = "release" if all(is_slot(decision.rollout.path) for decision in degraded) else "value"
    verb = "runs" if what == "release" else "has"
    if any(decision.back_to is not UNSET for decision in degraded):
        return f"use --revert-degraded to give the rings the {what} that a later ring still {verb}"
    if degraded:
        another = f"no later ring {verb} another {what}"
        return f"{another}: revert the commit that introduced this one"
    if any(not has_time(decision.rollout.path) for decision in decisions if decision.ring):
        return "no hub tells since when a device has a tag or a variable: use --to GROUP for these"
    return ""


def _why(decision: Decision) -> Line:
    rollout, ring = decision.rollout, decision.ring
    start: Line = [bold(name_of(rollout.path)), ": "]
    value = words_of(rollout.value, rollout.path)
    if ring is None:
        return [*start, f"every ring has {value}"]
    group, devices = ring.ring.group, count(len(ring.ring.devices), "device")
    soak = _hours(ring.ring.rollout.soak)
    quality = ring.quality
    if decision.step is Step.PROMOTE:
        after = f" after {devices} of {group} were healthy with it for {soak}"
        score = f"; {score_words(quality.score)}" if quality and quality.score else ""
        return [*start, green(f"{decision.to} gets {value}"), after + score]
    if decision.step is Step.DEGRADED:
        if quality and quality.is_worse and quality.before:
            worse = red(f"{value} is worse than the release before in {group}")
            return [*start, worse, f": {before_words(quality.before)}"]
        return [*start, red(f"{value} is Degraded in {group}")]
    missing = f": {ring.needed} of {devices} in {group} must be healthy with it for {soak}"
    missing += f", and {bound_words(quality.bound)}" if quality else ""
    if not ring.ring.devices:
        missing = f": no device runs it because of group {group}"
    return [*start, yellow(f"{decision.to} waits for {value}"), missing]


def _state(device: UnhealthyDevice, path: Path, soak: str) -> str:
    lack = device.shortfall
    if lack is not None and (lack.is_beyond or device.state is HealthState.CONVERGED):
        return f"{device.state.value}: {shortfall_words(lack)}"
    if device.state is not HealthState.CONVERGED:
        return f"{device.state.value}: {device.text}" if device.text else device.state.value
    if device.ran is not None:
        return f"Converged for {_hours(device.ran)} of {soak}"
    if has_time(path):
        return "Converged, but does not report since when"
    return "Converged, but no hub tells since when it has this value"


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
