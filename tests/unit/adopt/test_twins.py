"""Twins and identities, as the az tool prints them."""

from __future__ import annotations

from .conftest import agent

PRINT = "A" * 40
DEVICE = {
    "deviceId": "press-1",
    "etag": "AAAA",
    "status": "disabled",
    "authenticationType": "selfSigned",
    "x509Thumbprint": {"primaryThumbprint": PRINT, "secondaryThumbprint": None},
    "capabilities": {"iotEdge": True},
    "deviceScope": "ms-azure-iot-edge://press-1-637000000000000001",
    "parentScopes": ["ms-azure-iot-edge://gate-way-637000000000000002"],
    "tags": {"note": "costs ${PRICE} <now>"},
    "properties": {
        "desired": {"high": 5, "$version": 3, "$metadata": {"$lastUpdated": "2024"}},
        "reported": {"a": 1},
    },
}
MODULE = {
    "deviceId": "press-1",
    "moduleId": "$edgeAgent",
    "tags": {"a": "b"},
    "configurations": {"base": {"status": "Applied"}},
    "properties": {"desired": {**agent(), "$version": 1}},
}


def test_a_device_twin(read):
    found = read(DEVICE)
    (device,) = found.devices
    assert (device.id, device.edge, device.status) == ("press-1", True, "disabled")
    assert (device.authentication, device.thumbprints) == ("selfSigned", (PRINT,))
    assert device.parents == ("gate-way",)
    assert device.desired == {"high": 5}
    assert device.tags == {"note": "costs $${PRICE} <now>"}
    assert not found.placeholders


def test_a_device_below_a_gateway_has_its_scope(read):
    scope = "ms-azure-iot-edge://gateway-637000000000000002"
    (device,) = read({"deviceId": "s", "status": "enabled", "deviceScope": scope}).devices
    assert device.parents == ("gateway",)


def test_results_of_queries_are_put_together(read):
    found = read([MODULE, DEVICE, {**MODULE, "moduleId": "camera", "tags": {}, "properties": {}}])
    (device,) = found.devices
    assert device.edge
    assert device.automatic == ("base",)
    assert device.module_tags == {"$edgeAgent": {"a": "b"}}
    assert list(device.modules) == ["$edgeAgent", "camera"]
    hub = device.modules["$edgeAgent"]["systemModules"]["edgeHub"]
    assert hub["settings"]["createOptions"] == {}
    assert "$version" not in device.modules["$edgeAgent"]
    assert not found.problems


def test_identities_of_modules(read):
    identity = {"authentication": {"type": "sas", "symmetricKey": {"primaryKey": "key"}}}
    found = read([{"deviceId": "d", "moduleId": "m", **identity}, {"deviceId": "d", **identity}])
    (device,) = found.devices
    assert device.modules == {"m": {}}
    assert device.authentication == "sas"
    assert device.edge is None
    assert "key" not in repr(found).replace("symmetricKey", "")


def test_a_certificate_authority_is_x509ca(read):
    twin = {"deviceId": "d", "authenticationType": "certificateAuthority"}
    assert read(twin).devices[0].authentication == "x509CA"


def test_wrong_shapes(read):
    found = read([{**DEVICE, "properties": 5}, {"deviceId": 5, "tags": {}}, 5])
    assert [problem.pointer for problem in found.problems] == ["/0/properties", "/1", "/2"]


def test_an_empty_list_is_told(read):
    assert read([]).notes[0].text == "is an empty list"
