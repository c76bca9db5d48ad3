"""Everything a server can do wrong. In each case the reason is reported and the old model runs."""

from __future__ import annotations

import datetime
import socket
import time

import pytest
import trustme

from edgeops.modules.model_loader.faults import Code
from edgeops.modules.model_loader.status import SlotState

OLD = b"the old model" * 100  # what the fixture `device` runs
NEW = bytes(range(256)) * 2000


@pytest.fixture
def fails(device):
    """Asks for a model and says how it failed, once it is worth reporting."""

    def bring(wanted):
        device.want(crowds=wanted)
        device.work()
        for _ in range(3):
            if device.loader.snapshot()[1]["crowds"].state is SlotState.ERROR:
                break
            device.later()
        status = device.status()
        assert status.state is SlotState.ERROR
        assert device.runs(OLD), "the old model keeps running"
        assert status.in_use.path == device.current().path
        return status.error

    return bring


# --- the file is another one ------------------------------------------------------


@pytest.mark.parametrize(("digest", "name"), [("sha256", "sha256"), ("md5", "md5")])
def test_wrong_digest(fails, device, server, digest, name):
    wanted = server.publish(NEW, "/new") | {digest: "0" * (64 if digest == "sha256" else 32)}
    error = fails(wanted)
    assert error.code is Code.CHECKSUM_MISMATCH
    assert error.message.startswith(f"{name} of the file is ")
    assert device.files() == ["current.json", "old.onnx"]


@pytest.mark.parametrize("size", [1, len(NEW) - 1, len(NEW) + 1])
def test_wrong_size_is_seen_before_the_download(fails, server, size):
    error = fails(server.publish(NEW, "/new") | {"size": size})
    assert error.code is Code.SIZE_MISMATCH
    assert error.message == f"the file at {server.host} has 512,000 bytes, not {size:,}"


def test_a_body_that_ends_early_is_taken_up_again_but_not_for_ever(fails, server):
    def truncated(request):
        request.start(200 if not request.first_byte else 206, **cut_here(request))
        request.wfile.write(NEW[request.first_byte : 1000])

    def cut_here(request):
        first = request.first_byte
        span = {"Content_Range": f"bytes {first}-{len(NEW) - 1}/{len(NEW)}"} if first else {}
        return {"Content_Length": str(len(NEW) - first), **span}

    server.route("/new", truncated)
    assert fails(server.model(NEW, "/new")).code is Code.CONNECTION_LOST


def test_a_file_shorter_than_promised_without_a_length(fails, server):
    def short(request):
        first = request.first_byte
        if first >= 1000:
            request.answer(416, Content_Range="bytes */1000")
        else:
            request.start(200)
            request.wfile.write(NEW[:1000])

    server.route("/new", short)
    assert fails(server.model(NEW, "/new")).code is Code.SIZE_MISMATCH


@pytest.mark.parametrize("size", [{}, {"size": None}])
def test_an_endless_body_is_cut_at_the_size(make_device, server, size):
    def endless(request):
        request.start(200)
        while True:
            request.wfile.write(bytes(65536))

    server.route("/new", endless)
    wanted = server.model(NEW, "/new")
    if size:
        del wanted["size"]
    device = make_device(max_bytes=200_000)
    status = device.bring(crowds=wanted)
    assert status.error.code is (Code.TOO_LARGE if size else Code.SIZE_MISMATCH)
    assert device.files() == []


# --- the server ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, Code.SERVER_ERROR),
        (403, Code.FORBIDDEN),
        (404, Code.NOT_FOUND),
        (429, Code.SERVER_ERROR),
        (500, Code.SERVER_ERROR),
        (204, Code.SERVER_ERROR),
        (304, Code.SERVER_ERROR),
    ],
)
def test_an_answer_without_a_file(fails, server, status, code):
    server.route("/new", lambda request: request.answer(status))
    error = fails(server.model(NEW, "/new"))
    assert (error.code, f"{status}" in error.message) == (code, True)


def test_a_passing_failure_is_reported_only_when_it_lasts(device, server):
    server.route("/new", lambda request: request.answer(503))
    states = [device.bring(crowds=server.model(NEW, "/new")).state]
    states += [device.later().state for _ in range(2)]
    assert states == [SlotState.DOWNLOADING, SlotState.DOWNLOADING, SlotState.ERROR]
    server.file("/new", NEW)
    assert device.later().state is SlotState.READY


