"""The parts of the hub's page that need no hub: logins, the list in short, events, files."""

from __future__ import annotations

import ast
import json
import re
import shlex

import pytest

from edgeops.cli.hub_open import has_display
from edgeops.fleet.secrets import masked
from edgeops.localhub.access import Endpoint
from edgeops.localhub.page import connect
from edgeops.localhub.page.event_summary import MAX_TEXT, summary
from edgeops.localhub.page.files import page_files
from edgeops.localhub.page.logins import (
    MAX_LINKS,
    MAX_SESSIONS,
    SECONDS_OF_A_LINK,
    SECONDS_OF_A_SESSION,
    Logins,
)
from edgeops.localhub.page.overview import COLUMNS, overview, row, rows_of
from edgeops.localhub.service import devices, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore


class Time:
    now = 0.0

    def __call__(self):
        return self.now


# --- logins -----------------------------------------------------------------------------


def test_a_link_works_once():
    logins = Logins()
    link = logins.new_link()
    session = logins.enter(link)
    assert logins.is_open(session)
    assert logins.enter(link) is None
    assert session != link
    assert not logins.is_open(link)


@pytest.mark.parametrize("wrong", ["", "x", "\ud800", "é" * 5000])
def test_what_is_no_link_opens_nothing(wrong):
    logins = Logins()
    logins.new_link()
    assert logins.enter(wrong) is None
    assert not logins.is_open(wrong)


def test_links_and_sessions_end():
    time = Time()
    logins = Logins(time)
    late, link = logins.new_link(), logins.new_link()
    session = logins.enter(link)
    time.now = SECONDS_OF_A_LINK
    assert logins.enter(late) is None
    time.now = SECONDS_OF_A_SESSION - 1
    assert logins.is_open(session)
    time.now = SECONDS_OF_A_SESSION
    assert not logins.is_open(session)


def test_links_and_sessions_are_bounded():
    logins = Logins()
    links = [logins.new_link() for _ in range(MAX_LINKS + 1)]
    assert logins.enter(links[0]) is None
    sessions = [logins.enter(links[1])]
    sessions += [logins.enter(logins.new_link()) for _ in range(MAX_SESSIONS)]
    assert [logins.is_open(session) for session in sessions] == [False] + [True] * MAX_SESSIONS


# --- the list of devices ----------------------------------------------------------------


