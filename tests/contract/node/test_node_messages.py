"""Messages to devices, and theirs by HTTPS, with Microsoft's device SDK for Node."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def saw(run_script):
    return run_script("messages.mjs")


def test_a_device_gets_a_message_by_mqtt(saw):
    assert saw["mqtt gets"] == ["hello", "m-mqtt", "c"]
    # This SDK takes `iothub-ack` for a property of the sender.
    assert saw["mqtt properties"] == [["iothub-ack", "full"], ["room", "kitchen"]]


def test_a_device_gets_a_message_by_https(saw):
    assert saw["https gets"] == ["hello", "m-https", "c"]
    assert saw["https properties"] == [["iothub-app-room", "kitchen"]]  # with the header's prefix


def test_a_device_settles_messages_by_https(saw):
    assert saw["https waiting"] == 1
    assert saw["https abandons"] == ["m-2", True]
    assert saw["https waiting at last"] == 0
    assert saw["feedback"] == [["m-mqtt", "Success"], ["m-https", "Success"], ["m-3", "Rejected"]]


def test_a_device_sends_by_https(saw):
    system = {
        "message-id": "s-1",
        "content-type": "application/json",
        "content-encoding": "utf-8",
    }
    assert saw["https sends"] == [
        ["one", {}, {"n": "1"}],
        ["two", {}, {}],
        [{"a": 1}, system, {}],
    ]
