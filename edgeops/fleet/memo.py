"""The interface of a cache of results between runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Memo(Protocol):
    """A store of results by key; it may forget at any time.

    The key must include everything that the result depends on.
    """

    def get(self, key: str) -> bytes | None:
        """The result with this key, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Store a result."""


OpenMemo = Callable[[], AbstractContextManager[Memo]]
