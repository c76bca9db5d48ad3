"""Who connects: the client id and the username that IoT Hub wants.

Source: "Communicate with an IoT hub using the MQTT protocol", Microsoft Learn.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeops import limits


@dataclass(frozen=True, slots=True)
class ClaimedIdentity:
    """Who a client says it is: the hub's name as it knows it, device, and module (or empty)."""

    host: str
    device: str
    module: str


def claim(client_id: str, username: str) -> ClaimedIdentity | None:
    """The identity that a client id and a username agree on, else None.

    The username is `{host}/{client id}/?api-version=...`, the client id
    `{device}` or `{device}/{module}`; neither is percent-encoded. The version
    may be missing; the hub here speaks one language only.
    """
    host, _, rest = username.partition("/")
    device, _, module = client_id.partition("/")
    named = rest == client_id or rest.startswith(f"{client_id}/")
    well_formed = limits.is_id(device) and (limits.is_id(module) or client_id == device)
    return ClaimedIdentity(host, device, module) if host and named and well_formed else None
