"""What a pure function may remember between runs, without knowing where."""

from __future__ import annotations

from typing import Protocol


class Memo(Protocol):
    """A store of results by key; it may forget at any time.

    The key must hold everything that the result depends on.
    """

    def get(self, key: str) -> bytes | None:
        """What was put under this key, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Remember a result."""
