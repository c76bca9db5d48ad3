"""How a module that uses a model says whether it can: its word counts for the health of devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeops.fleet.finding import Finding
from edgeops.fleet.image import last_part
from edgeops.fleet.layers import FROM, HEALTH
from edgeops.fleet.model import HealthCheck
from edgeops.jsonvalue import JsonObject, keys_of

FORECASTER_IMAGE = "edgeops-forecaster"

# What a forecaster reports (schemas/modules/forecaster.reported.schema.json). Warming is good: the
# model runs, and waits for observations. An error names the model that has it, for an older one can
# be in use meanwhile.
_FORECASTER: JsonObject = {
    "path": "/model/state",
    "good": ["Ready", "Warming"],
    "digest": ["/model/error/sha256", "/model/sha256"],
}


def health_check(spec: JsonObject, desired: JsonObject) -> HealthCheck | None:
    """The health check of a module; None if it has none, or not enough of one.

    A module with the image of our forecaster has one by itself; `health` is merged over that, and
    `null` removes it.
    """
    said = _said(spec, desired)
    if said is None or not {"path", "good"} <= said.keys():
        return None
    digest = said.get("digest", [])
    pointers = digest if isinstance(digest, list) else [digest]
    paths = tuple(keys_of(path) for path in pointers)
    return HealthCheck(keys_of(said["path"]), tuple(said["good"]), paths, said.get("slot"))


def _said(spec: JsonObject, desired: JsonObject) -> JsonObject | None:
    said: JsonObject | None = spec.get(HEALTH, {})
    if said is None:
        return None
    if last_part(spec.get("image") or "") != FORECASTER_IMAGE:
        return said
    slot = desired.get("model")
    without_model = ""  # not a slot: it is not asked
    return {**_FORECASTER, "slot": slot if isinstance(slot, str) else without_model, **said}


def health_findings(
    name: str, spec: JsonObject, desired: JsonObject, slots: Mapping[str, object]
) -> Iterator[Finding]:
    """What is wrong with the `health` of a module on a device that has models in these slots."""
    said = spec.get(HEALTH)
    if said is None:
        return
    if health_check(spec, desired) is None:
        missing = " and ".join(f"`{key}`" for key in ("path", "good") if key not in said)
        yield Finding(
            ("modules", name, HEALTH),
            f"`health` of `{name}` needs {missing}",
            f"set it in the Module `{spec.get(FROM, name)}`,"
            " as in `health: {path: /state, good: [ok]}`",
            absence=True,
        )
    slot = said.get("slot")
    if slot is not None and slots and slot not in slots:
        yield Finding(
            ("modules", name, HEALTH, "slot"),
            f"`health` of `{name}` is about the slot `{slot}`, where the device has no model",
            f"name one of its slots ({', '.join(sorted(slots))}), or none",
            warning=True,
        )
