"""The identity that a client claims: its MQTT client id and username.

Source: "Communicate with an IoT hub using the MQTT protocol", Microsoft Learn.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeops import limits


@dataclass(frozen=True, slots=True)
class ClaimedIdentity:
    """A hub's host name, a device, and a module (empty for the device itself)."""

    host: str
    device: str
    module: str


def claimed_identity(client_id: str, username: str) -> ClaimedIdentity | None:
    """The identity in a client id and a username, None when they are invalid or disagree.

    The username is `{host}/{client id}/?api-version=...`, the client id
    `{device}` or `{device}/{module}`; neither is percent-encoded. The version
    may be missing: the local hub supports one version only.
    """
    host, _, rest = username.partition("/")
    device, _, module = client_id.partition("/")
    agree = rest == client_id or rest.startswith(f"{client_id}/")
    well_formed = limits.is_id(device) and (limits.is_id(module) or client_id == device)
    return ClaimedIdentity(host, device, module) if host and agree and well_formed else None
