"""The health of a device, and since when it has a value."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.health.device import HealthState
from edgeops.health.since import has_time, value_health
from edgeops.hub.times import updated_of
from edgeops.release import ModelRelease
from edgeops.twin import LiveDevice, Twin

SLOT = ("models", "s")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_health_of_a_slot_has_its_since():
    device = DesiredDevice(
        name="d1",
        labels={},
        groups=(),
        edge=False,
        authentication="sas",
        protect=False,
        tags={},
        desired={},
        modules={},
        models={
            "s": ModelRelease.of_file("m", "1.1.0", "m", 1, "b" * 64, "b" * 32, "onnx", path="p")
        },
        edge_content={},
    )

    def seen(since):
        reported = {"models": {"s": {"state": "ready", "sha256": "b" * 64, "since": since}}}
        loader = Twin("d1", "model_loader", reported=reported, connected=True)
        live = LiveDevice(Twin("d1"), {"model_loader": loader})
        return value_health(device, live, SLOT, in_sync=False)

    assert seen("2026-01-01T00:00:00Z").since == LONG_AGO
    assert seen("2026-01-01T00:00:00").since == LONG_AGO
    assert seen("2026-01-01T02:00:00+02:00").since == LONG_AGO
    for value in ("yesterday", 7, None, {}, "2026-13-01"):
        assert seen(value).since is None
    assert seen("2026-01-01T00:00:00Z").health.state is HealthState.PROGRESSING
    assert value_health(device, None, SLOT, in_sync=False).health.state is HealthState.UNKNOWN


def test_a_paused_device_that_differs_from_git_neither_passes_nor_degrades_a_ring():
    plain = DesiredDevice("d1", {}, (), False, "sas", False, {}, {}, {}, {}, {}, paused=True)
    live = LiveDevice(Twin("d1", connected=True))
    assert value_health(plain, live, SLOT, in_sync=False).health.state is HealthState.PAUSED
    assert value_health(plain, live, SLOT, in_sync=True).health.state is HealthState.CONVERGED


# --- other values -------------------------------------------------------------------

WROTE, STARTED = "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
EARLIER = "2025-12-31T00:00:00Z"
OPC = DesiredModule("opc", {"image": "opc:2"}, {"rate": 5})


def an_edge_device(**more):
    facts = {"labels": {}, "groups": (), "edge": True, "authentication": "sas", "protect": False}
    parts = {"tags": {}, "desired": {}, "modules": {"opc": OPC}, "models": {}, "edge_content": {}}
    return DesiredDevice(name="d1", **(facts | parts | more))


def written(moment, *keys):
    """The metadata of an object where everything is old but the value at these keys."""
    below = written(moment, *keys[1:]) if keys else {"$lastUpdated": moment}
    return {"$lastUpdated": EARLIER, "other": {"$lastUpdated": EARLIER}} | (
        {keys[0]: below} if keys else below
    )


def live(metadata, module=None, *, started=STARTED, image="opc:2"):
    updated = updated_of({"desired": {"$metadata": metadata}})
    said = {"lastStartTimeUtc": started, "settings": {"image": image}}
    reported = {"modules": {"opc": said}, "systemModules": {"edgeHub": said}}
    deployed = {"opc": {"settings": {"image": "opc:2"}}}
    desired = {"modules": deployed, "systemModules": {"edgeHub": {"settings": {"image": "opc:2"}}}}
    twins = {name: Twin("d1", name) for name in ("opc", "$edgeHub")}
    twins["$edgeAgent"] = Twin("d1", "$edgeAgent", desired=desired, reported=reported)
    if module:
        twins[module] = replace(twins[module], updated=updated)
    return LiveDevice(Twin("d1", updated={} if module else updated), twins)


def since(device, seen, path):
    moment = value_health(device, seen, tuple(path.split(".")), in_sync=True).since
    return moment and moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("path", "module", "keys"),
    [
        ("desired.a", None, ("a",)),
        ("desired.a.b", None, ("a", "b")),
        ("edge.routes.r", "$edgeHub", ("routes", "r")),
        ("modules.opc.routes.r", "$edgeHub", ("routes", "r")),
        ("edge.timeToLiveSecs", "$edgeHub", ("storeAndForwardConfiguration", "timeToLiveSecs")),
        ("edge.minDockerVersion", "$edgeAgent", ("runtime", "settings", "minDockerVersion")),
    ],
)
def test_what_no_container_has_is_as_old_as_its_last_write(path, module, keys):
    assert since(an_edge_device(), live(written(WROTE, *keys), module), path) == WROTE
    assert since(an_edge_device(), live({}, module), path) is None


@pytest.mark.parametrize(
    ("path", "module", "keys"),
    [
        ("modules.opc.env.A", "$edgeAgent", ("modules", "opc", "env", "A")),
        ("modules.opc.restartPolicy", "$edgeAgent", ("modules", "opc", "restartPolicy")),
        ("modules.opc.createOptions.X", "$edgeAgent", ("modules", "opc", "settings")),
        ("modules.opc", "$edgeAgent", ("modules", "opc", "env", "A")),
        ("modules.opc.desired.rate", "opc", ("rate",)),
        ("edge.hub.env.A", "$edgeAgent", ("systemModules", "edgeHub", "env", "A")),
    ],
)
def test_what_a_container_has_is_as_old_as_its_start_or_write(path, module, keys):
    device, metadata = an_edge_device(), written(WROTE, *keys)
    assert since(device, live(metadata, module), path) == STARTED
    assert since(device, live(metadata, module, started=EARLIER), path) == WROTE  # not started yet
    for unknown in (None, "0001-01-01T00:00:00Z", 7, "soon"):
        assert since(device, live(metadata, module, started=unknown), path) is None


def test_an_image_is_as_old_as_the_container_that_has_it():
    for path in ("modules.opc.image", "edge.hub.image"):
        assert since(an_edge_device(), live({}), path) == STARTED
        assert since(an_edge_device(), live({}, image="opc:1"), path) is None  # the earlier one


def test_a_module_without_a_container_does_not_start():
    twin_only = replace(OPC, spec={"deployed": False})
    for device in (an_edge_device(edge=False), an_edge_device(modules={"opc": twin_only})):
        seen = live(written(WROTE, "rate"), "opc", started=None)
        assert since(device, seen, "modules.opc.desired.rate") == WROTE


def test_an_object_is_as_new_as_its_newest_value():
    metadata = written(EARLIER, "a") | {"a": {"b": {"$lastUpdated": WROTE}}}
    assert since(an_edge_device(), live(metadata), "desired.a") == WROTE
    assert since(an_edge_device(), live(metadata), "desired.a.removed") == WROTE


def test_the_hub_tells_no_time_of_tags_and_variables():
    for path in ("tags.a", "variables.a"):
        assert since(an_edge_device(), live(written(WROTE, "a")), path) is None
        assert not has_time(tuple(path.split(".")))


@pytest.mark.parametrize("metadata", [{"a": "x"}, {"a": {"$lastUpdated": 7}}, {"a": {}}])
def test_odd_metadata_tells_nothing(metadata):
    assert since(an_edge_device(), live(metadata), "desired.a") is None
