"""Microsoft's device SDK for Node, and direct methods of its service SDK."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", params=["Mqtt", "MqttWs"])
def transport(request):
    """Each test is with MQTT, and with MQTT over websockets."""
    return request.param


@pytest.fixture(scope="module")
def saw(run_script, transport):
    return run_script("device.mjs", transport)


@pytest.fixture(scope="module")
def saw_of_modules(run_script, transport):
    return run_script("module.mjs", transport)


def test_a_device_connects(saw):
    assert saw["wrong key"] == "UnauthorizedError"
    assert saw["connected"] == "Connected"
    assert saw["reconnected"] == "again"


def test_a_device_gets_its_twin_and_patches(saw):
    first = {"rate": 1, "nested": {"a": 1, "b": 2}, "$version": 2}
    assert saw["twin"] == saw["desired at first"] == saw["desired again"] == first
    assert saw["desired patch"] == {"rate": 2, "nested": {"b": None}, "$version": 3}
    assert saw["desired"] == {"rate": 2, "nested": {"a": 1}, "$version": 3}


def test_a_device_reports(saw):
    assert saw["reported"] == {"version": "1.2", "slots": ["a", "b"]}


def test_a_report_that_breaks_a_limit_is_an_error(saw):
    """The SDK looks for `errorCode` in the response, and not at its status."""
    assert "at most 4,096 bytes" in saw["report too big"]


def test_a_device_answers_methods(saw):
    assert saw["not connected"] == ["Error", 404, "DeviceNotOnline"]
    assert saw["echoed"] == [{"a": [1, None]}, "text", 7, False, "", None]
    assert saw["answered nothing"] == {"status": 204, "payload": None}
    assert saw["answered an error"] == {"status": 500, "payload": "no"}


def test_a_device_sends_messages(saw):
    system = {
        "message-id": "a1",
        "correlation-id": "c 1",
        "content-type": "application/json",
        "content-encoding": "utf-8",
    }
    properties = {"alert": "no & never", "ü": "+/"}
    assert saw["sent"] == [[{"temperature": 21.5}, system, properties], ["plain/", {}, {}]]


def test_a_module_has_a_twin_and_methods(saw_of_modules):
    assert saw_of_modules["twin"] == {"rate": 5, "$version": 2}
    assert saw_of_modules["reported"] is True
    assert saw_of_modules["desired patch"] == 3
    assert saw_of_modules["method"] == {"status": 200, "payload": {"n": 1}}


def test_a_module_gets_what_another_sends(saw_of_modules):
    assert saw_of_modules["input"] == ["readings", {"t": 51}, "application/json", "°C"]


def test_messages_of_a_module_name_its_output(saw_of_modules):
    """The SDK ends the topic of such a message with a slash."""
    output = {"output-name": "out"}
    assert saw_of_modules["sent"] == [["sensor", output, "plain/"], ["sensor", {}, "no output"]]
