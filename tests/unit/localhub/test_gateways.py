"""Messages on a gateway: delivered to modules by its routes, kept while a module is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from edgeops.localhub.routing import InputMessage
from edgeops.localhub.service import configurations, devices, gateways, mailboxes, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.mailboxes import Mailboxes
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore

TO_FILTER = 'INTO BrokeredEndpoint("/modules/filter/inputs/readings")'
START = datetime(2026, 1, 2, tzinfo=UTC)


class Inputs:
    """A connected module that takes so many messages."""

    def __init__(self, room=100):
        self.room = room
        self.got = []

    def deliver(self, message):
        if self.room == 0:
            return False
        self.room -= 1
        self.got.append((message.input, message.payload))
        self.properties = message.properties
        return True

    def notify(self, change):
        pass

    def close(self, reason):
        pass


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hub(tmp_path, clock):
    with HubStore(tmp_path / "hub.db") as store:
        hub = EmulatedHub(store, clock=clock)
        edge = {"deviceId": "g1", "capabilities": {"iotEdge": True}}
        registry.put_device(hub, "g1", edge, None)
        yield hub


def deploy(hub, **routes):
    modules = {name: {} for name in ("sensor", "filter")}
    content = {
        "$edgeAgent": {"properties.desired": {"modules": modules}},
        "$edgeHub": {"properties.desired": {"routes": routes}},
    }
    finish(configurations.apply_content(hub, "g1", {"modulesContent": content}))


def connect(hub, module="filter", room=100):
    link = Inputs(room)
    hub.links.add(("g1", module), link)
    gateways.deliver_waiting(hub, "g1", module)
    return link


def send(hub, *payloads, module="sensor", device="g1", **properties):
    for payload in payloads:
        devices.send_telemetry(hub, device, module, {"$.on": "out", **properties}, payload)


def upstream(hub):
    return [
        event["body"] for event in hub.store.events(0, 100, None) if event["source"] == "Telemetry"
    ]


def test_without_a_deployment_everything_goes_upstream(hub):
    body = {"deviceId": "g1", "moduleId": "sensor"}
    registry.put_module(hub, "g1", "sensor", body, None)
    send(hub, b"1")
    assert upstream(hub) == [1]


def test_routes_decide_where_a_message_goes(hub):
    deploy(
        hub,
        hot=f"FROM /messages/modules/sensor/* WHERE as_number(level) > 10 {TO_FILTER}",
        up="FROM /messages/modules/filter/* INTO $upstream",
    )
    filtered = connect(hub)
    send(hub, b"1", level="9")
    send(hub, b"2", level="11")
    assert filtered.got == [("readings", b"2")]
    assert filtered.properties == {"level": "11", "$.cdid": "g1", "$.cmid": "sensor"}
    assert upstream(hub) == []
    send(hub, b"3", module="filter")
    assert upstream(hub) == [3]


def test_new_routes_count_at_once(hub):
    deploy(hub, up="FROM /messages/* INTO $upstream")
    send(hub, b"1")
    deploy(hub, none="FROM /messages/modules/other/* INTO $upstream")
    send(hub, b"2")
    assert upstream(hub) == [1]


def test_a_message_waits_for_its_module_as_long_as_the_route_says(hub, clock):
    deploy(
        hub,
        short={"route": f"FROM /* WHERE short = '1' {TO_FILTER}", "timeToLiveSecs": 5},
        long={"route": f"FROM /* WHERE short != '1' {TO_FILTER}", "timeToLiveSecs": 50},
    )
    send(hub, b"1", short="1")
    send(hub, b"2", short="0")
    clock.now += timedelta(seconds=6)
    assert connect(hub).got == [("readings", b"2")]
    assert not hub.mailboxes.waits(("g1", "filter"))


def test_the_first_priority_is_delivered_first_then_the_oldest(hub):
    deploy(
        hub,
        late=f"FROM /* WHERE level = 'late' {TO_FILTER}",
        soon={"route": f"FROM /* WHERE level = 'soon' {TO_FILTER}", "priority": 1},
    )
    send(hub, b"1", b"2", level="late")
    send(hub, b"3", b"4", level="soon")
    assert [payload for _, payload in connect(hub).got] == [b"3", b"4", b"1", b"2"]


def test_a_module_that_is_behind_gets_the_rest_later_and_in_order(hub):
    deploy(hub, all=f"FROM /messages/modules/sensor/* {TO_FILTER}")
    link = connect(hub, room=1)
    send(hub, b"1", b"2")
    link.room = 1
    send(hub, b"3")
    gateways.deliver_waiting(hub, "g1", "filter")
    link.room = 1
    gateways.deliver_waiting(hub, "g1", "filter")
    assert [payload for _, payload in link.got] == [b"1", b"2", b"3"]


def test_a_device_below_the_gateway_takes_its_routes(hub):
    deploy(hub, leaves=f"FROM /messages/* WHERE NOT is_defined($connectionModuleId) {TO_FILTER}")
    scope = registry.get_device(hub, "g1")["deviceScope"]
    registry.put_device(hub, "leaf", {"deviceId": "leaf", "deviceScope": scope}, None)
    registry.put_device(hub, "free", {"deviceId": "free"}, None)
    filtered = connect(hub)
    send(hub, b"1", device="leaf", module="")
    send(hub, b"2", device="free", module="")
    assert filtered.got == [("readings", b"1")]
    assert filtered.properties == {"$.cdid": "leaf"}
    assert upstream(hub) == [2]


def test_a_change_of_reported_properties_can_be_routed(hub):
    deploy(hub, changes=f"FROM /twinChangeNotifications {TO_FILTER}")
    filtered = connect(hub)
    twins.report(hub, "g1", "sensor", {"state": "on"})
    assert filtered.got == [("readings", b'{"state":"on"}')]


def test_a_route_that_cannot_be_used_is_logged_once(hub, caplog):
    deploy(hub, bad="FROM /* INTO nowhere", good="FROM /* INTO $upstream")
    send(hub, b"1", b"2")
    assert upstream(hub) == [1, 2]
    [line] = caplog.messages
    assert line.startswith("device g1: the route bad is not used: expected $upstream or")


def test_a_message_that_no_route_takes_is_dropped_and_the_log_says_so_once(hub, caplog):
    deploy(hub, up="FROM /messages/modules/filter/* INTO $upstream")
    send(hub, b"1", b"2")
    assert upstream(hub) == []
    assert caplog.messages == ["device g1: no route takes the messages of sensor: dropped"]


def test_a_message_to_a_module_that_does_not_exist_is_dropped(hub):
    deploy(hub, lost='FROM /* INTO BrokeredEndpoint("/modules/none/inputs/a")')
    send(hub, b"1")
    assert not hub.mailboxes.waits(("g1", "none"))


def test_what_waits_for_a_deleted_module_is_forgotten(hub):
    deploy(hub, all=f"FROM /messages/modules/sensor/* {TO_FILTER}")
    send(hub, b"1")
    assert hub.mailboxes.waits(("g1", "filter"))
    registry.delete_module(hub, "g1", "filter", None)
    assert not hub.mailboxes.waits(("g1", "filter"))


def test_what_waits_is_bounded(monkeypatch):
    boxes = Mailboxes()
    message = InputMessage("a", {"k": "v"}, b"x" * 100)

    def kept(name, count):
        return [boxes.keep(name, message, 0, expires=1.0, now=0.0) for _ in range(count)]

    monkeypatch.setattr(mailboxes, "MAX_MESSAGES", 3)
    assert kept(("g1", "m"), 4) == [True] * 3 + [False]
    monkeypatch.setattr(mailboxes, "MAX_BYTES", 4 * message.size)
    assert kept(("g1", "n"), 2) == [True, False]
    assert kept(("g1", "o"), 1) == [False]
    assert not boxes.waits(("g1", "o"))
    boxes.forget("g1", "")
    assert kept(("g2", "m"), 3) == [True] * 3


def test_what_has_expired_takes_no_room_from_other_messages(monkeypatch):
    boxes = Mailboxes()
    message = InputMessage("a", {}, b"x" * 100)
    monkeypatch.setattr(mailboxes, "MAX_MESSAGES", 3)
    monkeypatch.setattr(mailboxes, "MAX_BYTES", 4 * message.size)
    for expires in (3.0, 1.0, 2.0):
        assert boxes.keep(("g1", "m"), message, 0, expires, now=0.0)
    assert boxes.keep(("gone", "m"), message, 0, 1.0, now=0.0)
    assert not boxes.keep(("g1", "m"), message, 0, 5.0, now=0.9)
    assert boxes.keep(("g1", "m"), message, 0, 5.0, now=1.0)
    assert not boxes.waits(("gone", "m"))
    assert not boxes.keep(("g1", "m"), message, 0, 5.0, now=1.9)
    assert boxes.keep(("g2", "m"), message, 0, 5.0, now=1.9)
    got = []
    boxes.deliver(("g1", "m"), lambda sent: got.append(sent) or True, now=2.5)
    assert len(got) == 2


def test_nothing_is_kept_of_deleted_modules_that_never_had_room(monkeypatch):
    monkeypatch.setattr(mailboxes, "MAX_BYTES", 0)
    boxes = Mailboxes()
    for module in ("m", "n"):
        assert not boxes.keep(("g1", module), InputMessage("a", {}, b""), 0, 1.0, now=0.0)
        assert boxes.first_overflow(("g1", module))
        assert not boxes.first_overflow(("g1", module))
    boxes.forget("g1", "m")
    assert boxes.first_overflow(("g1", "m"))
    assert not boxes.first_overflow(("g1", "n"))
    boxes.forget("g1", "")
    assert boxes.first_overflow(("g1", "n"))


def test_a_module_that_stays_away_does_not_fill_the_log(hub, caplog, monkeypatch):
    monkeypatch.setattr(mailboxes, "MAX_MESSAGES", 1)
    deploy(hub, all=f"FROM /messages/modules/sensor/* {TO_FILTER}")
    send(hub, b"1", b"2", b"3")
    dropped = "messages for module g1/filter are dropped: too many are waiting"
    assert caplog.messages == [dropped]
    connect(hub)
    hub.links.remove(("g1", "filter"), hub.links.get(("g1", "filter")))
    send(hub, b"4", b"5", b"6")
    assert caplog.messages == [dropped] * 2


def test_the_log_says_once_that_functions_are_too_costly_for_a_message(hub, caplog):
    condition = " OR ".join(["UPPER($body.text) = 'X'"] * 100)
    deploy(hub, up=f"FROM /* WHERE {condition} INTO $upstream")
    large = b'{"text": "' + b"x" * 200_000 + b'"}'
    send(hub, large, large)
    assert upstream(hub) == []
    [first, _] = caplog.messages
    assert first.startswith("device g1: its routes call too many functions for a message of 2000")


def test_only_the_routes_that_were_used_last_are_kept(hub, monkeypatch):
    route = "FROM /* INTO $upstream"
    monkeypatch.setattr(gateways, "_MAX_CHARACTERS", 2 * len(route))
    for n in range(1, 5):
        if n > 1:
            body = {"deviceId": f"g{n}", "capabilities": {"iotEdge": True}}
            registry.put_device(hub, f"g{n}", body, None)
        content = {
            "$edgeAgent": {"properties.desired": {"modules": {"m": {}}}},
            "$edgeHub": {"properties.desired": {"routes": {"r": route}}},
        }
        finish(configurations.apply_content(hub, f"g{n}", {"modulesContent": content}))
        devices.send_telemetry(hub, f"g{n}", "m", {}, b"")
    assert list(hub.routes) == ["g3", "g4"]
