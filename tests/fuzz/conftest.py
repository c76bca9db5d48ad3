"""What fuzzers of the local hub share: they must find nothing in its log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What was logged as an error, or with a traceback."""
    messages: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR or record.exc_info:
                messages.append(self.format(record))

    listening = Listening()
    logging.getLogger().addHandler(listening)
    yield messages
    logging.getLogger().removeHandler(listening)
