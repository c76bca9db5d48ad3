"""The identity of a device, compared with what git says of it.

A change never needs keys: the hub generates them, and a hub writes back those that a device has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from edgeops.fleet.model import DesiredDevice
from edgeops.jsonvalue import JsonObject
from edgeops.plan.model import Action, Change, Refusal
from edgeops.twin import Twin

IDENTITY = "identity"  # the section of a patch that describes the identity of a device
SAS, SELF_SIGNED = "sas", "selfSigned"


def new_identity(device: DesiredDevice) -> JsonObject:
    """The identity of a device that is created."""
    authentication = {"authentication": SAS, **device.identity}
    return {key: value for key, value in authentication.items() if value} | {"edge": device.edge}


def new_twin(device: DesiredDevice) -> Twin:
    """The twin of a device that was just created."""
    return with_identity(Twin(device.name, edge=device.edge), new_identity(device))


def without_parent_among(waiting: Collection[str], device: DesiredDevice) -> DesiredDevice:
    """The device; without its parent, if that one is not on the hub yet."""
    return replace(device, parent=None) if device.parent in waiting else device


def identity_patch(twin: Twin, device: DesiredDevice) -> JsonObject:
    """What git says of an identity and the hub says otherwise."""
    live = {"parent": "", **identity_of(twin)}
    thumbprints = {
        name: value
        for name, value in device.thumbprints.items()
        if value != twin.thumbprints.get(name, "").upper()
    }
    patch = {
        key: thumbprints if key == "thumbprints" else value
        for key, value in device.identity.items()
        if value != live.get(key)
    }
    return {key: value for key, value in patch.items() if value != {}}


def identity_of(twin: Twin) -> JsonObject:
    """What a twin shows of the identity of its device, as `DesiredDevice.identity`."""
    shown: JsonObject = {"authentication": twin.authentication, "status": twin.status}
    if twin.thumbprints:
        shown["thumbprints"] = dict(twin.thumbprints)
    if twin.parent:
        shown["parent"] = twin.parent
    return shown


def with_identity(twin: Twin, patch: JsonObject) -> Twin:
    """The twin after a patch of the identity."""
    thumbprints = dict(twin.thumbprints)
    if "authentication" in patch:
        thumbprints = {}
    return replace(
        twin,
        authentication=patch.get("authentication", twin.authentication),
        thumbprints=thumbprints | patch.get("thumbprints", {}),
        status=patch.get("status", twin.status),
        parent=patch.get("parent", twin.parent),
    )


def identity_refusal(device: DesiredDevice, live: str | None) -> Refusal | None:
    """Why the authentication of git cannot be had; `live` is that on the hub, None for none."""
    if device.authentication == SELF_SIGNED != live and not device.thumbprints:
        return Refusal(
            device.name,
            "has no thumbprints in git, which selfSigned authentication needs",
            "write `authentication: {type: selfSigned, primaryThumbprint: ...}`",
        )
    return None


def consequences(change: Change) -> Iterator[str]:
    """What a change of the identity means for the connection of its device."""
    if change.action is not Action.UPDATE_IDENTITY:
        return
    patch, before = change.patch.get(IDENTITY, {}), change.before.get(IDENTITY, {})
    authentication = patch.get("authentication")
    if authentication == SAS:
        yield "the hub generates keys: the device cannot connect until it has one of them"
    elif authentication:
        lost = "its keys are deleted: " if before.get("authentication") == SAS else ""
        yield f"{lost}the device can connect only with its certificate"
    elif "thumbprints" in patch:
        yield "a certificate with a thumbprint that is replaced can no longer connect"
    if patch.get("status") == "disabled":
        yield "the hub disconnects the device, and refuses it until it is enabled"
