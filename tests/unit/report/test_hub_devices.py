"""The devices of the local hub as text and JSON."""

import json

from edgeops.api.hub_devices import HubIdentity
from edgeops.report.hub_devices import as_json, text

FOUND = (
    HubIdentity("g1", "", "enabled", edge=True, connected=True),
    HubIdentity("g1", "camera", "enabled", edge=True, connected=False),
    HubIdentity("thermostat-1", "", "disabled", edge=False, connected=False),
)


def test_modules_are_below_their_device():
    assert text(FOUND).splitlines() == [
        "g1            connected, edge",
        "  camera      disconnected",
        "thermostat-1  disconnected, disabled",
    ]
    assert text(()) == "no devices"


def test_json_has_one_object_each():
    first, second, _ = json.loads(as_json(FOUND))
    assert first == {
        "deviceId": "g1",
        "moduleId": None,
        "status": "enabled",
        "edge": True,
        "connected": True,
    }
    assert second["moduleId"] == "camera"
