"""One object for equal values: most devices of a large fleet want what others want, too."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject

_MOST = 20_000  # values; beyond them, devices have their own


class SharedValues:
    """The tags and properties of devices so far, which nobody changes in place."""

    def __init__(self) -> None:
        self._known: dict[bytes, Any] = {}

    def section(self, section: JsonObject) -> JsonObject:
        """An equal section, made of parts of those before it."""
        digest = _digest(section)
        known: JsonObject | None = self._known.get(digest)
        if known is not None:
            return known
        parts = {
            key: self._first(_digest(value), value) if isinstance(value, dict | list) else value
            for key, value in section.items()
        }
        first: JsonObject = self._first(digest, parts)
        return first

    def _first(self, digest: bytes, value: Any) -> Any:
        """The first value with this digest."""
        if not digest or len(self._known) >= _MOST:
            return self._known.get(digest, value)
        return self._known.setdefault(digest, value)


def _digest(value: Any) -> bytes:
    """The digest of a value as text: 1 and 1.0 differ, and two orders of keys; b"" without."""
    try:
        return hashlib.blake2b(orjson.dumps(value), digest_size=16).digest()
    except orjson.JSONEncodeError:
        return b""
