"""The body of a device-to-cloud message as an event shows it: JSON, text or base64."""

from __future__ import annotations

import base64

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json

_BINARY = ("application/octet-stream", "application/zip", "application/gzip")
_BINARY_KINDS = ("image/", "audio/", "video/", "font/")
# Those that IoT Hub can read; some that Python knows take very long for hostile bytes.
_ENCODINGS = ("utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf16", "utf-32", "utf32")
_SPACES = "\t\n\r"


def shown_body(payload: bytes, content_type: str = "", encoding: str = "") -> JsonObject:
    """`{body}` with the JSON value or text of a message, else `{bodyBase64}`.

    The content type and encoding that the client gave decide. Without a content
    type a body is JSON if it parses, or text if it holds only printable
    characters. The encoding is UTF-8 unless another is given.
    """
    kind = content_type.partition(";")[0].strip().lower()
    binary = kind in _BINARY or kind.startswith(_BINARY_KINDS)
    text = None if binary else _decoded(payload, encoding)
    if text is None:
        return {"bodyBase64": base64.b64encode(payload).decode()}
    if not kind.startswith("text/"):
        try:
            return {"body": parse_json(text.encode())}
        except HubFault:
            printable = all(character.isprintable() or character in _SPACES for character in text)
            if not printable:
                return {"bodyBase64": base64.b64encode(payload).decode()}
    return {"body": text}


def _decoded(payload: bytes, encoding: str) -> str | None:
    """The text of bytes; None if they are not text in this encoding, or it is not known."""
    name = encoding.strip().lower() or "utf-8"
    try:
        return payload.decode(name) if name in _ENCODINGS else None
    except UnicodeDecodeError:
        return None
