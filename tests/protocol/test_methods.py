"""Direct methods between a service and a device, without sockets."""

from __future__ import annotations

import asyncio

import pytest

from edgeops.localhub.mqtt.packets import Publish
from edgeops.localhub.service import methods
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.method_calls import MethodCall, method_call

METHODS = "$iothub/methods/POST/#"


async def called(hub, call, act, module=""):
    """The outcome of a call, while `act` goes on beside it."""
    task = asyncio.ensure_future(methods.invoke(hub.hub, "d1", module, call))
    await asyncio.sleep(0)
    act()
    return await task


def answer(client, status, payload):
    [request] = client.received()
    rid = request.topic.partition("$rid=")[2]
    client.send(Publish(f"$iothub/methods/res/{status}/?$rid={rid}", payload))
    return request


def fault_of(hub, call, act=lambda: None):
    with pytest.raises(HubFault) as caught:
        asyncio.run(called(hub, call, act))
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("module", ["", "m1"])
def test_a_device_answers(hub, module):
    client = hub.connect("d1/m1" if module else "d1", METHODS)
    requests = []
    call = MethodCall("re boot", b'{"now":true}')
    result = asyncio.run(
        called(hub, call, lambda: requests.append(answer(client, 201, b"[1]")), module)
    )
    assert result == {"status": 201, "payload": [1]}
    assert requests[0].topic.startswith("$iothub/methods/POST/re%20boot/?$rid=")
    assert (requests[0].payload, requests[0].qos) == (b'{"now":true}', 0)


def test_an_empty_answer_is_null(hub):
    client = hub.connect("d1", METHODS)
    result = asyncio.run(called(hub, MethodCall("m", b"null"), lambda: answer(client, 200, b"")))
    assert result == {"status": 200, "payload": None}


def test_an_answer_that_is_not_json_is_the_devices_fault(hub):
    client = hub.connect("d1", METHODS)
    fault = fault_of(hub, MethodCall("m", b"null"), lambda: answer(client, 200, b"{"))
    assert fault == (502, "BadDeviceResponse")


def test_a_call_to_a_device_that_is_not_connected_fails(hub):
    assert fault_of(hub, MethodCall("m", b"null")) == (404, "DeviceNotOnline")
    hub.connect("d1", "$iothub/twin/res/#")  # there, but takes no methods
    assert fault_of(hub, MethodCall("m", b"null")) == (404, "DeviceNotOnline")
    assert fault_of(hub, MethodCall("m", b"null", connect_seconds=0.01)) == (404, "DeviceNotOnline")


def test_a_call_waits_for_the_device_to_connect(hub):
    hub.connect("d1", METHODS).vanish()

    async def call_then_connect():
        call = MethodCall("m", b"null", connect_seconds=5)
        task = asyncio.ensure_future(methods.invoke(hub.hub, "d1", "", call))
        await asyncio.sleep(0)
        client = hub.connect("d1", again=True)
        for _ in range(10):  # turns of the loop, until the call has woken up
            await asyncio.sleep(0)
        answer(client, 200, b"1")
        return await task

    assert asyncio.run(call_then_connect()) == {"status": 200, "payload": 1}


def test_a_device_that_does_not_answer(hub):
    client = hub.connect("d1", METHODS)
    call = MethodCall("m", b"null", response_seconds=0.01)
    assert fault_of(hub, call) == (504, "GatewayTimeout")
    answer(client, 200, b"1")  # too late, and nobody minds
    assert not client.closed


def test_only_the_device_itself_may_answer(hub):
    client, other = hub.connect("d1", METHODS), hub.connect("d1/m1", METHODS)

    def forge():
        rid = client.received()[0].topic.partition("$rid=")[2]
        other.send(Publish(f"$iothub/methods/res/200/?$rid={rid}", b"1"))

    call = MethodCall("m", b"null", response_seconds=0.01)
    assert fault_of(hub, call, forge) == (504, "GatewayTimeout")


def test_a_hub_that_stops_lets_callers_go(hub):
    hub.connect("d1", METHODS)
    assert fault_of(hub, MethodCall("m", b"null"), hub.hub.stop) == (503, "ServiceUnavailable")
    call = MethodCall("m", b"null", connect_seconds=300)
    with pytest.raises(HubFault, match="Timed out"):
        asyncio.run(methods.invoke(hub.hub, "d1", "m1", call))


def test_the_body_of_a_call():
    assert method_call({"methodName": "m"}) == MethodCall("m", b"null", 0, 30)
    body = {
        "methodName": "m",
        "payload": {"a": [1]},
        "connectTimeoutInSeconds": 300,
        "responseTimeoutInSeconds": 5,
    }
    assert method_call(body) == MethodCall("m", b'{"a":[1]}', 300, 5)
    as_text = {"connectTimeoutInSeconds": "300", "responseTimeoutInSeconds": "5"}  # as az does
    assert method_call(body | as_text) == method_call(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"methodName": ""},
        {"methodName": 1},
        {"methodName": None},
        {"connectTimeoutInSeconds": 301},
        {"connectTimeoutInSeconds": -1},
        {"responseTimeoutInSeconds": 4},
        {"responseTimeoutInSeconds": True},
        {"responseTimeoutInSeconds": "4"},
        {"responseTimeoutInSeconds": "5.0"},
        {"responseTimeoutInSeconds": ""},
        {"connectTimeoutInSeconds": "9" * 10_000},
        {"connectTimeoutInSeconds": "²"},
        {"payload": "x" * 140_000},
    ],
)
def test_bodies_that_are_refused(changes):
    with pytest.raises(HubFault):
        method_call({"methodName": "m"} | changes)
    with pytest.raises(HubFault):
        method_call([])
