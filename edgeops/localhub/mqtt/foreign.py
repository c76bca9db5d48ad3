"""Recognises clients that speak another protocol to the MQTT port, by their first bytes."""

from __future__ import annotations

import re

from edgeops.localhub.doors import Doors

_HTTP = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|PRI) ")
_UPGRADE = re.compile(rb"\r\nupgrade:[ \t]*websocket", re.IGNORECASE)


def is_http(first: bytes) -> bool:
    """Whether a client's first bytes are a request of HTTP."""
    return _HTTP.match(first) is not None


def mistake(first: bytes, doors: Doors) -> str | None:
    """What a client did wrong and should do instead; None for bytes of no known protocol."""
    if is_http(first):
        if _UPGRADE.search(first):
            where = f"for MQTT over websockets use port {doors.https}"
            return f"a client opened a websocket on the MQTT port: {where}"
        return f"a client spoke HTTP to the MQTT port: use port {doors.https} for HTTPS"
    if first.startswith(b"AMQP"):
        return "a client spoke AMQP to the MQTT port: the local hub does not speak AMQP"
    return None


def http_answer(text: str) -> bytes:
    """An HTTP response that tells the client of its mistake."""
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body
