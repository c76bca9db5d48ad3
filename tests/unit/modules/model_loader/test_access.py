"""Read access to private stores is used for its host, and appears nowhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from edgeops.modules.model_loader.access import StoreAccess, access_for, parse_access
from edgeops.modules.model_loader.faults import Code
from edgeops.modules.model_loader.status import SlotState

NEW = bytes(range(256)) * 2000
SECRET = "sv=2024&sig=c2VjcmV0c2VjcmV0"


def access(server, expires="2099-01-01T00:00:00Z", query=SECRET):
    return {"private": {"host": server.host, "query": query, "expires": expires}}


def serve_privately(server, content):
    def serve(request):
        if request.path == f"/new?{SECRET}":
            request.answer(200, content)
        else:
            request.answer(403)

    server.route("/new", serve)
    return server.model(content, "/new")


def test_access_opens_the_file(device, server):
    device.offer({"models": {"crowds": serve_privately(server, NEW)}, "access": access(server)})
    device.work()
    assert device.runs(NEW)


def test_the_secret_is_in_no_file_report_or_log(device, server, caplog):
    caplog.set_level(0, logger="test")  # the libraries' logs are off, see start_log
    wanted = serve_privately(server, NEW + b"other bytes") | {"sha256": "0" * 64}
    device.offer({"models": {"crowds": wanted}, "access": access(server)})
    device.work()
    device.offer({"models": {"crowds": serve_privately(server, NEW)}, "access": access(server)})
    device.work()
    assert device.runs(NEW)
    shown = json.dumps(device.reported()) + caplog.text + repr(device.loader)
    stored = b"".join(path.read_bytes() for path in device.storage.rglob("*") if path.is_file())
    assert "c2VjcmV0" not in shown
    assert b"c2VjcmV0" not in stored.replace(NEW, b"")


def test_expired_access_is_told_apart_and_renewed_access_is_tried_at_once(device, server):
    wanted = serve_privately(server, NEW)
    stale = access(server, "2020-01-01T00:00:00Z", "sig=stale")
    device.offer({"models": {"crowds": wanted}, "access": stale})
    device.work()
    assert device.status().error.code is Code.ACCESS_EXPIRED
    assert "the next `edgeops sync` renews it" in device.status().error.message

    device.offer({"models": {"crowds": wanted}, "access": access(server)})
    device.work()
    assert device.status().state is SlotState.READY


def test_the_server_says_what_time_it_is(device, server):
    """The device's clock may be decades off."""

    def refuse(request):
        request.send_response_only(403)
        request.send_header("Date", "Thu, 01 Jan 2099 00:00:01 GMT")
        request.send_header("Content-Length", "0")
        request.end_headers()

    server.route("/new", refuse)
    wanted = server.model(NEW, "/new")
    device.offer({"models": {"crowds": wanted}, "access": access(server)})
    device.work()
    assert device.status().error.code is Code.ACCESS_EXPIRED


def test_access_is_for_its_host_only(device, server):
    stolen = {"other": {"host": "elsewhere.example", "query": SECRET, "expires": "2099-01-01"}}
    device.offer({"models": {"crowds": serve_privately(server, NEW)}, "access": stolen})
    device.work()
    assert device.status().error.code is Code.FORBIDDEN
    assert [request.path for request in server.requests][-1] == "/new"


def test_access_does_not_follow_a_redirect(device, server):
    server.route("/new", lambda request: request.answer(302, Location="/there"))
    server.file("/there", NEW)
    wanted = server.model(NEW, "/new")
    device.offer({"models": {"crowds": wanted}, "access": access(server)})
    device.work()
    assert device.runs(NEW)
    assert [request.path for request in server.requests][-2:] == [f"/new?{SECRET}", "/there"]


def test_the_longest_access_is_used():
    first, last = (
        StoreAccess(name, "h", name, datetime(year, 1, 1, tzinfo=UTC))
        for name, year in (("a", 2030), ("b", 2031))
    )
    assert access_for("https://H/x", [last, first]) == last
    assert access_for("https://h:444/x", [first]) is None
    assert first.applied_to("https://h/x") == "https://h/x?a"
    assert first.applied_to("https://h/x?y=1") == "https://h/x?y=1&a"


@pytest.mark.parametrize(
    "value",
    [5, {"s": 5}, {"s": {"host": "h", "query": "q"}}, {"s": {"host": 1, "query": 2, "expires": 3}}],
)
def test_bad_access_only_warns(value):
    accesses, warnings = parse_access(value)
    assert accesses == ()
    assert len(warnings) == 1


def test_times_without_zone_are_utc():
    entry = {"host": "h", "query": "q", "expires": "2030-01-01T00:00:00"}
    (parsed,), _ = parse_access({"s": entry})
    assert parsed.expires == datetime(2030, 1, 1, tzinfo=UTC)
    entry["expires"] = "soon"
    assert parse_access({"s": entry})[0] == ()
