"""Microsoft's service SDK for Node: configurations, and content for one device."""

from __future__ import annotations

import pytest

NOT_FOUND = ["Error", 404, "ConfigurationNotFound"]
BAD_CONTENT = ["ArgumentError", 400, "InvalidConfigurationContent"]


@pytest.fixture(scope="module")
def saw(run_script):
    return run_script("configurations.mjs")


def test_a_configuration_is_added_and_read(saw):
    assert saw["added"] == {
        "id": "lamps",
        "content": {"deviceContent": {"properties.desired.lamp": {"on": True}}},
        "targetCondition": "tags.lamp = true",
        "priority": 20,
        "labels": {"by": "node"},
        "queries": {"on": "SELECT deviceId FROM devices WHERE properties.reported.on = true"},
    }
    assert saw["added twice"] == ["DeviceAlreadyExistsError", 409, "ConfigurationAlreadyExists"]
    assert saw["listed"] == ["lamps", "modules"]
    assert saw["bad"] == BAD_CONTENT


def test_etags_guard_configurations(saw):
    assert saw["updated, stale"] == ["InvalidEtagError", 412, "PreconditionFailed"]
    assert saw["updated"] == 50


def test_a_configuration_is_removed(saw):
    assert saw["removed"] == saw["removed twice"] == NOT_FOUND


def test_content_is_applied_to_a_gateway(saw):
    assert saw["applied"] == [[name, "IotEdge"] for name in ("$edgeAgent", "$edgeHub", "sensor")]
    assert saw["desired"] == 5
    assert saw["not a gateway"] == BAD_CONTENT
