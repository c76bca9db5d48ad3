"""Connected devices hear of desired properties after they are kept; the feed of everything."""

from __future__ import annotations

import pytest

from edgeops.localhub.service import bulk, configurations, devices, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore


class RecordingLink:
    """A connected device that remembers what it was told."""

    def __init__(self):
        self.heard = []
        self.closed = None

    def notify(self, change):
        self.heard.append(change.patch)

    def call(self, request, method, payload):
        return False

    def close(self, reason):
        self.closed = reason


@pytest.fixture
def hub(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        yield EmulatedHub(store)


@pytest.fixture
def connected(hub):
    """Connects a device or module."""

    def connect(device, module=""):
        link = RecordingLink()
        hub.links.add((device, module), link)
        return link

    return connect


def kinds(hub):
    return [event.get("opType") or event["source"] for event in hub.store.events(0, 100, None)]


def test_writes_of_desired_properties_reach_devices_as_patches(hub, connected):
    edge = {"deviceId": "d1", "capabilities": {"iotEdge": True}}
    registry.put_device(hub, "d1", edge, None)
    device, edge_hub = connected("d1"), connected("d1", "$edgeHub")

    twins.patch_twin(hub, "d1", "", {"properties": {"desired": {"a": 1}}}, None)
    twins.patch_twin(hub, "d1", "", {"tags": {"a": 1}}, None)
    twins.replace_twin(hub, "d1", "", {"properties": {"desired": {"b": 2}}}, None)
    content = {"modulesContent": {"$edgeHub": {"properties.desired": {"routes": {}}}}}
    finish(configurations.apply_content(hub, "d1", content))

    assert device.heard == [{"a": 1}, {"a": None, "b": 2}]
    assert edge_hub.heard == [{"routes": {}}]


def test_a_refused_write_reaches_no_device(hub, connected):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    device = connected("d1")
    with pytest.raises(HubFault):
        twins.patch_twin(hub, "d1", "", {"properties": {"desired": {"a.b": 1}}}, None)
    assert device.heard == []
    assert kinds(hub) == ["createDeviceIdentity"]


def test_of_a_bulk_request_only_what_was_kept_reaches_devices(hub, connected):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    device = connected("d1")
    body = [
        {"id": "d1", "importMode": "updateTwin", "properties": {"desired": {"a": 1}}},
        {"id": "d2", "importMode": "create", "properties": {"desired": {"a.b": 1}}},
    ]
    assert not finish(bulk.import_devices(hub, body))["isSuccessful"]
    assert device.heard == [{"a": 1}]
    assert kinds(hub) == ["createDeviceIdentity", "updateTwin"]


REFUSED = {"tags": {"a": 1}, "properties": {"desired": {"a.b": 1}}}


@pytest.mark.parametrize(
    "refused",
    [
        {"id": "new", "importMode": "create", **REFUSED},
        {"id": "new", "importMode": "create", "capabilities": {"iotEdge": True}, **REFUSED},
        {"id": "d2", "importMode": "create"},
        {"id": "d2", "moduleId": "new", "importMode": "create", **REFUSED},
        {"id": "d2", "importMode": "update", "deviceScope": "ms-azure-iot-edge://none-1"},
        {"id": "d2", "importMode": "updateIfMatchETag", "eTag": "other"},
        {"id": "d2", "importMode": "updateTwin", **REFUSED},
        {"id": "d2", "importMode": "updateTwinIfMatchETag", "twinETag": "other", "tags": {"a": 1}},
        {"id": "d2", "moduleId": "$edgeHub", "importMode": "updateTwin", "tags": {"a": 1}},
        {"id": "d2", "moduleId": "$edgeHub", "importMode": "delete"},
        {"id": "d2", "importMode": "deleteIfMatchETag", "eTag": "other"},
    ],
)
def test_an_entry_that_fails_changes_nothing_and_the_others_are_kept(hub, connected, refused):
    for name in ("d1", "d2", "d3"):
        body = {"deviceId": name, "capabilities": {"iotEdge": name == "d2"}}
        registry.put_device(hub, name, body, None)
    device = connected("d2")
    before, seen = hub.device("d2"), kinds(hub)
    modules = hub.store.modules("d2")
    desired = {"properties": {"desired": {"a": 1}}}
    result = finish(
        bulk.import_devices(
            hub,
            [
                {"id": "d1", "importMode": "updateTwin", **desired},
                refused,
                {"id": "d3", "importMode": "updateTwin", **desired},
            ],
        )
    )
    assert [error["deviceId"] for error in result["errors"]] == [refused["id"]]
    assert (hub.device("d2"), hub.store.modules("d2")) == (before, modules)
    assert hub.store.entry("new") is None
    assert device.heard == []
    assert kinds(hub) == [*seen, "updateTwin", "updateTwin"]
    assert [hub.device(name).twin.desired.values for name in ("d1", "d3")] == [{"a": 1}] * 2


def test_the_connections_of_a_deleted_device_are_closed(hub, connected):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    registry.put_module(hub, "d1", "m1", {"deviceId": "d1", "moduleId": "m1"}, None)
    links = connected("d1"), connected("d1", "m1"), connected("d2")
    registry.delete_device(hub, "d1", None)
    assert [link.closed for link in links] == ["deleted", "deleted", None]


def test_disabling_a_device_closes_its_connections(hub, connected):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    link = connected("d1")
    registry.put_device(hub, "d1", {"deviceId": "d1", "status": "disabled"}, "*")
    assert link.closed == "disabled"


def test_everything_that_happens_is_an_event(hub):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    registry.put_module(hub, "d1", "m1", {"deviceId": "d1", "moduleId": "m1"}, None)
    devices.set_connected(hub, "d1", "", connected=True)
    twins.report(hub, "d1", "m1", {"a": 1})
    devices.send_telemetry(hub, "d1", "m1", {"$.on": "out", "$.ct": "x/y", "k": "v"}, b"[1]")
    devices.send_telemetry(hub, "d1", "", {}, b"\xff")
    devices.set_connected(hub, "d1", "", connected=False)
    registry.delete_device(hub, "d1", None)

    assert kinds(hub) == [
        "createDeviceIdentity",
        "createModuleIdentity",
        "deviceConnected",
        "updateTwin",
        "Telemetry",
        "Telemetry",
        "deviceDisconnected",
        "deleteDeviceIdentity",
    ]
    reported, sent, binary = hub.store.events(3, 3, "d1")
    assert reported["body"] == {"version": 3, "properties": {"reported": {"a": 1, "$version": 2}}}
    assert (sent["deviceId"], sent["moduleId"], sent["body"]) == ("d1", "m1", [1])
    assert sent["systemProperties"] == {"output-name": "out", "content-type": "x/y"}
    assert sent["properties"] == {"k": "v"}
    assert binary["bodyBase64"] == "/w=="
    assert "body" not in binary


def test_only_the_newest_events_are_kept(hub, monkeypatch):
    monkeypatch.setattr("edgeops.localhub.store.MAX_EVENTS", 3)
    for n in range(5):
        registry.put_device(hub, f"d{n}", {"deviceId": f"d{n}"}, None)
    assert [event["sequence"] for event in hub.store.events(0, 10, None)] == [3, 4, 5]


def test_nobody_is_connected_when_a_hub_starts(hub):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    devices.set_connected(hub, "d1", "", connected=True)
    devices.mark_all_disconnected(hub)
    devices.mark_all_disconnected(hub)
    assert twins.get_twin(hub, "d1")["connectionState"] == "Disconnected"
    assert kinds(hub)[1:] == ["deviceConnected", "deviceDisconnected"]


def test_a_database_of_the_layout_before_is_taken_over(tmp_path, hub):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    hub.store._sqlite.executescript(
        "DROP TABLE feed; DROP TABLE sessions; PRAGMA user_version = 1;"
    )
    with HubStore(tmp_path / "hub.db") as store:
        assert store.entry("d1")
        assert store.last_event() == 0


def test_a_database_from_before_there_were_messages_is_taken_over(tmp_path, hub):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    hub.store._sqlite.executescript(
        "DROP TABLE cloud_messages; DROP TABLE cloud_subscriptions; DROP TABLE feedback;"
        "UPDATE entries SET body ="
        " CAST(json_remove(CAST(body AS TEXT), '$.cloud_messages') AS BLOB);"
        "PRAGMA user_version = 4;"
    )
    with HubStore(tmp_path / "hub.db") as store:
        assert store.entry("d1").cloud_messages == 0
        assert store.messages.queue("d1") == []


def test_a_long_bulk_request_is_several_transactions(hub, monkeypatch):
    monkeypatch.setattr("edgeops.localhub.service.batch._SECONDS_PER_TRANSACTION", 0.0)
    body = [{"id": f"d{n}", "importMode": "create"} for n in range(3)]
    steps = bulk.import_devices(hub, [*body, {"id": "d/", "importMode": "create"}])
    for done in (1, 2, 3):
        next(steps)
        assert len(kinds(hub)) == done
    result = finish(steps)
    assert [error["deviceId"] for error in result["errors"]] == ["d/"]
    assert len(kinds(hub)) == 3


@pytest.mark.parametrize("times", [1, 5])
def test_what_is_written_while_content_is_applied_is_kept(hub, times):
    edge = {"deviceId": "d1", "capabilities": {"iotEdge": True}}
    registry.put_device(hub, "d1", edge, None)
    modules = {"modules": {"m1": {}}}
    content = {"$edgeAgent": {"properties.desired": modules}, "m1": {"properties.desired.a": 1}}
    finish(configurations.apply_content(hub, "d1", {"modulesContent": content}))
    content["m1"] = {"properties.desired.b": 2}

    steps = configurations.apply_content(hub, "d1", {"modulesContent": content})
    for n in range(times):
        next(steps)
        next(steps)
        next(steps)
        twins.report(hub, "d1", "m1", {"n": n})
    finish(steps)

    twin = twins.get_twin(hub, "d1", "m1")["properties"]
    assert (twin["desired"]["a"], twin["desired"]["b"]) == (1, 2)
    assert twin["reported"]["n"] == times - 1


def test_content_for_a_device_that_is_deleted_meanwhile_is_refused(hub):
    registry.put_device(hub, "d1", {"deviceId": "d1", "capabilities": {"iotEdge": True}}, None)
    content = {"modulesContent": {"m1": {"properties.desired": {}}}}
    steps = configurations.apply_content(hub, "d1", content)
    next(steps)
    registry.delete_device(hub, "d1", None)
    with pytest.raises(HubFault, match="not registered"):
        finish(steps)
