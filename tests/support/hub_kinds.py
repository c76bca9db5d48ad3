"""The hubs that contract tests run against: in memory, the local one, and a real one if named."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from edgeops.fleet.model import HubTarget
from edgeops.hub.open import LocalAccess, open_hub
from edgeops.hub.port import Hub
from tests.support.memory_hub import MemoryHub

REAL = "EDGEOPS_TEST_HUB"  # has the connection string of a real hub
KINDS = ("memory", "local", *(["azure"] if REAL in os.environ else []))


def opener(request: Any) -> Callable[[], AbstractAsyncContextManager[Hub]]:
    """Opens the hub of the kind that is the parameter of a fixture."""
    if request.param == "memory":
        return _in_memory
    if request.param == "local":
        local = request.getfixturevalue("local_hub")
        access = LocalAccess(local.connection_string, str(local.ca_file))
        return lambda: open_hub(HubTarget("local"), environ={}, local=access)
    text = os.environ[REAL]
    hostname = text.partition("HostName=")[2].partition(";")[0]
    target = HubTarget("real", hostname=hostname, connection_string_env=REAL)
    return lambda: open_hub(target, environ={REAL: text})


@asynccontextmanager
async def _in_memory() -> AsyncIterator[Hub]:
    yield MemoryHub()
