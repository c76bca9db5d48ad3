"""The MQTT topics of devices and modules: what each means, and who may use it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.localhub.mqtt import topics
from edgeops.localhub.mqtt.identity import ClaimedIdentity, claimed_identity
from edgeops.localhub.mqtt.topics import MethodResponse, Telemetry, TwinGet, TwinReport


@pytest.mark.parametrize(
    ("topic", "meaning"),
    [
        ("$iothub/twin/GET/?$rid=a-1", TwinGet("a-1")),
        ("$iothub/twin/GET/?$rid=a%20b", TwinGet("a b")),
        ("$iothub/twin/PATCH/properties/reported/?$rid=7", TwinReport("7")),
        ("$iothub/methods/res/200/?$rid=x", MethodResponse("x", 200)),
        ("devices/d1/messages/events/", Telemetry({})),
        ("devices/d1/messages/events", Telemetry({})),
        (
            "devices/d1/messages/events/$.ct=application%2Fjson&a=1%2B&b=x+y&c&=&",
            Telemetry({"$.ct": "application/json", "a": "1+", "b": "x+y", "c": "", "": ""}),
        ),
        ("devices/d1/messages/events/a=1/", Telemetry({"a": "1"})),
        ("devices/d1/messages/events/a=b/c/", Telemetry({"a": "b/c"})),
        ("$iothub/twin/GET/", None),
        ("$iothub/twin/GET/?x=1", None),
        ("$iothub/twin/PATCH/properties/desired/?$rid=1", None),
        ("$iothub/methods/res/ok/?$rid=x", None),
        ("$iothub/methods/res/٣/?$rid=x", None),
        ("devices/d2/messages/events/", None),
        ("devices/d1/messages/eventsx", None),
        ("devices/d1/modules/m1/messages/events/", None),
        ("anything", None),
    ],
)
def test_the_topics_that_a_device_sends_to(topic, meaning):
    assert topics.parse_topic(topic, "d1", "") == meaning


def test_modules_have_topics_of_their_own():
    asked = topics.parse_topic("devices/d1/modules/m1/messages/events/$.on=out", "d1", "m1")
    assert asked == Telemetry({"$.on": "out"})
    assert topics.parse_topic("devices/d1/messages/events/", "d1", "m1") is None


def test_the_topics_that_a_device_receives_on():
    assert topics.twin_response(204, "a", 3) == "$iothub/twin/res/204/?$rid=a&$version=3"
    assert topics.twin_response(200, "a&b") == "$iothub/twin/res/200/?$rid=a%26b"
    assert topics.desired_change(5) == "$iothub/twin/PATCH/properties/desired/?$version=5"
    assert topics.method("re/boot +#", "1") == "$iothub/methods/POST/re%2Fboot%20%2B%23/?$rid=1"


@pytest.mark.parametrize(
    ("topic_filter", "topic", "matching"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/+/c", "a/b/c", True),
        ("a/+", "a/b/c", False),
        ("a/b", "a/b", True),
        ("a/b", "a", False),
        ("a/b/c", "a/b", False),
        ("$iothub/twin/PATCH/properties/desired/#", topics.desired_change(3), True),
    ],
)
def test_which_topics_a_filter_matches(topic_filter, topic, matching):
    assert topics.matches(topic_filter, topic) is matching


@pytest.mark.parametrize(
    ("topic_filter", "allowed"),
    [
        ("$iothub/twin/res/#", True),
        ("$iothub/methods/POST/#", True),
        ("devices/d1/messages/devicebound/#", True),
        ("devices/d1/modules/m1/inputs/#", True),
        ("devices/d2/messages/devicebound/#", False),
        ("devices/+/messages/devicebound/#", False),
        ("#", False),
        ("$iothub/#", False),
        ("$iothub/twin/#/res", False),
        ("$iothub/twin/res#", False),
    ],
)
def test_devices_subscribe_to_their_own(topic_filter, allowed):
    assert topics.may_subscribe(topic_filter, "d1", "") is allowed


@pytest.mark.parametrize(
    ("client_id", "username", "who"),
    [
        ("d1", "localhost:8443/d1/?api-version=1", ClaimedIdentity("localhost:8443", "d1", "")),
        ("d1/m1", "h/d1/m1/?api-version=1&model-id=x", ClaimedIdentity("h", "d1", "m1", "x")),
        ("d1/$edgeAgent", "h/d1/$edgeAgent/?x", ClaimedIdentity("h", "d1", "$edgeAgent")),
        ("d1", "h/d1", ClaimedIdentity("h", "d1", "")),
        ("d1", "h/d2/?api-version=1", None),
        ("d1", "h/d1x/?api-version=1", None),
        ("d1", "h", None),
        ("d1", "/d1/", None),
        ("d1/", "h/d1/", None),
        ("d1/m1/x", "h/d1/m1/x/", None),
        ("d 1", "h/d 1/", None),
    ],
)
def test_which_identity_a_client_claims(client_id, username, who):
    assert claimed_identity(client_id, username) == who


@given(st.text(), st.text(), st.text())
def test_no_topic_raises(topic, topic_filter, username):
    topics.parse_topic(topic, "d1", "")
    topics.matches(topic_filter, topic)
    topics.may_subscribe(topic_filter, "d1", "m1")
    claimed_identity(topic, username)
