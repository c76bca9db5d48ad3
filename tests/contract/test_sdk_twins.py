"""Device and module twins, through the real azure-iot-hub SDK."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

models = pytest.importorskip("azure.iot.hub.models")
HttpOperationError = pytest.importorskip("msrest.exceptions").HttpOperationError


def desired(**values):
    return models.Twin(properties=models.TwinProperties(desired=values))


def values(section):
    return {key: value for key, value in section.items() if not key.startswith("$")}


@pytest.fixture
def device(registry):
    registry.create_device_with_sas("d1", None, None, "enabled")
    return "d1"


def test_a_fresh_twin_is_empty_at_version_1(registry, device):
    twin = registry.get_twin(device)

    assert (twin.device_id, twin.module_id) == (device, None)
    assert twin.tags is None
    assert twin.properties.desired["$version"] == 1
    assert twin.properties.reported["$version"] == 1
    assert "$lastUpdated" in twin.properties.desired["$metadata"]
    assert (twin.status, twin.connection_state) == ("enabled", "Disconnected")
    assert twin.authentication_type == "sas"
    assert twin.etag == "AAAAAAAAAAE="
    assert twin.device_etag == registry.get_device(device).etag


def test_a_patch_merges_and_null_removes(registry, device):
    registry.update_twin(device, desired(a={"x": 1, "y": [1, {"z": []}]}, b=True))

    twin = registry.update_twin(device, desired(a={"x": None, "n": "new"}, c=1.5))

    assert values(twin.properties.desired) == {
        "a": {"y": [1, {"z": []}], "n": "new"},
        "b": True,
        "c": 1.5,
    }
    assert twin.properties.desired["$version"] == 3
    assert registry.get_twin(device).as_dict() == twin.as_dict()


def test_metadata_says_when_and_in_which_version_each_value_changed(registry, device):
    registry.update_twin(device, desired(a={"x": 1}, b=1))
    metadata = registry.update_twin(device, desired(a={"y": 2})).properties.desired["$metadata"]

    versions = {
        "": metadata["$lastUpdatedVersion"],
        "a": metadata["a"]["$lastUpdatedVersion"],
        "a.x": metadata["a"]["x"]["$lastUpdatedVersion"],
        "a.y": metadata["a"]["y"]["$lastUpdatedVersion"],
        "b": metadata["b"]["$lastUpdatedVersion"],
    }
    assert versions == {"": 3, "a": 3, "a.x": 2, "a.y": 3, "b": 2}


def test_tags_leave_the_desired_version_alone(registry, device):
    twin = registry.update_twin(device, models.Twin(tags={"site": "auckland", "gone": 1}))
    assert twin.tags == {"site": "auckland", "gone": 1}
    assert twin.properties.desired["$version"] == 1
    assert twin.etag == "AAAAAAAAAAI="

    assert registry.update_twin(device, models.Twin(tags={"site": None, "gone": None})).tags is None


def test_a_patch_of_equal_values_still_bumps_the_version(registry, device):
    registry.update_twin(device, desired(a=1))
    assert registry.update_twin(device, desired(a=1)).properties.desired["$version"] == 3


def test_fields_that_the_hub_sets_are_ignored_in_a_request(registry, device):
    registry.update_twin(device, desired(a=1))
    whole = registry.get_twin(device)
    whole.properties.desired["a"] = 2
    whole.properties.reported["forged"] = True

    twin = registry.update_twin(device, whole, whole.etag)

    assert values(twin.properties.desired) == {"a": 2}
    assert values(twin.properties.reported) == {}


def test_a_replacement_takes_the_place_of_tags_and_desired(registry, device):
    registry.update_twin(
        device, models.Twin(tags={"old": 1}, properties=models.TwinProperties(desired={"a": 1}))
    )

    twin = registry.replace_twin(device, desired(b=2))

    assert twin.tags is None
    assert values(twin.properties.desired) == {"b": 2}
    assert twin.properties.desired["$version"] == 3


def test_a_write_with_a_stale_etag_is_refused(registry, device, refused):
    before = registry.get_twin(device)
    after = registry.update_twin(device, desired(a=1), before.etag)

    with refused(412, "PreconditionFailed"):
        registry.update_twin(device, desired(a=2), before.etag)
    with refused(412, "PreconditionFailed"):
        registry.replace_twin(device, desired(a=2), before.etag)

    registry.update_twin(device, desired(a=2), f'"{after.etag}"')
    registry.update_twin(device, desired(a=3), "*")


def test_unknown_twins_are_not_found(registry, device, refused):
    with refused(404, "DeviceNotFound"):
        registry.get_twin("nobody")
    with refused(404, "DeviceNotFound"):
        registry.update_twin("nobody", desired(a=1))
    with refused(404, "ModuleNotFound"):
        registry.get_module_twin(device, "m1")
    with refused(404, "DeviceNotFound"):
        registry.replace_module_twin("nobody", "m1", desired(a=1))


@pytest.mark.parametrize(
    ("patch", "status", "code"),
    [
        (
            models.Twin(tags={f"t{n}": "x" * 4000 for n in range(3)}),
            403,
            "DeviceModelMaxPropertiesExceeded",
        ),
        (
            desired(**{f"d{n}": "x" * 4000 for n in range(9)}),
            403,
            "DeviceModelMaxPropertiesExceeded",
        ),
        (desired(a="x" * 4097), 400, "ArgumentInvalid"),
        (desired(**{"a.b": 1}), 400, "ArgumentInvalid"),
        (desired(**{"$a": 1}), 400, "ArgumentInvalid"),
        (desired(a=2**53), 400, "ArgumentInvalid"),
        (models.Twin(tags={"k" * 1025: 1}), 400, "ArgumentInvalid"),
    ],
)
def test_limits_are_those_of_azure(registry, device, refused, patch, status, code):
    with refused(status, code):
        registry.update_twin(device, patch)
    assert registry.get_twin(device).etag == "AAAAAAAAAAE="


@pytest.mark.parametrize("value", [[1, None], [{"b": None}], {"c": [[{"b": {"d": None}}]]}])
def test_null_in_an_array_is_refused(registry, device, value):
    for patch in (models.Twin(tags={"a": value}), desired(a=value)):
        for write in (registry.update_twin, registry.replace_twin):
            with pytest.raises(HttpOperationError) as caught:
                write(device, patch)
            assert caught.value.response.status_code == 400
            assert (
                "ArgumentInvalid;A value in an array cannot be null." in caught.value.response.text
            )
    assert registry.get_twin(device).etag == "AAAAAAAAAAE="


def test_an_array_may_have_more_than_4_kb(registry, device):
    nodes = [{"name": f"n{n}", "id": f"ns=2;s=Line.Machine.Tag{n:04}"} for n in range(150)]
    twin = registry.update_twin(device, desired(nodes=nodes))
    assert twin.properties.desired["nodes"] == nodes


def nested(levels):
    return {"leaf": 1} if levels == 0 else {"k": nested(levels - 1)}


def test_ten_levels_are_the_most(registry, device, refused):
    registry.update_twin(device, desired(**nested(10)))
    with refused(400, "ArgumentInvalid"):
        registry.update_twin(device, desired(**nested(11)))
    with refused(400, "DeserializationError"):
        registry.update_twin(device, desired(**nested(300)))


def test_module_twins_work_like_device_twins(registry, device):
    registry.create_module_with_sas(device, "m1", "", None, None)

    twin = registry.update_module_twin(device, "m1", desired(a=1))
    assert (twin.device_id, twin.module_id) == (device, "m1")
    assert values(twin.properties.desired) == {"a": 1}

    registry.replace_module_twin(device, "m1", models.Twin(tags={"t": 1}), twin.etag)
    twin = registry.get_module_twin(device, "m1")
    assert (twin.tags, values(twin.properties.desired)) == ({"t": 1}, {})
    assert registry.get_twin(device).properties.desired["$version"] == 1


@pytest.mark.parametrize("module", ["$edgeAgent", "$edgeHub"])
def test_system_modules_cannot_be_written(registry, refused, module):
    registry.create_device_with_sas("gw", None, None, "enabled", iot_edge=True)

    with refused(401, "SystemModuleModifyUnauthorizedAccess"):
        registry.update_module_twin("gw", module, desired(a=1))
    with refused(401, "SystemModuleModifyUnauthorizedAccess"):
        registry.replace_module_twin("gw", module, desired(a=1))


def test_reported_properties_have_their_own_version(registry, device, local_hub):
    before = registry.get_twin(device)
    local_hub.report(device, temperature=21.5, old=1)
    local_hub.report(device, old=None)

    twin = registry.get_twin(device)

    assert values(twin.properties.reported) == {"temperature": 21.5}
    assert twin.properties.reported["$version"] == 3
    assert twin.version > before.version
    assert twin.etag == before.etag
    assert twin.last_activity_time.year > 2000


def test_two_writers_at_once_lose_nothing(registry_as, device):
    """Each adds to a counter under an etag, and reads again when it was too late."""
    from msrest.exceptions import HttpOperationError

    refusals = []

    def add(registry, times):
        while times:
            twin = registry.get_twin(device)
            counter = twin.properties.desired.get("counter", 0)
            try:
                registry.update_twin(device, desired(counter=counter + 1), twin.etag)
                times -= 1
            except HttpOperationError as error:
                refusals.append(error.response.status_code)

    writers = [registry_as("service") for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(add, writers, [15, 15]))

    assert values(writers[0].get_twin(device).properties.desired) == {"counter": 30}
    assert set(refusals) <= {412}
