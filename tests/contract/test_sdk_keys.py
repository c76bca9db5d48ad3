"""New keys for devices and modules, as `az iot hub device-identity renew-key` asks for them.

The real SDK sends the requests; it has no method for this one.
"""

from __future__ import annotations

import pytest

THUMBPRINT = "AB" * 20


@pytest.fixture
def fleet(registry):
    for name in ("d1", "d2"):
        registry.create_device_with_sas(name, None, None, "enabled")
    registry.create_device_with_x509("x509", THUMBPRINT, THUMBPRINT, "enabled")
    registry.create_module_with_sas("d1", "m1", "", None, None)
    registry.create_module_with_sas("x509", "m1", "", None, None)
    return registry


@pytest.fixture
def regenerate(fleet, post):
    def regenerate(policy_key, *names):
        devices = [
            {"id": device, "moduleId": module} if module else {"id": device}
            for device, _, module in (name.partition("/") for name in names)
        ]
        body = {"policyKey": policy_key, "devices": devices}
        response = post(fleet, "/devices/keys/regenerate", body)
        return response.status_code, response.json()

    return regenerate


def keys(identity):
    pair = identity.authentication.symmetric_key
    return pair.primary_key, pair.secondary_key


@pytest.mark.parametrize(
    ("policy_key", "primary", "secondary"),
    [
        ("primaryKey", True, False),
        ("secondaryKey", False, True),
        ("both", True, True),
        ("PrimaryKey", True, False),
        ("Both", True, True),
    ],
)
def test_the_keys_that_are_asked_for_are_new(fleet, regenerate, policy_key, primary, secondary):
    before = fleet.get_device("d1")

    status, result = regenerate(policy_key, "d1")

    after = fleet.get_device("d1")
    old, new = keys(before), keys(after)
    assert (new[0] != old[0], new[1] != old[1]) == (primary, secondary)
    assert status == 200
    assert result == {
        "policyKey": policy_key[0].lower() + policy_key[1:],
        "errors": [],
        "rotatedKeys": [
            {
                "id": "d1",
                "moduleId": None,
                "primaryKey": new[0] if primary else None,
                "secondaryKey": new[1] if secondary else None,
            }
        ],
    }
    assert after.etag != before.etag
    assert after.generation_id == before.generation_id
    assert keys(fleet.get_module("d1", "m1")) != new


def test_devices_and_modules_in_one_request(fleet, regenerate):
    names = ("d1", "d2", "d1/m1", "x509/m1")
    before = [keys(fleet.get_device("d2")), keys(fleet.get_module("d1", "m1"))]

    status, result = regenerate("secondaryKey", *names)

    assert status == 200
    rotated = [(item["id"], item["moduleId"]) for item in result["rotatedKeys"]]
    assert rotated == [("d1", None), ("d2", None), ("d1", "m1"), ("x509", "m1")]
    after = [keys(fleet.get_device("d2")), keys(fleet.get_module("d1", "m1"))]
    assert all(
        old[0] == new[0] and old[1] != new[1] for old, new in zip(before, after, strict=True)
    )


def test_each_name_has_its_own_result(fleet, regenerate):
    fleet.create_device_with_sas("gw", None, None, "enabled", iot_edge=True)
    before = keys(fleet.get_module("gw", "$edgeAgent"))

    status, result = regenerate("both", "x509", "nobody", "d1", "d1/nothing", "gw/$edgeAgent")

    assert status == 207
    assert [item["id"] for item in result["rotatedKeys"]] == ["d1"]
    assert [(item["id"], item["moduleId"], item["errorCode"]) for item in result["errors"]] == [
        ("x509", None, "ArgumentInvalid"),
        ("nobody", None, "DeviceNotFound"),
        ("d1", "nothing", "ModuleNotFound"),
        ("gw", "$edgeAgent", "SystemModuleModifyUnauthorizedAccess"),
    ]
    assert all(item["errorStatus"] for item in result["errors"])
    assert fleet.get_device("x509").authentication.x509_thumbprint.primary_thumbprint == THUMBPRINT
    assert keys(fleet.get_module("gw", "$edgeAgent")) == before

    status, result = regenerate("both", "x509")
    assert (status, result["rotatedKeys"]) == (400, [])


@pytest.mark.parametrize(
    ("policy_key", "names", "status", "code"),
    [
        ("Unknown", ["d1"], 400, "InvalidPolicyKey"),
        (None, ["d1"], 400, "InvalidPolicyKey"),
        ("both", [], 400, "ArgumentInvalid"),
        ("both", ["d1", "d2", "d1"], 400, "DeviceDefinedMultipleTimes"),
        ("both", [f"d{n}" for n in range(101)], 413, "TooManyDevices"),
    ],
)
def test_bad_requests_change_nothing(fleet, regenerate, policy_key, names, status, code):
    before = keys(fleet.get_device("d1"))
    answered, result = regenerate(policy_key, *names)
    assert answered == status
    assert result["Message"].startswith(f"ErrorCode:{code};")
    assert keys(fleet.get_device("d1")) == before


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"policyKey": "both"},
        {"policyKey": "both", "devices": {"id": "d1"}},
        {"policyKey": "both", "devices": ["d1"]},
        {"policyKey": "both", "devices": [{"moduleId": "m1"}]},
        {"policyKey": "both", "devices": [{"id": "d1", "moduleId": 1}]},
    ],
)
def test_other_bodies_are_refused(fleet, post, body):
    assert post(fleet, "/devices/keys/regenerate", body).status_code == 400


def test_new_keys_need_the_right_to_write_identities(registry_as, post):
    body = {"policyKey": "both", "devices": [{"id": "d1"}]}
    for policy in ("service", "registryRead"):
        response = post(registry_as(policy), "/devices/keys/regenerate", body)
        assert response.status_code == 401
