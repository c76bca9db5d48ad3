"""`edgeops device run` in the background, and what its modules send: fixtures."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.localhub.tail import tail


def device_run(repo: Any, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edgeops", "--repo", str(repo.root), "device", "run", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ.copy(),
    )


@pytest.fixture
def next_event(local_mqtt_hub) -> Callable[..., JsonObject]:
    """The next event of the hub that fits, within a minute."""
    events: queue.Queue[JsonObject] = queue.Queue()

    def listen() -> None:
        with suppress(EdgeOpsError):  # the hub has stopped
            for event in tail(local_mqtt_hub.state_dir, last=1000, device=None, follow=True):
                events.put(event)

    threading.Thread(target=listen, daemon=True).start()

    def wait(fits: Callable[[JsonObject], bool]) -> JsonObject:
        deadline = time.monotonic() + 60
        while True:
            event = events.get(timeout=deadline - time.monotonic())
            if fits(event):
                return event

    return wait


@pytest.fixture
def in_background() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(repo: Any, *args: str) -> subprocess.Popen[str]:
        started.append(device_run(repo, *args))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