def test_waits_grow_from_failure_to_failure(device, server):
    server.route("/new", lambda request: request.answer(503))
    device.want(crowds=server.model(NEW, "/new"))
    waits = []
    for _ in range(12):
        waits.append(device.work())
        device.time[0] += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]


def test_a_redirect_is_followed(device, server):
    server.file("/there", NEW)
    server.route("/new", lambda request: request.answer(302, Location="/there"))
    assert device.bring(crowds=server.model(NEW, "/new")).state is SlotState.READY


def test_a_redirect_loop_ends(fails, server):
    server.route("/new", lambda request: request.answer(302, Location="/new"))
    assert fails(server.model(NEW, "/new")).code is Code.TOO_MANY_REDIRECTS
    assert server.gets("/new") == 6


def test_a_redirect_to_http_is_refused(fails, server):
    away = "http://localhost:1/new?sig=secret"
    server.route("/new", lambda request: request.answer(302, Location=away))
    error = fails(server.model(NEW, "/new"))
    assert error.code is Code.INSECURE_REDIRECT
    assert "secret" not in error.message


def test_a_certificate_of_nobody_we_trust(fails, start_server):
    stranger = start_server(trustme.CA().issue_cert("localhost"))
    error = fails(stranger.publish(NEW, "/new"))
    assert error.code is Code.TLS_FAILED
    assert "self-signed certificate" in error.message or "issuer" in error.message


def test_a_certificate_of_another_time(fails, start_server, authority):
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    outdated = start_server(authority.issue_cert("localhost", not_after=past))
    error = fails(outdated.publish(NEW, "/new"))
    assert error.code is Code.TLS_FAILED
    assert "expired" in error.message
    assert "check the device's clock" in error.message


def test_nobody_listens(fails, server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        wanted = server.model(NEW, "/new") | {"url": f"https://localhost:{port}/new?sig=secret"}
        error = fails(wanted)
    assert (error.code, error.message) == (
        Code.UNREACHABLE,
        f"localhost:{port} cannot be reached",
    )


@pytest.mark.parametrize(
    "url", ["https://localhost:99999/new", "https://[::1/new", "https://.../", "https://a..b/"]
)
def test_an_address_that_is_not_usable(fails, server, url):
    assert fails(server.model(NEW, "/new") | {"url": url}).code in (
        Code.INVALID_DESIRED,
        Code.UNREACHABLE,
    )


# --- the connection -----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("sent", [None, 0, 1000])
def test_a_server_that_stalls(make_device, server, sent):
    def stall(request):
        if sent is not None:
            request.start(200, Content_Length=str(len(NEW)))
            request.wfile.write(NEW[:sent])
        server.release.wait(10)

    server.route("/new", stall)
    device = make_device(stall=0.05)
    device.bring(crowds=server.model(NEW, "/new"))
    while device.status().state is not SlotState.ERROR:
        device.later()
    assert device.status().error.code is Code.STALLED


@pytest.mark.slow
def test_a_server_that_drips(make_device, server):
    def drip(request):
        request.start(200, Content_Length=str(len(NEW)))
        for byte in NEW:
            request.wfile.write(bytes([byte]))
            server.release.wait(0.001)

    server.route("/new", drip)
    device = make_device(
        stall=0.5, downloader=lambda it: type(it)(it.session, 10**7, it.timeouts, time.monotonic)
    )
    device.bring(crowds=server.model(NEW, "/new"))
    part = next(path for path in (device.storage / "crowds").iterdir())
    assert 0 < part.stat().st_size < 1024


# --- time ---------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [-1_800_001_000, 2_000_000_000])
def test_a_clock_that_is_wrong_stops_nothing(device, server, seconds):
    now = device.loader.world.now
    wrong = type(device.loader.world)(
        device.loader.world.clock,
        lambda: now() + datetime.timedelta(seconds=seconds),
        device.loader.world.uniform,
        device.loader.world.log,
    )
    device.loader.world = wrong
    assert device.bring(crowds=server.publish(NEW, "/new")).state is SlotState.READY
    assert device.status().since[:4] in ("1970", "2090")
