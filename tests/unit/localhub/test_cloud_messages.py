"""Messages to devices in a hub whose clock a test moves: limits, expiry, feedback, counts."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from edgeops.localhub.service import cloud_messages, feedback, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.cloud_messages import shown_time
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore

TO = "/devices/d1/messages/devicebound"


class Clock:
    def __init__(self):
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self):
        return self.now

    def moves(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hub(tmp_path, clock):
    with HubStore(tmp_path / "hub.db") as store:
        hub = EmulatedHub(store, clock)
        registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
        yield hub


def send(hub, payload=b"x", *, to=TO, ack="", properties=None, **system):
    named = {f"$.{name}": value for name, value in system.items()}
    cloud_messages.send(hub, to, named, properties or {}, ack, payload)


def receive(hub):
    received = cloud_messages.receive(hub, "d1")
    return (received.payload, received.state.lock) if received else None


def waiting(hub):
    """How many messages wait, as an identity and a twin say."""
    identity, twin = registry.get_device(hub, "d1"), twins.get_twin(hub, "d1", "")
    assert identity["cloudToDeviceMessageCount"] == twin["cloudToDeviceMessageCount"]
    return identity["cloudToDeviceMessageCount"]


def outcomes(hub):
    """The feedback that a service gets, by message id; it completes it."""
    found = {}
    while received := feedback.receive_feedback(hub):
        found |= {record["originalMessageId"]: record["statusCode"] for record in received.records}
        feedback.settle_feedback(hub, received.state.lock, "complete")
    return found


@contextmanager
def refused(status, code):
    with pytest.raises(HubFault) as caught:
        yield
    assert (caught.value.status, caught.value.code) == (status, code)


def test_messages_wait_in_order_and_are_locked(hub):
    send(hub, b"1")
    send(hub, b"2")
    assert waiting(hub) == 2
    first, second = receive(hub), receive(hub)
    assert (first[0], second[0], receive(hub)) == (b"1", b"2", None)
    assert waiting(hub) == 2
    cloud_messages.settle(hub, "d1", first[1], "complete")
    assert waiting(hub) == 1
    with refused(412, "DeviceMessageLockLost"):
        cloud_messages.settle(hub, "d1", first[1], "complete")
    cloud_messages.settle(hub, "d1", second[1], "abandon")
    assert receive(hub)[0] == b"2"


def test_a_lock_ends_after_a_minute_and_is_no_delivery(hub, clock):
    send(hub)
    for _ in range(12):  # more often than a message may be abandoned
        _, lock = receive(hub)
        clock.moves(59)
        assert receive(hub) is None
        clock.moves(1)
    with refused(412, "DeviceMessageLockLost"):
        cloud_messages.settle(hub, "d1", lock, "complete")
    assert cloud_messages.receive(hub, "d1").state.deliveries == 0


def test_a_message_expires_after_an_hour_or_when_its_sender_says(hub, clock):
    send(hub, mid="hour", ack="full")
    send(hub, mid="soon", ack="negative", exp="2026-01-02T03:05:00Z")
    send(hub, mid="quiet", exp="2026-01-02T04:05:00+01:00")
    clock.moves(60)
    finish(cloud_messages.expire(hub))
    assert waiting(hub) == 1
    assert outcomes(hub) == {"soon": "Expired"}
    clock.moves(3539)
    finish(cloud_messages.expire(hub))
    assert waiting(hub) == 1
    clock.moves(1)
    finish(cloud_messages.expire(hub))
    assert waiting(hub) == 0
    assert outcomes(hub) == {"hour": "Expired"}


def test_feedback_says_how_a_message_ended(hub):
    for name in ("completed", "rejected", "abandoned", "purged"):
        send(hub, mid=name, ack="Full")
    cloud_messages.settle(hub, "d1", receive(hub)[1], "complete")
    cloud_messages.settle(hub, "d1", receive(hub)[1], "reject")
    for _ in range(10):
        cloud_messages.settle(hub, "d1", receive(hub)[1], "abandon")
    assert cloud_messages.purge(hub, "d1") == 1
    assert cloud_messages.purge(hub, "d1") == waiting(hub) == 0
    [record, *_] = (received := feedback.receive_feedback(hub)).records
    assert record == {
        "originalMessageId": "completed",
        "enqueuedTimeUtc": "2026-01-02T03:04:05.0000000Z",
        "statusCode": "Success",
        "description": "Success",
        "deviceId": "d1",
        "deviceGenerationId": registry.get_device(hub, "d1")["generationId"],
    }
    assert feedback.receive_feedback(hub) is None  # it is locked
    feedback.settle_feedback(hub, received.state.lock, "abandon")
    assert outcomes(hub) == {
        "completed": "Success",
        "rejected": "Rejected",
        "abandoned": "DeliveryCountExceeded",
        "purged": "Purged",
    }
    with refused(412, "DeviceMessageLockLost"):
        feedback.settle_feedback(hub, received.state.lock, "complete")


def test_feedback_comes_in_batches_of_64_and_expires(hub, clock):
    for number in range(100):
        send(hub, mid=str(number), ack="positive")
        cloud_messages.settle(hub, "d1", receive(hub)[1], "complete")
    assert len(feedback.receive_feedback(hub).records) == 64
    assert len(feedback.receive_feedback(hub).records) == 36
    clock.moves(3600)
    assert feedback.receive_feedback(hub) is None


def test_new_feedback_does_not_end_with_old(hub, clock):
    """Nobody asks for an hour, or two: what is new by then is there."""

    def complete(name):
        send(hub, mid=name, ack="positive")
        cloud_messages.settle(hub, "d1", receive(hub)[1], "complete")

    complete("first")
    clock.moves(3599)
    complete("second")
    clock.moves(3599)
    assert "second" in outcomes(hub)
    complete("third")
    clock.moves(3601)
    complete("fourth")
    assert outcomes(hub) == {"fourth": "Success"}


def test_a_deleted_device_leaves_no_messages_and_no_feedback(hub):
    registry.put_device(hub, "d2", {"deviceId": "d2"}, None)
    send(hub, to="/devices/d2/messages/devicebound", mid="of-d2", ack="full")
    send(hub, mid="of-d1", ack="full")
    send(hub)
    cloud_messages.purge(hub, "d2")
    cloud_messages.settle(hub, "d1", receive(hub)[1], "complete")
    registry.delete_device(hub, "d1", "*")
    assert outcomes(hub) == {"of-d2": "Purged"}
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    assert (waiting(hub), receive(hub)) == (0, None)


def test_fifty_messages_can_wait(hub, clock):
    for _ in range(50):
        send(hub)
    with refused(403, "DeviceMaximumQueueDepthExceeded"):
        send(hub)
    assert waiting(hub) == 50
    clock.moves(3600)
    send(hub)  # the others have expired
    assert waiting(hub) == 1


def test_a_message_has_at_most_64_kb_with_its_properties(hub):
    room = 64 * 1024 - len(TO) - len("name") - len("value") - len("m-1")
    send(hub, b"x" * room, properties={"name": "value"}, mid="m-1")
    with refused(413, "MessageTooLarge"):
        send(hub, b"x" * (room + 1), properties={"name": "value"}, mid="m-1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": ""},
        {"to": "/devices/d1"},
        {"to": "/devices/d1/modules/m1/messages/devicebound"},
        {"ack": "maybe"},
        {"exp": "soon"},
        {"exp": "2026-01-02T03:04:05Z"},
        {"exp": "0001-01-01T00:00:00+14:00"},
        {"mid": "a b"},
        {"mid": "x" * 129},
        {"cid": "line\nbreak"},
        {"properties": {"ü": "x"}},
        {"properties": {"": "x"}},
        {"properties": {"x": "ü"}},
        {"properties": {"x": "%" * 21_000}},
        {"properties": {"$.mid": "that of another message"}},
        {"properties": {"$.to": "/devices/another/messages/devicebound"}},
        {"properties": {"iothub-ack": "none"}},
    ],
)
def test_what_a_message_cannot_be(hub, wrong):
    with refused(400, "ArgumentInvalid"):
        send(hub, **wrong)
    assert waiting(hub) == 0


def test_a_message_for_nobody(hub):
    with refused(404, "DeviceNotFound"):
        send(hub, to="/devices/d9/messages/devicebound")


def test_ids_are_percent_encoded_in_the_address(hub):
    registry.put_device(hub, "a%#", {"deviceId": "a%#"}, None)
    send(hub, to="/devices/a%25%23/messages/deviceBound")
    assert cloud_messages.receive(hub, "a%#").message.to == "/devices/a%25%23/messages/deviceBound"


def test_times_in_headers_are_written_as_by_azure():
    assert shown_time(datetime(2017, 12, 22, 0, 14, 12, tzinfo=UTC).timestamp()) == (
        "12/22/2017 12:14:12 AM"
    )
    assert shown_time(datetime(2026, 1, 2, 13, 4, 5, tzinfo=UTC).timestamp()) == (
        "1/2/2026 1:04:05 PM"
    )


def test_a_new_hub_on_the_same_store_has_all_messages(tmp_path, hub, clock):
    send(hub, b"kept", mid="m-1", ack="full", properties={"a": "b"})
    send(hub, b"with a connection that is gone")
    cloud_messages.receive_while_connected(hub, "d1", after=1, limit=8, acknowledged=True)
    with HubStore(tmp_path / "hub.db") as store, store.transaction():
        store.messages.release_all_connections()
        again = EmulatedHub(store, clock)
        assert waiting(again) == 2
    first = cloud_messages.receive(again := hub, "d1")
    assert (first.payload, first.message.bag()["a"], first.message.id) == (b"kept", "b", "m-1")
    second = cloud_messages.receive(again, "d1")
    assert second.payload == b"with a connection that is gone"
    assert second.again
