"""The decisions and changes for releases of models: as for other values, but JSON names slots."""

from __future__ import annotations

from edgeops.api.promotions import Promotion
from edgeops.promotion.change import ManifestChange
from edgeops.promotion.decide import Decision
from edgeops.report.documents import dump_json
from edgeops.report.promote_text import hint as hint
from edgeops.report.promote_text import json_of, reasons_of
from edgeops.report.promote_text import text as text


def as_json(promotion: Promotion) -> str:
    """An object with one object per slot in `decisions` and one per change in `changes`.

    Without decisions only the change: `file`, `group`, `slot`, `before` (or null), `after`.
    """
    changes = [_change(change) for change in promotion.changes]
    if promotion.decisions is None:
        return dump_json(changes[0])
    decisions = [_decision(decision) for decision in promotion.decisions]
    return dump_json({"decisions": decisions, "changes": changes})


def _change(change: ManifestChange) -> dict[str, object]:
    return {
        "file": change.file,
        "group": change.group,
        "slot": change.path[1],
        "before": json_of(change.before, change.path),
        "after": json_of(change.after, change.path),
    }


def _decision(decision: Decision) -> dict[str, object]:
    return {
        "slot": decision.rollout.path[1],
        "step": decision.step.value,
        "release": decision.rollout.value,
        **reasons_of(decision),
    }
