"""Devices and modules of the local hub by hand, without a fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from edgeops.api.hubs import connection_string, refuse_empty
from edgeops.api.session import local_hub
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.jsonvalue import JsonObject

_SECONDS = 30
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class HubIdentity:
    """A device (`module` is empty) or module of the local hub."""

    device: str
    module: str
    status: str  # of the device: `enabled` or `disabled`
    edge: bool  # whether the device is an IoT Edge device
    connected: bool


def create_device(
    workspace: Workspace,
    device: str,
    *,
    module: str | None = None,
    edge: bool = False,
    status: str = "enabled",
) -> str:
    """Create a device, or a module of one that exists; gives its connection string: a secret.

    Raises `UsageError` for an empty name, and options that a module does not have, and
    `EdgeOpsError` if the hub refuses, such as for a name that is taken.
    """
    refuse_empty(device, module)
    body: JsonObject = {"deviceId": device}
    if module:
        if edge or status != "enabled":
            raise UsageError("--edge and --status are for devices, not for modules")
        body["moduleId"] = module
    else:
        body |= {"status": status, "capabilities": {"iotEdge": edge}}
    with local_hub(workspace):
        _ask(workspace, "PUT", device, module, body)
        return connection_string(workspace, device=device, module=module)


def delete_device(workspace: Workspace, device: str, *, module: str | None = None) -> None:
    """Delete a device with its modules, or one module; its connection ends.

    Raises `UsageError` for an empty name, and `EdgeOpsError` if it does not exist.
    """
    refuse_empty(device, module)
    with local_hub(workspace):
        _ask(workspace, "DELETE", device, module, None)


def list_devices(workspace: Workspace) -> list[HubIdentity]:
    """All devices, each followed by its modules, in the order of their ids."""
    from edgeops.localhub.access import entries

    found = list(entries(workspace.hub_dir))
    owners = {one.identity.device: one.identity for one in found if not one.identity.module}
    return [
        HubIdentity(
            device=entry.identity.device,
            module=entry.identity.module,
            status=owners[entry.identity.device].status,
            edge=owners[entry.identity.device].edge,
            connected=entry.connection.connected,
        )
        for entry in found
    ]


def _ask(
    workspace: Workspace, method: str, device: str, module: str | None, body: JsonObject | None
) -> None:
    from edgeops.localhub.client import LocalHubRefusal, client

    send = client(workspace.hub_dir, "registryReadWrite", seconds=_SECONDS)
    path = f"/devices/{quote(device, safe='')}"
    if module:
        path += f"/modules/{quote(module, safe='')}"
    try:
        send(method, path, body)
    except LocalHubRefusal as refusal:
        if refusal.status != _CONFLICT:
            raise
        named = f"--device {device}" + (f" --module {module}" if module else "")
        named += f" --dir {workspace.hub_dir}" * (workspace.hub_dir != workspace.state)
        hint = f"`edgeops hub connection-string {named}` prints its connection string"
        raise EdgeOpsError(refusal.message, hint) from refusal
