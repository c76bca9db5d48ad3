"""The JSON form of a plan (`schemas/plan.schema.json`), to show, save and compare plans.

The secrets of a saved plan are masked, so it is never applied itself: the plan is made again from
git and the hub, and must do the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.schema import compile_schema
from edgeops.fleet.secrets import masked
from edgeops.jsonvalue import JsonObject, same
from edgeops.plan.counts import counts
from edgeops.plan.model import Blocked, Change, Paused, Plan, PlanOptions, Refusal
from edgeops.release import ModelRelease
from edgeops.secret_reference import in_words

API_VERSION = "edgeops/v1"
KIND = "Plan"

_SHOWN_DIFFERENCES = 5

# What identifies a write in a plan: device, action, module.
_Write = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """The parts of a saved plan needed to make it again; `writes` are its masked patches."""

    fleet: str
    hub: str
    commit: str | None
    digest: str
    options: PlanOptions
    writes: Mapping[_Write, JsonObject]
    access: tuple[str, ...]
    blocked: Blocked | None = None


def to_json(plan: Plan) -> JsonObject:
    """The plan as a JSON object, without secrets and without stamps."""
    options, counted = plan.options, counts(plan)
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "fleet": plan.fleet,
        "hub": plan.hub,
        "commit": plan.commit,
        "createdAt": plan.created_at,
        "digest": plan.digest,
        "options": {
            "targets": list(options.targets),
            "prune": options.prune,
            "create": options.create,
            "only": None if options.only is None else sorted(options.only),
            "driftOnly": options.drift_only,
        },
        "summary": {
            "create": counted.create,
            "change": counted.change,
            "delete": counted.delete,
            "refused": counted.refused,
            "inSync": counted.in_sync,
            "waiting": counted.waiting,
            "paused": counted.paused,
        },
        "seconds": plan.seconds,
        "access": list(plan.access),
        "uploads": [_upload(context) for context in plan.uploads],
        "changes": [_change(change) for change in plan.changes],
        "refusals": [_refusal(refusal) for refusal in plan.refusals],
        "waiting": list(plan.waiting),
        "paused": [_paused(paused) for paused in plan.paused],
        "blocked": plan.blocked and {"reason": plan.blocked.reason, "hint": plan.blocked.hint},
        "notCompared": [
            {"variable": secret.variable, "version": secret.version, "devices": devices}
            for secret, devices in plan.not_compared
        ],
        "notes": list(plan.notes),
    }


def read_saved(text: str, schema: Any) -> SavedPlan:
    """The plan saved in a text, valid against the `schema` of plans. Raises `EdgeOpsError`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _not_a_plan("it is not JSON") from None
    if not isinstance(value, dict) or value.get("kind") != KIND:
        raise _not_a_plan("it has no `kind: Plan`")
    if value.get("apiVersion") != API_VERSION:
        raise _not_a_plan(f"its apiVersion is not {API_VERSION}")
    for mismatch in compile_schema(schema).mismatches(value):
        raise _not_a_plan(f"{mismatch.pointer} {mismatch.message}")
    options, only = value["options"], value["options"]["only"]
    return SavedPlan(
        fleet=value["fleet"],
        hub=value["hub"],
        commit=value["commit"],
        digest=value["digest"],
        options=PlanOptions(
            targets=tuple(options["targets"]),
            prune=options["prune"],
            create=options["create"],
            only=None if only is None else frozenset(only),
            drift_only=options["driftOnly"],
        ),
        writes={(c["device"], c["action"], c["module"]): c["patch"] for c in value["changes"]},
        access=tuple(value["access"]),
        blocked=Blocked(**value["blocked"]) if value["blocked"] else None,
    )


def check_fresh(saved: SavedPlan, plan: Plan) -> None:
    """Raise `Refused` unless the saved plan may be written, and the one made now does the same."""
    if saved.blocked:
        raise Refused(f"the saved plan was refused: {saved.blocked.reason}", saved.blocked.hint)
    for word, then, now in (
        ("fleet", saved.fleet, plan.fleet),
        ("hub", saved.hub, plan.hub),
        ("commit", saved.commit, plan.commit),
    ):
        if then != now:
            raise Refused(f"the saved plan is for the {word} {then}, not {now}")
    now_writes = {_write(change): _without_secrets(change.patch) for change in plan.changes}
    differences = _differences(saved.writes, now_writes)
    if set(saved.access) != set(plan.access):
        differences.append("the artifact stores that devices may get read access to differ")
    if saved.digest == plan.digest and not differences:
        return
    differences = differences or ["a masked value has changed"]
    shown = "; ".join(differences[:_SHOWN_DIFFERENCES])
    more = len(differences) - _SHOWN_DIFFERENCES
    raise Refused(
        f"the saved plan is stale: {shown}" + (f"; and {more} more" if more > 0 else ""),
        "nothing was written; make a new plan with `edgeops sync --dry-run --out`",
    )


def _change(change: Change) -> JsonObject:
    return {
        "device": change.device,
        "module": change.module,
        "action": change.action.value,
        "reason": change.reason.value,
        "patch": _without_secrets(change.patch),
        "before": _without_secrets(change.before),
        "etag": change.etag,
        **({"movedTo": list(change.moved_to)} if change.moved_to else {}),
    }


def _upload(context: ModelRelease) -> JsonObject:
    (file,) = context.files
    return {
        "name": context.name,
        "version": context.version,
        "path": file.path,
        "size": file.size,
        "sha256": file.sha256,
    }


def _refusal(refusal: Refusal) -> JsonObject:
    value = {"device": refusal.device, "reason": refusal.reason, "hint": refusal.hint}
    if refusal.overlap is None:
        return {**value, "partly": True} if refusal.partly else value
    return {**value, **asdict(refusal.overlap)}


def _paused(paused: Paused) -> JsonObject:
    changes = [_change(change) for change in paused.changes]
    return {"device": paused.device, "changes": changes, "refused": paused.refused}


def _without_secrets(sections: Mapping[str, JsonObject]) -> Any:
    return in_words(masked(dict(sections)))


def _write(change: Change) -> _Write:
    return change.device, change.action.value, change.module


def _differences(then: Mapping[_Write, Any], now: Mapping[_Write, Any]) -> list[str]:
    differences = [f"{_words(write)} is no longer needed" for write in then if write not in now]
    differences += [f"{_words(write)} is needed now" for write in now if write not in then]
    differences += [
        f"{_words(write)} would write other values"
        for write in then
        if write in now and not same(then[write], now[write])
    ]
    return differences


def _words(write: _Write) -> str:
    device, action, module = write
    return f"{action} {device}" + (f"/{module}" if module else "")


def _not_a_plan(why: str) -> EdgeOpsError:
    return EdgeOpsError(
        f"this is not a saved plan: {why}", "save one with `edgeops sync --dry-run --out FILE`"
    )
