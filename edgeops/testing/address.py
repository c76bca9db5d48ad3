"""Where a hub for tests listens, so that many of them run at once.

Microsoft's device SDKs know only port 8883 (443 with websockets) of a host, so each hub has a
host of its own: Linux answers at every address of 127.0.0.0/8, other systems at 127.0.0.1 only.
"""

from __future__ import annotations

import errno
import socket

from edgeops.errors import EdgeOpsError
from edgeops.localhub.access import DEFAULT_HOST, DEFAULT_MQTT_PORT, HTTPS_PORT

_HINT = (
    f"Microsoft's device SDKs know no other port: end the program that listens on"
    f" {DEFAULT_MQTT_PORT}; where only {DEFAULT_HOST} is there (macOS), one hub can run at a time"
)


def own_address(number: int) -> tuple[str, int]:
    """An address with a free MQTT port, and its HTTPS port: 443 if allowed, else 0 (any free).

    `number`, below 2**23, gives each hub its own. Raises `EdgeOpsError` when there is none.
    """
    own = f"127.{64 + (number >> 16) % 128}.{number >> 8 & 0xFF}.{number & 0xFF}"
    for host in (own, DEFAULT_HOST):
        if _is_free(host, DEFAULT_MQTT_PORT):
            return host, HTTPS_PORT if _is_free(host, HTTPS_PORT) else 0
    raise EdgeOpsError(f"port {DEFAULT_MQTT_PORT} is in use", _HINT)


def _is_free(host: str, port: int) -> bool:
    """Whether this process can listen there now."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            return False
        raise
    return True
