"""What carries the bytes of a connection: a socket, or a websocket."""

from __future__ import annotations

from typing import Protocol

from edgeops.localhub.client_certificate import ClientCertificate


class Channel(Protocol):
    """Sends the bytes of a connection."""

    def write(self, data: bytes) -> None:
        """Send bytes, now or later."""

    def authenticated(self) -> None:
        """The client has proved its identity."""

    def certificate(self) -> ClientCertificate | None:
        """The certificate that the client has sent, None without one."""

    def close(self) -> None:
        """Close the connection once everything is sent."""
