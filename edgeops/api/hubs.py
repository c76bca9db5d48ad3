"""The local hub of a workspace: connection strings, events, messages, reset and artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from edgeops.api.workspace import Workspace
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from edgeops.jsonvalue import JsonObject
    from edgeops.localhub.access import Endpoint
    from edgeops.localhub.trusted import TrustedCertificate


@dataclass(frozen=True, slots=True)
class HubStart:
    """A local hub that has started: where it is, what clients need, and whether it keeps anything.

    `connection_string` is that of the policy iothubowner: a secret.
    """

    endpoint: Endpoint
    folder: Path
    by_default: bool  # commands find the folder by themselves
    ephemeral: bool
    connection_string: str

    @classmethod
    def of(cls, workspace: Workspace, endpoint: Endpoint, *, ephemeral: bool) -> HubStart:
        """The start of the hub of a workspace."""
        folder = workspace.hub_dir
        key = connection_string(workspace)
        return cls(endpoint, folder, folder == workspace.state, ephemeral, key)

    @property
    def is_open(self) -> bool:
        """Whether other machines may reach it."""
        return not ip_address(self.endpoint.host).is_loopback


def connection_string(
    workspace: Workspace,
    *,
    device: str | None = None,
    module: str | None = None,
    policy: str = "iothubowner",
) -> str:
    """The connection string of the local hub for a service, device or module: a secret.

    One of a device with a certificate says `x509=true` instead of a key. Raises
    `UsageError` for an unknown policy, and `EdgeOpsError` for a device or module that is
    not on the hub, or has no key.
    """
    from edgeops.localhub import access

    refuse_empty(device, module)
    if module and not device:
        raise UsageError("--module needs --device")
    if device:
        return access.device_connection_string(workspace.hub_dir, device, module)
    return access.connection_string(workspace.hub_dir, policy)


def refuse_empty(*names: str | None) -> None:
    """Raise `UsageError` for a device or module without a name: it is never the one that is meant.

    Without a module the device would be meant, and without a device the whole hub.
    """
    if "" in names:
        raise UsageError(
            "the name of a device or module is empty", "is a variable of the shell not set?"
        )


def events(
    workspace: Workspace, *, last: int = 20, device: str | None = None, follow: bool = False
) -> Iterator[JsonObject]:
    """The `last` events of the local hub in order of time; `follow` waits for more.

    Raises `UsageError` for an empty name, and `EdgeOpsError` if the local hub is not running.
    """
    from edgeops.localhub.tail import tail

    refuse_empty(device)
    yield from tail(workspace.hub_dir, last=last, device=device, follow=follow)


def conditions(workspace: Workspace, changed: Mapping[str, Any] | None = None) -> JsonObject:
    """The throttles, delays and faults of the running local hub, and what they did so far.

    `changed` replaces them all, in the same form: `sku`, `units`, `retryAfter`,
    `queryDelay` and `latency` (seconds), and `faults` such as `twin-write=500@10%`.
    Raises `UsageError` for those that cannot be, and `EdgeOpsError` if the hub is
    not running.
    """
    from edgeops.localhub.client import client
    from edgeops.localhub.conditions import parse_conditions

    body = None if changed is None else parse_conditions(changed).document()
    send = client(workspace.hub_dir, "registryReadWrite", seconds=10)
    answer: JsonObject = send("GET" if body is None else "PUT", "/conditions", body)
    return answer


def send(
    workspace: Workspace,
    device: str,
    body: str,
    *,
    properties: Mapping[str, str] | None = None,
    content_type: str | None = None,
    message_id: str | None = None,
    ack: str = "none",
    seconds: float | None = None,
) -> str:
    """Send a message to a device of the running local hub; gives its id, a new one if it has none.

    `ack` is the feedback to ask for: none, positive, negative or full. The message
    expires after so many seconds, or after an hour. Raises `UsageError` for properties
    that a message cannot have, and `EdgeOpsError` if the hub is not running, or refuses it.
    """
    import uuid

    from edgeops.localhub.sender import send_to_device

    refuse_empty(device)
    sent = message_id or str(uuid.uuid4())
    system = {
        "iothub-messageid": sent,
        "iothub-ack": ack,
        "iothub-contentencoding": "utf-8",
    }
    if seconds is not None:
        system["iothub-expiry"] = _in_seconds(seconds)
    if content_type:
        system["iothub-contenttype"] = content_type
    send_to_device(
        workspace.hub_dir, device, body.encode(), system=system, properties=properties or {}
    )
    return sent


def _in_seconds(seconds: float) -> str:
    """The time in so many seconds, in ISO 8601. Raises `UsageError` after the year 9999."""
    try:
        at = datetime.now(UTC) + timedelta(seconds=seconds)
    except OverflowError as error:
        raise UsageError("a message cannot expire so late") from error
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def trust(workspace: Workspace, file: Path) -> list[TrustedCertificate]:
    """Let devices connect to the local hub with certificates of the CAs in a PEM file; gives these.

    A self-signed certificate is for a device of its own. A hub that is running knows them
    from the next connection on. Raises `EdgeOpsError` for a file without such certificates.
    """
    from edgeops.localhub.files import StateFiles
    from edgeops.localhub.trusted import trust

    return trust(StateFiles(workspace.hub_dir), file, workspace.clock.now())


def trusted(workspace: Workspace) -> list[TrustedCertificate]:
    """The certificates that the local hub trusts. Raises `EdgeOpsError` if they are damaged."""
    from edgeops.localhub.files import StateFiles
    from edgeops.localhub.trusted import trusted_certificates

    return trusted_certificates(StateFiles(workspace.hub_dir))


def distrust(workspace: Workspace, fingerprint: str) -> TrustedCertificate:
    """Let the local hub trust a certificate no longer; gives it. The first digits are enough.

    Raises `UsageError` unless the fingerprint is that of one certificate.
    """
    from edgeops.localhub.files import StateFiles
    from edgeops.localhub.trusted import distrust

    return distrust(StateFiles(workspace.hub_dir), fingerprint)


def reset(workspace: Workspace) -> None:
    """Delete all devices, twins and configurations of the local hub; keys and certificates stay.

    A hub that is running goes on, empty, and closes the connections of its devices. Raises
    `EdgeOpsError` if it is just starting or stopping.
    """
    from edgeops.localhub import access
    from edgeops.localhub.client import client

    if access.running(workspace.hub_dir):
        client(workspace.hub_dir, "registryReadWrite", seconds=60)("POST", "/reset", None)
    else:
        access.reset(workspace.hub_dir)


def seed_artifacts(workspace: Workspace) -> None:
    """Copy the artifacts in git to the folder from which the local hub serves them."""
    if not any(workspace.root.glob("models/*/releases/*")):
        return
    from edgeops.artifacts.folder import seed
    from edgeops.localhub.files import StateFiles
    from edgeops.source.releases import load_releases

    with workspace.cache() as cache:
        releases = load_releases(workspace.root, cache)
    copies = (
        (name, file, copy) for name in releases.releases for file, copy in releases.copies(name)
    )
    for warning in seed(copies, StateFiles(workspace.hub_dir).artifacts):
        workspace.observer.note(f"warning: {warning}")
