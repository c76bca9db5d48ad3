"""The conversation with the hub, with a hub made of one dictionary."""

from __future__ import annotations

import gc
import json
import threading
import tracemalloc
from pathlib import Path

import pytest

from edgeops.backoff import Backoff
from edgeops.fleet.schema import compile_schema
from edgeops.jsonvalue import merge_patch
from edgeops.modules.model_loader.desired import FlatKeys
from edgeops.modules.model_loader.main import LoaderModule
from edgeops.modules.model_loader.status import LoaderInfo
from edgeops.modules.runtime.client import ModuleTwin, NotConnected

OLD = b"the old model" * 100  # what the fixture `device` runs
NEW = bytes(range(256)) * 2000
REPORTED = compile_schema(
    json.loads(
        (
            Path(__file__).parents[4] / "schemas/modules/model_loader.reported.schema.json"
        ).read_bytes()
    )
)


class FakeHub:
    """A hub with one module; the test may break it, and wait for what is reported."""

    def __init__(self):
        self.desired, self.reported, self.patches, self.reads = {}, {}, [], 0
        self.connects = self.refusals = 0
        self.handlers = None
        self.news = threading.Condition()

    def connect(self, handlers):
        with self.news:
            self.connects += 1
            self.news.notify_all()
            if self.refusals:
                self.refusals -= 1
                raise NotConnected("the hub cannot be reached")
        self.handlers = handlers

    def twin(self):
        with self.news:
            self.reads += 1
            return ModuleTwin(self.desired, self.reported)

    def report(self, patch):
        assert patch, "an empty patch would wake everybody"
        with self.news:
            if self.refusals:
                self.refusals -= 1
                raise NotConnected("the hub cannot be reached")
            self.patches.append(patch)
            self.reported = merge_patch(self.reported, patch)
            self.news.notify_all()

    def send(self, message, output):
        raise AssertionError("model_loader sends no telemetry")

    def close(self):
        pass

    def set(self, desired):
        with self.news:
            self.desired = desired
        if self.handlers:
            self.handlers.on_desired()

    def wait_until(self, is_so):
        with self.news:
            assert self.news.wait_for(lambda: is_so(self.reported), timeout=10), self.reported


@pytest.fixture
def hub():
    return FakeHub()


@pytest.fixture
def start(hub):
    """Starts the module on a device; it stops with the test, or before the next start."""
    running = []

    def stop():
        while running:
            module, thread = running.pop()
            module.stop()
            thread.join(10)
            assert not thread.is_alive()

    def start(device):
        stop()
        module = LoaderModule(
            hub,
            device.loader,
            FlatKeys(),
            lambda: LoaderInfo("1.0", {"path": "/srv"}),
            reconnect=Backoff(0.01, 0.01),
        )
        thread = threading.Thread(target=module.run)
        thread.start()
        running.append((module, thread))

    yield start
    stop()


def ready(content_model):
    def is_ready(reported):
        slot = reported.get("models", {}).get("crowds", {})
        return slot.get("sha256") == content_model["sha256"] and slot.get("state") == "ready"

    return is_ready


def test_a_wanted_model_is_downloaded_and_reported_once(hub, start, device, server):
    new = server.publish(NEW, "/new")
    hub.desired = {"models": {"crowds": new}}
    start(device)
    hub.wait_until(ready(new))
    assert device.runs(NEW)
    assert REPORTED.mismatches(hub.reported) == ()
    assert len(hub.patches) == 1, "a quick download is reported when it is done"


def test_a_patch_is_minimal(hub, start, device, server):
    new = server.publish(NEW, "/new")
    start(device)
    hub.wait_until(lambda reported: "loader" in reported)
    hub.set({"models": {"crowds": new}})
    hub.wait_until(ready(new))
    assert set(hub.patches[-1]) == {"lastModelUpdate", "models"}


def test_a_restart_that_changes_nothing_reports_nothing(hub, start, device, make_device, server):
    hub.desired = {"models": {"crowds": server.model(OLD, "/old", "old.onnx")}}
    start(device)
    hub.wait_until(ready(hub.desired["models"]["crowds"]))
    patches, reads = len(hub.patches), hub.reads
    start(make_device())
    with hub.news:
        hub.news.wait_for(lambda: hub.reads > reads, timeout=10)
    hub.set(hub.desired | {"unknown": 1})
    hub.wait_until(lambda reported: reported["loader"]["warnings"])
    assert len(hub.patches) == patches + 1
    assert server.gets("/old") == 1


def test_a_slot_that_is_gone_is_gone_from_the_report(hub, start, device, server):
    hub.reported = {"models": {"ghost": {"state": "ready"}}, "foreign": 1}
    start(device)
    hub.wait_until(lambda reported: "loader" in reported)
    assert hub.reported["models"] == {}
    assert hub.reported["foreign"] == 1


def test_after_a_failure_the_reason_is_reported_and_the_old_model_runs(hub, start, device, server):
    hub.desired = {"models": {"crowds": server.publish(NEW, "/new") | {"sha256": "0" * 64}}}
    start(device)
    hub.wait_until(lambda reported: reported.get("models", {}).get("crowds", {}).get("error"))
    crowds = hub.reported["models"]["crowds"]
    assert crowds["error"]["code"] == "ChecksumMismatch"
    assert crowds["sha256"] == server.model(OLD, "/old")["sha256"]
    assert device.runs(OLD)
    assert REPORTED.mismatches(hub.reported) == ()
    hub.set({"models": {"crowds": server.model(OLD, "/old", "old.onnx")}})
    hub.wait_until(lambda reported: "error" not in reported["models"]["crowds"])


def test_an_unreachable_hub_is_tried_again_and_the_last_good_model_stays(
    hub, start, device, server
):
    hub.refusals = 5
    hub.desired = {"models": {"crowds": server.publish(NEW, "/new")}}
    start(device)
    with hub.news:
        hub.news.wait_for(lambda: hub.connects == 3, timeout=10)
        assert device.runs(OLD)
    hub.wait_until(ready(hub.desired["models"]["crowds"]))
    assert hub.connects == 6


def test_a_report_that_got_lost_is_sent_again(hub, start, device, server):
    start(device)
    hub.wait_until(lambda reported: "loader" in reported)
    hub.refusals = 2
    new = server.publish(NEW, "/new")
    hub.set({"models": {"crowds": new}})
    hub.wait_until(ready(new))
    assert hub.connects == 3


def test_of_10_000_rapid_patches_the_last_one_wins_in_bounded_memory(hub, start, device, server):
    start(device)
    hub.wait_until(lambda reported: "loader" in reported)
    tracemalloc.start()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(10_000):
        hub.set({"models": {"crowds": server.model(b"%d" % number, "/gone")}})
    new = server.publish(NEW, "/new")
    hub.set({"models": {"crowds": new}})
    hub.wait_until(ready(new))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert device.runs(NEW)
    assert hub.reads < 5_000, "patches that come together are read together"
    assert grown < 3_000_000
