"""What tests with Microsoft's device SDK share."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

# The SDK asks the ssl module for TLS 1.2 by a deprecated name, and its paho leaks socket pairs.
SDK_WARNINGS = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def leaks_end_here() -> Iterator[None]:
    """So that what paho leaks is found in these tests, which expect it, and not in later ones."""
    yield
    gc.collect()


@pytest.fixture(name="local_hub")
def the_hub_of_devices(local_mqtt_hub: Any) -> Any:
    """So that the service SDK talks to the same hub."""
    return local_mqtt_hub
