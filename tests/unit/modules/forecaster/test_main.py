"""The whole module but the hub: messages in, telemetry and reported properties out."""

from __future__ import annotations

import errno
import json
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edgeops.files import Disk
from edgeops.jsonvalue import JsonObject, merge_patch
from edgeops.modules.forecaster.desired import desired_file
from edgeops.modules.forecaster.main import ForecasterModule
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.status import iso
from edgeops.modules.runtime.client import Handlers, ModuleTwin, NotConnected

DESIRED = {"model": "crowdedness", "intervalSeconds": 1}


class FakeHub:
    """A hub that a test can switch off; it keeps what it gets."""

    def __init__(self) -> None:
        self.there = threading.Event()
        self.desired: JsonObject = {}
        self.reported: JsonObject = {"old": True}
        self.reports: queue.Queue[JsonObject] = queue.Queue()
        self.messages: queue.Queue[JsonObject] = queue.Queue()
        self.handlers: Handlers | None = None

    def connect(self, handlers: Handlers) -> None:
        self._check()
        self.handlers = handlers

    def twin(self) -> ModuleTwin:
        self._check()
        return ModuleTwin(self.desired, self.reported)

    def report(self, patch: JsonObject) -> None:
        self._check()
        self.reported = merge_patch(self.reported, patch)
        self.reports.put(self.reported)

    def send(self, message: str, output: str) -> None:
        self._check()
        assert output == "forecasts"
        self.messages.put(json.loads(message))

    def close(self) -> None:
        pass

    def _check(self) -> None:
        if not self.there.is_set():
            raise NotConnected("the hub cannot be reached")

    def reported_state(self, state: str) -> JsonObject:
        """What is reported once the model is in this state."""
        while True:
            reported = self.reports.get(timeout=20)
            if reported["model"]["state"] == state:
                return reported


@pytest.fixture
def hub() -> FakeHub:
    made = FakeHub()
    made.there.set()
    return made


@pytest.fixture
def run(storage, hub) -> Iterator[Callable[..., ForecasterModule]]:
    started: list[tuple[ForecasterModule, threading.Thread]] = []

    def go(*arguments: Any) -> ForecasterModule:
        log = logging.getLogger("test")
        app = ForecasterModule(hub, storage.root, None, log, *arguments, poll_seconds=0.05)
        thread = threading.Thread(target=app.run)
        thread.start()
        started.append((app, thread))
        return app

    yield go
    for app, thread in started:
        app.stop()
        thread.join(timeout=20)
        assert not thread.is_alive()


def observations(value: float) -> bytes:
    hour = int(time.time() // HOUR)
    items: list[Any] = [
        {"timestamp": iso(at * HOUR), "values": {"east": value, "west": value}}
        for at in range(hour - 3, hour + 1)
    ]
    return json.dumps(items).encode()


def test_messages_become_forecasts_and_the_state_is_reported(storage, model, hub, run):
    current = storage.put(model())
    hub.desired = DESIRED
    run()
    assert hub.reported_state("Warming")["model"]["reason"].startswith("no full hour yet")
    assert hub.handlers is not None
    assert hub.handlers.on_message is not None
    hub.handlers.on_message(b"junk", "observations")
    hub.handlers.on_message(observations(7), "another input")
    hub.handlers.on_message(observations(4), "observations")
    forecast = hub.messages.get(timeout=20)
    assert (forecast["sha256"], forecast["quantiles"]["0.5"]) == (current.sha256, [4, 4])
    reported = hub.reported_state("Ready")
    assert reported["model"]["sha256"] == current.sha256
    assert (reported["history"]["refused"], reported["history"]["hours"]) == (1, 4)
    assert "old" not in reported  # what an earlier version reported is gone
    assert desired_file(storage.root).read() == DESIRED


def test_context_by_message_is_kept_over_a_restart_and_what_is_wrong_is_reported(storage, hub, run):
    app = run()
    hub.reported_state("NoModel")
    assert hub.handlers is not None
    assert hub.handlers.on_message is not None
    rain = {"start": iso(time.time()), "values": [1, "wet"]}
    hub.handlers.on_message(
        json.dumps({"context": 1, "series": {"rain": rain}}).encode(), "context"
    )
    while "context" not in (reported := hub.reported_state("NoModel")):
        pass
    assert reported["context"]["refused"] == 1
    app.stop()
    kept = json.loads((storage.root / "history/context.json").read_bytes())
    assert [cell[2] for cell in kept["series"]["rain"]] == [1]


def test_without_the_hub_it_forecasts_by_what_it_remembers_and_sends_later(
    storage, model, hub, run
):
    hub.there.clear()
    desired_file(storage.root).keep(DESIRED)
    storage.put(model())
    app = run()
    app._message_arrived(observations(4), "observations")
    hub.desired = DESIRED
    hub.there.set()
    assert hub.messages.get(timeout=20)["quantiles"]["0.5"] == [4, 4]


def test_a_full_disk_is_reported_at_once_and_cleared_when_there_is_room(storage, hub, run):
    full = threading.Event()

    def write(handle: int, data: memoryview) -> int:
        if full.is_set():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(handle, data)

    app = run(Disk(write), 0.05)
    hub.reported_state("NoModel")
    full.set()
    hub.desired = DESIRED
    assert hub.handlers is not None
    assert hub.handlers.on_message is not None
    hub.handlers.on_desired()
    hub.handlers.on_message(observations(4), "observations")
    reported = hub.reports.get(timeout=20)
    while "lastFault" not in reported["history"] or not reported["warnings"]:
        reported = hub.reports.get(timeout=20)
    assert reported["history"]["lastFault"] == ("cannot write the history: No space left on device")
    assert reported["warnings"] == ["cannot keep the desired properties: No space left on device"]
    full.clear()  # and nothing arrives any more
    while "lastFault" in reported["history"] or reported["warnings"]:
        reported = hub.reports.get(timeout=20)
    app.stop()
    assert desired_file(storage.root).read() == DESIRED
    again = Recorder(storage.root)
    again.open()
    assert len(again.history) == 4


def test_a_changed_twin_is_read_again(storage, hub, run):
    run()
    assert "no slot" in hub.reported_state("NoModel")["model"]["reason"]
    hub.desired = {"model": "crowdedness", "surprise": 1}
    assert hub.handlers is not None
    hub.handlers.on_desired()
    while "slot" not in (reported := hub.reported_state("NoModel"))["model"]:
        pass
    assert reported["model"]["reason"] == "the slot is empty"
    assert reported["warnings"] == ["surprise: no such property; it is ignored"]


def test_unreadable_remembered_properties_count_as_none(storage):
    assert desired_file(storage.root).read() == {}
    desired_file(storage.root).keep({"a": 1})
    (storage.root / "history/desired.json").write_text('{"a"')
    assert desired_file(storage.root).read() == {}
