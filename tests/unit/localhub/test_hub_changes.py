"""Listeners hear of desired properties after they are kept: what MQTT will send to devices."""

from __future__ import annotations

import pytest

from edgeops.localhub.service import configurations, registry, twins
from edgeops.localhub.service.hub import Hub
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.store import Store


@pytest.fixture
def hub(tmp_path):
    with Store(tmp_path / "hub.db") as store:
        yield Hub(store)


@pytest.fixture
def heard(hub):
    changes = []
    hub.on_change.append(lambda change: changes.append((change.module, change.patch)))
    return changes


def test_writes_of_desired_properties_are_heard(hub, heard):
    edge = {"deviceId": "d1", "capabilities": {"iotEdge": True}}
    registry.put_device(hub, "d1", edge, None)

    twins.patch_twin(hub, "d1", "", {"properties": {"desired": {"a": 1}}}, None)
    twins.patch_twin(hub, "d1", "", {"tags": {"a": 1}}, None)
    twins.replace_twin(hub, "d1", "", {"properties": {"desired": {"b": 2}}}, None)
    content = {"modulesContent": {"$edgeHub": {"properties.desired": {"routes": {}}}}}
    configurations.apply_content(hub, "d1", content)

    assert heard == [("", {"a": 1}), ("", {"a": None, "b": 2}), ("$edgeHub", {"routes": {}})]


def test_a_refused_write_is_not_heard(hub, heard):
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    with pytest.raises(HubFault):
        twins.patch_twin(hub, "d1", "", {"properties": {"desired": {"a.b": 1}}}, None)
    assert heard == []
