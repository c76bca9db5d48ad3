"""A newer desired state cancels what an older one began."""

from __future__ import annotations

import threading

import pytest

from edgeops.modules.model_loader.status import SlotState

OLD = b"the old model" * 100  # what the fixture `device` runs
NEW = bytes(range(256)) * 2000


@pytest.fixture
def working(device):
    """The device with its worker running in a thread; joins it at the end."""
    stop = threading.Event()
    worker = threading.Thread(target=device.loader.run, args=(stop,))
    worker.start()
    yield device
    stop.set()
    device.loader.interrupt()
    worker.join(10)
    assert not worker.is_alive()


@pytest.fixture
def stalled(server):
    """A model whose download begins and then waits; `begun` says when."""
    begun = threading.Event()

    def stall(request):
        request.start(200, Content_Length=str(len(NEW)), ETag='"v1"')
        request.wfile.write(NEW[:1000])
        begun.set()
        server.release.wait(10)

    server.route("/slow", stall)
    return server.model(NEW, "/slow", "slow.onnx"), begun


def test_a_download_that_is_no_longer_wanted_ends_at_once(working, server, stalled):
    wanted, begun = stalled
    working.want(crowds=wanted)
    assert begun.wait(5)
    other = NEW + b"!"
    working.want(crowds=server.publish(other, "/other", "other.onnx"))
    assert working.loader.settled.wait(3), "it does not wait for the stalled server"
    assert working.runs(other)
    assert working.files() == ["current.json", "old.onnx", "other.onnx"]


def test_a_download_that_is_still_wanted_goes_on(working, server, stalled):
    wanted, begun = stalled
    both = {"crowds": wanted, "streets": server.publish(OLD, "/old")}
    working.want(crowds=wanted)
    assert begun.wait(5)
    working.want(**both)
    server.file("/slow", NEW)
    server.release.set()  # the answer ends early: the rest comes with the next try
    assert working.loader.settled.wait(5)
    assert working.runs(OLD, "streets")
    working.time[0] += 60
    working.want(**both)
    assert working.loader.settled.wait(5)
    assert working.runs(NEW)
    assert [
        request.headers.get("Range") for request in server.requests if request.path == "/slow"
    ] == [
        None,
        "bytes=1000-",
    ]


def test_going_back_while_downloading_keeps_what_runs(working, server, stalled):
    wanted, begun = stalled
    working.want(crowds=wanted)
    assert begun.wait(5)
    working.want(crowds=server.model(OLD, "/old", "old.onnx"))
    assert working.loader.settled.wait(3)
    assert working.status().state is SlotState.READY
    assert working.runs(OLD)


def test_a_new_model_is_tried_at_once_after_the_old_one_failed(device, server):
    device.bring(crowds=server.model(NEW, "/gone"))
    assert device.status().state is SlotState.ERROR
    assert device.bring(crowds=server.publish(NEW, "/new")).state is SlotState.READY


def test_the_same_again_does_not_shorten_the_wait(device, server):
    """The twin is read again at each reconnection."""
    wanted = server.model(NEW, "/gone")
    device.bring(crowds=wanted)
    device.bring(crowds=wanted)
    assert server.gets("/gone") == 1
