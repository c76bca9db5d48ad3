"""The pytest plugin of edgeops: a local Azure IoT Hub for the tests of any service.

It is loaded wherever edgeops is installed, so it imports nothing before a test asks for a hub.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from edgeops.testing import RunningHub


@pytest.fixture(scope="session")
def edgeops_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A local IoT Hub for all tests of this process, that Microsoft's SDKs trust."""
    from edgeops.errors import EdgeOpsError
    from edgeops.testing import running_hub, trusting

    with ExitStack() as running:
        try:
            hub = running.enter_context(running_hub(tmp_path_factory.mktemp("edgeops-hub")))
        except EdgeOpsError as error:
            why = f"no local hub: {error.message}\n{error.hint}"
            raise pytest.fail.Exception(why, pytrace=False) from None
        running.enter_context(trusting(hub))
        yield hub


@pytest.fixture
def edgeops_clean_hub(edgeops_hub: RunningHub) -> RunningHub:
    """The same hub without the devices, configurations, events and conditions of other tests."""
    edgeops_hub.reset()
    return edgeops_hub
