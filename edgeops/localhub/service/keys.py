"""New symmetric keys for devices and modules: `POST /devices/keys/regenerate`.

Source: the API description in the azure-iot extension of az, whose
`device-identity renew-key` and `module-identity renew-key` send 100 names in one
request. Devices that are connected stay connected, as after other changes of keys.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.batch import run_each
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.service.links import Name
from edgeops.localhub.state import errors, identities
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import require_object
from edgeops.localhub.state.spelling import spelled_as
from edgeops.localhub.steps import Steps

MAX_NAMES = 100
_POLICY_KEYS = ("primaryKey", "secondaryKey", "both")


def regenerate_keys(hub: EmulatedHub, body: Any) -> Steps[tuple[JsonObject, int]]:
    """Make new keys for each device or module; gives the response and its HTTP status.

    Of each that has new keys, the response says the new ones only. Raises
    `HubFault` 400, 413.
    """
    policy_key = spelled_as(_POLICY_KEYS, require_object(body).get("policyKey"))
    if policy_key is None:
        message = f"'policyKey' must be one of {', '.join(_POLICY_KEYS)}."
        raise HubFault(400, "InvalidPolicyKey", message)
    names = _names(body.get("devices"))
    outcomes = yield from run_each(hub, names, partial(_regenerate, policy_key))
    failures: list[JsonObject] = []
    rotated: list[JsonObject] = []
    for (device, module), outcome in zip(names, outcomes, strict=True):
        name = {"id": device, "moduleId": module or None}
        if isinstance(outcome, HubFault):
            failures.append(name | {"errorCode": outcome.code, "errorStatus": outcome.message})
        else:
            rotated.append(name | outcome)
    status = 200 if not failures else 207 if rotated else 400
    return {"policyKey": policy_key, "rotatedKeys": rotated, "errors": failures}, status


def _names(value: Any) -> list[Name]:
    if not isinstance(value, list) or not value:
        raise errors.invalid("'devices' must be a list of devices and modules.")
    if len(value) > MAX_NAMES:
        raise errors.too_many_devices(MAX_NAMES)
    names: dict[Name, None] = {}
    for item in value:
        device, module = (
            (item.get("id"), item.get("moduleId")) if isinstance(item, dict) else (0, 0)
        )
        if not isinstance(device, str) or not isinstance(module, str | None):
            raise errors.invalid("Each device must have an 'id', each module a 'moduleId' too.")
        names[device, module or ""] = None
    if len(names) < len(value):
        message = "A device or module may be given only once."
        raise HubFault(400, "DeviceDefinedMultipleTimes", message)
    return list(names)


def _regenerate(policy_key: str, transaction: Transaction, name: Name) -> JsonObject:
    """Make and save new keys; gives them, with null for a key that stays."""
    primary, secondary = policy_key != "secondaryKey", policy_key != "primaryKey"
    entry = identities.keys_regenerated(
        transaction.hub.entry(*name), transaction.moment, primary=primary, secondary=secondary
    )
    transaction.save(entry)
    keys = entry.identity.authentication
    return {
        "primaryKey": keys.primary_key if primary else None,
        "secondaryKey": keys.secondary_key if secondary else None,
    }
