"""Runs coroutines for synchronous callers, and handles Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from edgeops.errors import Interrupted

T = TypeVar("T")


SYNC_AGAIN = "what was written stays; sync again to go on"


def complete(work: Coroutine[Any, Any, T], *, hint: str = SYNC_AGAIN) -> T:
    """The result of a coroutine. Raises `Interrupted` on Ctrl-C, with a hint.

    If an event loop is already running, as in a notebook, it runs in a new thread.
    """
    # azure-identity logs at length what our error says in one line.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    try:
        if _in_a_loop():
            with ThreadPoolExecutor(1, thread_name_prefix="edgeops") as thread:
                return thread.submit(asyncio.run, work).result()
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise Interrupted("interrupted", hint) from None


def stop_on_interrupt(
    note: Callable[[str], None],
) -> Callable[[asyncio.Event], AbstractContextManager[None]]:
    """For `sync`: after Ctrl-C, finish the devices in flight; a second Ctrl-C ends at once.

    Works only in the main thread.
    """

    @contextmanager
    def stopping(stop: asyncio.Event) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def interrupted() -> None:
            loop.remove_signal_handler(signal.SIGINT)
            note("interrupted: finishing the devices in flight (Ctrl-C again ends at once)")
            stop.set()

        loop.add_signal_handler(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    return stopping


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
