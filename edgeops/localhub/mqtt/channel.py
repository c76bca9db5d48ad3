"""What carries the bytes of a connection: a socket, or a websocket."""

from __future__ import annotations

from typing import Protocol


class Channel(Protocol):
    """Sends the bytes of a connection."""

    def write(self, data: bytes) -> None:
        """Send bytes, now or later."""

    def authenticated(self) -> None:
        """The client has proved its identity."""

    def close(self) -> None:
        """Close the connection once everything is sent."""
