"""Verbs that talk to a hub run in an event loop; whoever calls them need not know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from edgeops.errors import Interrupted

T = TypeVar("T")


def complete(
    work: Coroutine[Any, Any, T], *, hint: str = "what was written stays; sync again to go on"
) -> T:
    """The result of a coroutine. Raises `Interrupted` on Ctrl-C, with a hint.

    Where an event loop runs already, as in a notebook, the work gets a thread
    and a loop of its own.
    """
    # What azure-identity logs at length, our error says in one line.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    try:
        if _in_a_loop():
            with ThreadPoolExecutor(1, thread_name_prefix="edgeops") as thread:
                return thread.submit(asyncio.run, work).result()
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise Interrupted("interrupted", hint) from None


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
