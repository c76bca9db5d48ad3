"""Events of a hub as lines."""

import base64
import json

from hostile import HOSTILE, commands
from hypothesis import given
from made_secrets import HELD

from edgeops.report.event_text import event_json, event_line

NONE = "***"


def event(**more):
    return {
        "source": "Telemetry",
        "deviceId": "d1",
        "moduleId": "m",
        "enqueuedTime": "2025-05-01T10:00:00.123Z",
        "systemProperties": {"output-name": "alarms"},
        "properties": {"level": "high"},
        "body": {"count": 3},
        **more,
    }


def test_an_event_is_one_line():
    assert event_line(event()) == (
        '2025-05-01T10:00:00Z  d1/m  telemetry  output alarms  {"level": "high"}  {"count": 3}'
    )
    assert json.loads(event_json(event())) == event()


@given(HELD)
def test_no_secret_of_a_device_is_shown(held):
    secret, text = held
    encoded = base64.b64encode(text.encode()).decode()
    for incoming in (
        event(body={"log": text, "list": [text]}),
        event(body=text),
        event(properties={"from": text, text: "x"}),
        event(systemProperties={"output-name": text}),
        event(source="twinChangeEvents", body={"properties": {"reported": {"a": {"b": text}}}}),
        {**event(bodyBase64=encoded), "body": None},
    ):
        for shown in (event_line(incoming), event_json(incoming)):
            assert not any(piece in shown for piece in secret.split("\n"))
            assert encoded not in shown


def test_values_whose_name_says_that_they_are_secrets():
    body = {"properties": {"desired": {"access": {"token": "hunter2"}, "password": 7, "x": 1}}}
    changed = event(source="twinChangeEvents", body=body)
    shown = {"properties": {"desired": {"access": {"token": NONE}, "password": NONE, "x": 1}}}
    assert json.loads(event_json(changed))["body"] == shown
    assert "hunter2" not in event_line(changed)


def test_other_bytes_stay():
    assert event_line({**event(bodyBase64="/w=="), "body": None}).endswith("base64:/w==")
    assert json.loads(event_json(event(bodyBase64="not base64!")))["bodyBase64"] == NONE


@given(HOSTILE)
def test_no_event_is_a_command(text):
    for incoming in (event(deviceId=text, body=text), event(source=text, properties={text: text})):
        assert not commands(event_line(incoming))
        assert not commands(event_json(incoming))
