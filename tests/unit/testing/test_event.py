"""Which events a test waits for, and how it is told of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from json_values import sections

from edgeops.testing.event import contains, event_of, what_arrived


def event(number=0, source="Telemetry", **content):
    return event_of(
        {
            "sequence": number,
            "source": source,
            "deviceId": "d1",
            "enqueuedTime": "2026-11-30T09:17:18.330Z",
            **content,
        }
    )


@pytest.mark.parametrize(
    ("value", "wanted", "found"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}, True),
        ({"a": 1.0}, {"a": 1}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({}, {"a": None}, False),
        ("a", {}, False),
        (None, {}, False),
    ],
)
def test_an_object_contains_what_has_the_same_values_at_the_same_places(value, wanted, found):
    assert contains(value, wanted) is found


@given(sections)
def test_every_object_contains_itself_and_nothing(value):
    assert contains(value, value)
    assert contains(value, {})


def test_an_event_says_what_it_is():
    connected = event(source="deviceConnectionStateEvents", moduleId="m", opType="moduleConnected")
    assert (connected.kind, connected.device, connected.module) == ("connection", "d1", "m")
    assert connected.line == "09:17:18.330  d1/m  connection  moduleConnected"
    message = event(body={"t": 9.5}, properties={"alert": "yes"})
    assert (message.kind, message.body, message.operation) == ("telemetry", {"t": 9.5}, "")
    assert message.line == '09:17:18.330  d1  telemetry  {"alert": "yes"}  {"t": 9.5}'
    assert event(bodyBase64="AAE=").body is None
    assert event(source="another").kind == "another"


def test_the_line_of_an_event_is_short_and_inert():
    hostile = event(body="\x1b[2J\u202eÅ").line
    assert hostile.isprintable()
    assert hostile.endswith('"\\u001b[2J\\u202eÅ"')
    assert len(event(body="x" * 10_000).line) < 250


def test_the_newest_events_are_listed():
    assert what_arrived([]) == "nothing arrived"
    lines = what_arrived([event(n, body=n) for n in range(25)]).splitlines()
    assert lines[0] == "arrived, after 5 more:"
    assert lines[1:] == [f"  09:17:18.330  d1  telemetry  {n}" for n in range(5, 25)]
