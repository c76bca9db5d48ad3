"""Commands that talk to a hub run in an event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from edgeops.errors import Interrupted

T = TypeVar("T")


def complete(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine. Raises `Interrupted` on Ctrl-C: typer would say nothing."""
    # What azure-identity logs at length, our error says in one line.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise Interrupted("interrupted", "what was written stays; sync again to go on") from None
