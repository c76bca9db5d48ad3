"""The local hub of a workspace: connection strings, events, reset and artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from edgeops.api.workspace import Workspace
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from edgeops.jsonvalue import JsonObject
    from edgeops.localhub.trusted import TrustedCertificate


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

    if module and not device:
        raise UsageError("--module needs --device")
    if device:
        return access.device_connection_string(workspace.state, device, module)
    return access.connection_string(workspace.state, policy)


def events(
    workspace: Workspace, *, last: int = 20, device: str | None = None, follow: bool = False
) -> Iterator[JsonObject]:
    """The `last` events of the local hub in order of time; `follow` waits for more.

    Raises `EdgeOpsError` if the local hub is not running.
    """
    from edgeops.localhub.tail import tail

    yield from tail(workspace.state, last=last, device=device, follow=follow)


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
    send = client(workspace.state, "registryReadWrite", seconds=10)
    answer: JsonObject = send("GET" if body is None else "PUT", "/conditions", body)
    return answer


def trust(workspace: Workspace, file: Path) -> list[TrustedCertificate]:
    """Let devices connect to the local hub with certificates of the CAs in a PEM file; gives these.

    A self-signed certificate is for a device of its own. A hub that is running knows them
    from the next connection on. Raises `EdgeOpsError` for a file without such certificates.
    """
    from edgeops.localhub.files import StateFiles
    from edgeops.localhub.trusted import trust

    return trust(StateFiles(workspace.state), file, workspace.clock.now())


def trusted(workspace: Workspace) -> list[TrustedCertificate]:
    """The certificates that the local hub trusts. Raises `EdgeOpsError` if they are damaged."""
    from edgeops.localhub.files import StateFiles
    from edgeops.localhub.trusted import trusted_certificates

    return trusted_certificates(StateFiles(workspace.state))


def distrust(workspace: Workspace, fingerprint: str) -> TrustedCertificate:
    """Let the local hub trust a certificate no longer; gives it. The first digits are enough.

    Raises `UsageError` unless the fingerprint is that of one certificate.
    """
    from edgeops.localhub.files import StateFiles
    from edgeops.localhub.trusted import distrust

    return distrust(StateFiles(workspace.state), fingerprint)


def reset(workspace: Workspace) -> None:
    """Delete all devices, twins and configurations of the local hub; keys and certificates stay.

    Raises `Refused` while the hub is running.
    """
    from edgeops.localhub import access

    access.reset(workspace.state)


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
    for warning in seed(copies, StateFiles(workspace.state).artifacts):
        workspace.observer.note(f"warning: {warning}")
