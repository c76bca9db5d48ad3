"""The ports by which clients reach a hub, for the advice that it gives them."""

from __future__ import annotations

from dataclasses import dataclass

# Where devices speak MQTT over websockets, on the HTTPS port.
WEBSOCKET_PATH = "/$iothub/websocket"


@dataclass(frozen=True, slots=True)
class Doors:
    """The HTTPS port, and the MQTT port unless the hub serves no devices."""

    https: int
    mqtt: int | None
