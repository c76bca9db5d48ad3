"""One hub for the tests of this folder, emptied before each."""

from __future__ import annotations

import pytest

from edgeops.testing import running_hub


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="session")
def _hub(state_dir):
    with running_hub(state_dir) as hub:
        yield hub


@pytest.fixture
def hub(_hub):
    _hub.reset()
    return _hub