@pytest.fixture
def hub(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        yield EmulatedHub(store)


def create(hub, device, *modules, edge=False):
    body = {"deviceId": device, "capabilities": {"iotEdge": edge}}
    registry.put_device(hub, device, body, None)
    for module in modules:
        registry.put_module(hub, device, module, {"deviceId": device, "moduleId": module}, None)


def seen(hub, device):
    """The row of a device by its columns."""
    (found,) = finish(rows_of(hub, [device, "nobody"], masked))["rows"]
    return dict(zip(COLUMNS, found, strict=True))


def test_the_list_has_a_row_for_each_device(hub):
    create(hub, "a", "m1", "m2")
    create(hub, "b")
    create(hub, "c", "m1", edge=True)
    devices.set_connected(hub, "c", "m1", connected=True)
    rows = finish(overview(hub, masked))["rows"]
    assert [(r[0], r[1], r[3], r[4]) for r in rows] == [
        ("a", 0, 0, 2),
        ("b", 0, 0, 0),
        ("c", 1, 1, 1),
    ]
    assert rows == [finish(rows_of(hub, [r[0]], masked))["rows"][0] for r in rows]
    assert rows[1][5] == ""  # never active
    assert len(rows[2][5]) == 28


@pytest.mark.parametrize(
    ("reported", "state", "reason"),
    [
        ({}, "", ""),
        ({"lastDesiredVersion": 1}, "running", ""),
        ({"lastDesiredVersion": 7}, "pending", "at version 7 of 1"),
        (
            {"lastDesiredStatus": {"code": 400, "description": "bad <b>"}},
            "refused",
            "400 bad <b>",
        ),
        (
            {
                "lastDesiredVersion": 1,
                "modules": {"m": {"runtimeStatus": "backoff"}, "n": {"runtimeStatus": "running"}},
                "systemModules": {"edgeHub": {"runtimeStatus": "failed"}},
            },
            "failing",
            "edgeHub failed, m backoff",
        ),
        # whatever a device says
        ({"lastDesiredStatus": [1], "modules": 5, "systemModules": {"x": None}}, "", ""),
        ({"lastDesiredStatus": {"code": "x" * 4000}}, "refused", "x" * 160),
        ({"modules": {"m": {"runtimeStatus": {"a": 1}}}, "lastDesiredVersion": 1}, "running", ""),
    ],
)
def test_what_an_agent_reports(hub, reported, state, reason):
    create(hub, "e", edge=True)
    if reported:
        twins.report(hub, "e", "$edgeAgent", reported)
    assert (seen(hub, "e")["state"], seen(hub, "e")["reason"]) == (state, reason)


def test_what_an_agent_reports_is_shown_without_secrets(hub):
    create(hub, "e", edge=True)
    why = "pull of x failed: SharedAccessKey=" + "k" * 43 + "="
    twins.report(hub, "e", "$edgeAgent", {"lastDesiredStatus": {"code": 400, "description": why}})
    for document in (finish(overview(hub, masked)), finish(rows_of(hub, ["e"], masked))):
        [found] = document["rows"]
        assert found[-1] == "400 pull of x failed: SharedAccessKey=***"


def test_a_disabled_device_is_seen(hub):
    create(hub, "d")
    assert seen(hub, "d")["enabled"] == 1
    registry.put_device(hub, "d", {"deviceId": "d", "status": "disabled"}, "*")
    assert seen(hub, "d")["enabled"] == 0
    assert row(hub.device("d"), [], masked)[0] == "d"


# --- events -----------------------------------------------------------------------------


def event(hub, number):
    return summary(hub.store.events(number - 1, 1, None)[0], lambda value: value)


def test_events_in_short(hub):
    create(hub, "d")
    devices.send_telemetry(hub, "d", "", {"$.ct": "application/json", "$.ce": "utf-8"}, b'{"a":1}')
    devices.send_telemetry(hub, "d", "", {}, b"\xff\xfe\xfd")
    devices.send_telemetry(hub, "d", "", {}, b"x" * 1000)
    twins.patch_twin(hub, "d", "", {"properties": {"desired": {"a": 1}}, "tags": {"t": 2}}, None)
    twins.report(hub, "d", "", {"b": 1})
    found = [event(hub, number) for number in range(1, 7)]
    assert [(e["n"], e["kind"], e["what"]) for e in found] == [
        (1, "lifecycle", "createDeviceIdentity"),
        (2, "telemetry", ""),
        (3, "telemetry", ""),
        (4, "telemetry", ""),
        (5, "twin", "updateTwin"),
        (6, "twin", "updateTwin"),
    ]
    assert [e["text"] for e in found] == [
        "",
        '{"a":1}',
        "3 bytes that are not text",
        "x" * MAX_TEXT,
        '{"tags":{"t":2},"desired":{"a":1,"$version":2}}',
        '{"reported":{"b":1,"$version":2}}',
    ]
    assert [e["cut"] for e in found] == [False, False, False, True, False, False]


def test_secrets_in_events_are_hidden(hub):
    create(hub, "d")
    devices.send_telemetry(hub, "d", "", {}, b'{"password": "hunter2"}')
    devices.send_telemetry(hub, "d", "", {"$.on": "password=hunter2"}, b"password=hunter2")
    first, second = (summary(event, masked) for event in hub.store.events(1, 2, None))
    assert first["text"] == '{"password":"***"}'
    assert (second["what"], second["text"]) == ("password=***", "password=***")


@pytest.mark.parametrize("body", [b"/:" * 100_000, b'{"a": "' + b"/:" * 100_000 + b'"}'])
def test_what_would_take_long_to_look_through_is_not_shown_in_short(hub, body):
    """A device could hold up the hub of whoever looks at its events."""
    looked_at = []
    create(hub, "d")
    devices.send_telemetry(hub, "d", "", {"$.on": "o" * 10_000}, body)
    shown = summary(hub.store.events(1, 1, None)[0], lambda value: looked_at.append(value) or value)
    assert shown["text"].startswith("200,0")
    assert shown["text"].endswith(" characters, which Details shows")
    assert max(len(value) for value in looked_at) <= MAX_TEXT


# --- connection strings -------------------------------------------------------------------


def test_lines_of_a_device_with_a_hostile_name_are_one_literal(hub, tmp_path):
    """A device id can have quotes, which must not end a literal in code that somebody copies."""
    name = "x';$(reboot)#'"
    create(hub, name, "m")
    endpoint = Endpoint("127.0.0.1", 8443, 1, tmp_path / "it's ca.pem", 8883)
    for module in ("", "m"):
        document = connect.for_client(endpoint, hub.entry(name, module))
        lines = {line["title"]: line["text"] for line in document["lines"]}
        assert f"DeviceId={name};" in document["string"]
        call = ast.parse(lines["Python"]).body[1].value
        assert call.args[0].value == document["string"]
        for language in ("Node", ".NET"):
            assert json.dumps(document["string"]) in lines[language]
        assert shlex.split(lines["Trust the certificate"])[1].endswith("it's ca.pem")


def test_lines_of_a_service(tmp_path):
    endpoint = Endpoint("127.0.0.1", 443, 1, tmp_path / "ca.pem")
    document = connect.for_service(endpoint, "service", "a2V5")
    assert document["string"] == (
        "HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=a2V5"
    )
    (az,) = [line["text"] for line in document["lines"] if line["title"] == "az"]
    assert shlex.split(az)[-1] == document["string"]


# --- the files ----------------------------------------------------------------------------


def test_all_files_together_are_small():
    assert sum(len(file.content) for file in page_files().values()) < 150_000


@pytest.mark.parametrize("name", sorted(page_files()))
def test_nothing_is_inline_and_nothing_is_from_outside(name):
    text = page_files()[name].content.decode()
    outside = re.findall(r"https?://(?!www\.w3\.org/2000/svg)[^\s\"'`$]+", text)
    assert outside == []
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text)


@pytest.mark.parametrize("name", sorted(n for n in page_files() if n.endswith(".js")))
def test_scripts_make_text_only(name):
    text = page_files()[name].content.decode()
    sinks = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    assert not re.search(sinks, text)


def test_a_browser_is_opened_only_where_it_can_show_itself():
    assert has_display({"DISPLAY": ":0"}, "linux")
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert has_display({}, "darwin")
    assert not has_display({"DISPLAY": ""}, "linux")
