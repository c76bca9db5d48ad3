"""Downloads that were cut are taken up where they ended, and still verified as a whole."""

from __future__ import annotations

import random

import pytest

from edgeops.modules.model_loader.status import SlotState

OLD = b"the old model" * 100  # what the fixture `device` runs
NEW = bytes(range(256)) * 2000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_connection_that_is_cut_anywhere_resumes_and_still_verifies(device, server, seed):
    random_bytes = random.Random(seed)
    cuts = sorted(random_bytes.sample(range(len(NEW)), 4))

    def cut(request):
        first = request.first_byte
        end = next((at for at in cuts if at > first), len(NEW))
        length = str(len(NEW) - first)
        if first:
            span = f"bytes {first}-{len(NEW) - 1}/{len(NEW)}"
            request.start(206, Content_Length=length, Content_Range=span, ETag='"v1"')
        else:
            request.start(200, Content_Length=length, ETag='"v1"')
        request.wfile.write(NEW[first:end])

    server.route("/new", cut)
    device.bring(crowds=server.model(NEW, "/new"))
    for _ in cuts:
        device.later()
    assert device.runs(NEW)
    asked = [request.headers for request in server.requests if request.path == "/new"]
    assert [headers.get("Range") for headers in asked] == [None, *(f"bytes={at}-" for at in cuts)]
    assert [headers.get("If-Range") for headers in asked] == [None, *['"v1"'] * len(cuts)]


def part_of(device, server, content, size):
    """Leave the beginning of a download behind, as a killed process does."""
    path = device.storage / "crowds" / f".{server.model(NEW, '/new')['sha256'][:16]}.part"
    path.write_bytes(content[:size])


@pytest.mark.parametrize("size", [0, 1, 1000, len(NEW) - 1, len(NEW)])
def test_a_part_file_of_a_killed_process_is_taken_up(device, server, size):
    part_of(device, server, NEW, size)
    device.bring(crowds=server.publish(NEW, "/new"))
    assert device.runs(NEW)
    (*asked,) = [
        request.headers.get("Range") for request in server.requests if request.path == "/new"
    ]
    assert asked == ([] if size == len(NEW) else [f"bytes={size}-" if size else None])


@pytest.mark.parametrize("size", [1000, len(NEW), len(NEW) + 1])
def test_a_part_file_of_something_else_is_thrown_away(device, server, size):
    part_of(device, server, OLD * 1000, size)
    device.bring(crowds=server.publish(NEW, "/new"))
    if size <= len(NEW):
        assert not device.runs(NEW), "only a whole download proves anything"
        device.later()
    assert device.runs(NEW)
    assert device.files() == ["current.json", "new.onnx", "old.onnx"]


def test_a_server_that_ignores_ranges(device, server):
    part_of(device, server, NEW, 1000)
    server.route("/new", lambda request: request.answer(200, NEW))
    assert device.bring(crowds=server.model(NEW, "/new")).state is SlotState.READY


def test_a_server_that_answers_with_another_range(device, server):
    part_of(device, server, NEW, 1000)

    def other_range(request):
        if request.first_byte:
            span = f"bytes 0-{len(NEW) - 1}/{len(NEW)}"
            request.answer(206, NEW, Content_Range=span)
        else:
            request.answer(200, NEW)

    server.route("/new", other_range)
    device.bring(crowds=server.model(NEW, "/new"))
    assert device.later().state is SlotState.READY


def test_the_file_changes_in_the_middle(device, server):
    """The first attempt gets a piece of an earlier upload under another ETag."""

    def earlier(request):
        request.start(200, Content_Length=str(len(NEW)), ETag='"v0"')
        request.wfile.write(bytes(1000))

    server.route("/new", earlier)
    device.bring(crowds=server.model(NEW, "/new"))
    server.file("/new", NEW, etag='"v1"')
    assert device.later().state is SlotState.READY
    assert [request.headers.get("If-Range") for request in server.requests][-1] == '"v0"'


def test_a_store_that_ignores_if_range_is_seen_by_its_etag(device, server):
    def earlier(request):
        request.start(200, Content_Length=str(len(NEW)), ETag='"v0"')
        request.wfile.write(bytes(1000))

    def ignores(request):
        first = request.first_byte
        if first:
            span = f"bytes {first}-{len(NEW) - 1}/{len(NEW)}"
            request.answer(206, NEW[first:], Content_Range=span, ETag='"v1"')
        else:
            request.answer(200, NEW, ETag='"v1"')

    server.route("/new", earlier)
    device.bring(crowds=server.model(NEW, "/new"))
    server.route("/new", ignores)
    device.later()
    assert device.later().state is SlotState.READY


@pytest.mark.parametrize("answer", ["416", "empty 206"])
def test_a_part_that_is_complete_when_the_size_is_unknown(device, server, answer):
    part_of(device, server, NEW, len(NEW))

    def at_the_end(request):
        if not request.first_byte:
            request.answer(200, NEW)
        elif answer == "416":
            request.answer(416, Content_Range=f"bytes */{len(NEW)}")
        else:
            request.answer(206)

    server.route("/new", at_the_end)
    wanted = server.model(NEW, "/new")
    del wanted["size"]
    assert device.bring(crowds=wanted).state is SlotState.READY
    assert server.gets("/new") == 1


def test_a_cut_is_seen_when_the_size_is_unknown(device, server):
    def cut(request):
        first = request.first_byte
        if first:
            span = f"bytes {first}-{len(NEW) - 1}/{len(NEW)}"
            request.answer(206, NEW[first:], Content_Range=span)
        else:
            request.start(200, Content_Length=str(len(NEW)))
            request.wfile.write(NEW[:1000])

    server.route("/new", cut)
    wanted = server.model(NEW, "/new")
    del wanted["size"]
    device.bring(crowds=wanted)
    assert device.later().state is SlotState.READY
    assert server.gets("/new") == 2
