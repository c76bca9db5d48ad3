"""Commands that talk to a hub run in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from edgeops.errors import Interrupted

T = TypeVar("T")


def complete(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine. Raises `Interrupted` on Ctrl-C: typer would say nothing."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise Interrupted("interrupted", "what was written stays; sync again to go on") from None
