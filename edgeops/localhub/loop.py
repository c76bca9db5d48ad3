"""The event loop of the local hub."""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

# A full collection looks at each object of each connection, half a second for 10,000 of them.
# By default a few large requests are enough to cause one.
_OBJECTS_UNTIL_COLLECTION = 10_000


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run to completion, on uvloop if installed, with as many open files as the system allows.

    A TLS connection on uvloop takes a tenth of the memory that it takes on asyncio's own loop.
    """
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTION)
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS refuses the hard limit that it reports
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    try:
        import uvloop
    except ImportError:
        factory = asyncio.new_event_loop
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)
