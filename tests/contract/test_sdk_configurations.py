"""Configurations and edge deployments, through the real azure-iot-hub SDK."""

from __future__ import annotations

import pytest

models = pytest.importorskip("azure.iot.hub.models")

DEVICE_CONTENT = models.ConfigurationContent(device_content={"properties.desired.a": 1})


def deployment(*modules, **contents):
    """The content of an edge device that runs modules, some with desired properties."""
    listed = {name: {"type": "docker", "settings": {"image": name}} for name in modules}
    return models.ConfigurationContent(
        modules_content={
            "$edgeAgent": {"properties.desired": {"schemaVersion": "1.1", "modules": listed}},
            "$edgeHub": {"properties.desired": {"schemaVersion": "1.1", "routes": {}}},
            **{name: {"properties.desired": desired} for name, desired in contents.items()},
        }
    )


def values(section):
    return {key: value for key, value in section.items() if not key.startswith("$")}


def test_a_configuration_is_created_read_listed_and_deleted(configurations, refused):
    created = configurations.create_configuration(
        models.Configuration(
            id="c1",
            content=DEVICE_CONTENT,
            target_condition="tags.site = 'auckland'",
            priority=10,
            labels={"by": "test"},
            metrics=models.ConfigurationMetrics(queries={"all": "SELECT deviceId FROM devices"}),
        )
    )

    assert (created.id, created.priority, created.labels) == ("c1", 10, {"by": "test"})
    assert created.content.device_content == {"properties.desired.a": 1}
    assert created.metrics.queries == {"all": "SELECT deviceId FROM devices"}
    assert created.created_time_utc.year > 2000
    assert configurations.get_configuration("c1").as_dict() == created.as_dict()
    configurations.create_configuration(models.Configuration(id="c0", content=DEVICE_CONTENT))
    assert [configuration.id for configuration in configurations.get_configurations()] == [
        "c0",
        "c1",
    ]
    assert [configuration.id for configuration in configurations.get_configurations(1)] == ["c0"]

    configurations.delete_configuration("c1", created.etag)
    with refused(404, "ConfigurationNotFound"):
        configurations.get_configuration("c1")


def test_everything_but_the_content_can_change(configurations, refused):
    created = configurations.create_configuration(
        models.Configuration(id="c1", content=DEVICE_CONTENT)
    )
    created.target_condition, created.priority, created.labels = "*", 3, {"ring": "all"}

    updated = configurations.update_configuration(created, created.etag)

    assert (updated.target_condition, updated.priority) == ("*", 3)
    assert updated.labels == {"ring": "all"}
    assert updated.etag != created.etag
    with refused(412, "PreconditionFailed"):
        configurations.update_configuration(created, created.etag)
    updated.content = models.ConfigurationContent(device_content={"properties.desired.a": 2})
    with refused(400, "CannotModifyImmutableConfigurationContent"):
        configurations.update_configuration(updated, "*")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"target_condition": "tags.site ="}, "InvalidConfigurationTargetCondition"),
        (
            {"target_condition": "FROM devices.modules WHERE tags.a = 1"},
            "InvalidConfigurationTargetCondition",
        ),
        ({"content": None}, "InvalidConfigurationContent"),
        ({"content": models.ConfigurationContent()}, "InvalidConfigurationContent"),
        (
            {"content": models.ConfigurationContent(modules_content={"m": {"tags": {}}})},
            "InvalidConfigurationContent",
        ),
        (
            {"metrics": models.ConfigurationMetrics(queries={"m": "SELECT"})},
            "InvalidConfigurationCustomMetricsQuery",
        ),
        ({"priority": -1}, "ArgumentInvalid"),
        ({"id": "Upper"}, "ArgumentInvalid"),
    ],
)
def test_senseless_configurations_are_refused(configurations, refused, fields, code):
    with refused(400, code):
        configurations.create_configuration(
            models.Configuration(**{"id": "c1", "content": DEVICE_CONTENT} | fields)
        )
    assert configurations.get_configurations() == []


def test_configuration_errors(configurations, refused):
    configuration = models.Configuration(id="c1", content=DEVICE_CONTENT)
    with refused(404, "ConfigurationNotFound"):
        configurations.update_configuration(configuration, "*")
    with refused(404, "ConfigurationNotFound"):
        configurations.delete_configuration("c1")

    configurations.create_configuration(configuration)

    with refused(409, "ConfigurationAlreadyExists"):
        configurations.create_configuration(configuration)
    with refused(412, "PreconditionFailed"):
        configurations.delete_configuration("c1", "c3RhbGU=")


def test_a_hub_has_at_most_a_hundred_configurations(configurations, refused):
    for n in range(100):
        configurations.create_configuration(
            models.Configuration(id=f"c{n}", content=DEVICE_CONTENT)
        )

    with refused(413, "ConfigurationCountLimitExceeded"):
        configurations.create_configuration(models.Configuration(id="c100", content=DEVICE_CONTENT))
    configurations.create_configuration(models.Configuration(id="edge", content=deployment("m1")))


def test_queries_are_checked_without_being_kept(configurations):
    good = configurations.test_configuration_queries(
        models.ConfigurationQueriesTestInput(
            target_condition="*", custom_metric_queries={"m": "SELECT deviceId FROM devices"}
        )
    )
    assert (good.target_condition_error, good.custom_metric_query_errors) == (None, {})
    without_from = configurations.test_configuration_queries(
        models.ConfigurationQueriesTestInput(
            target_condition="*", custom_metric_queries={"m": "select *"}
        )
    )
    assert without_from.custom_metric_query_errors == {}

    bad = configurations.test_configuration_queries(
        models.ConfigurationQueriesTestInput(
            target_condition="tags.a =", custom_metric_queries={"m": "SELECT deviceId FROM"}
        )
    )
    assert bad.target_condition_error
    assert list(bad.custom_metric_query_errors) == ["m"]


def test_an_edge_agent_twin_names_the_deployments_that_target_its_device(registry, configurations):
    for name in ("gw1", "gw2"):
        registry.create_device_with_sas(name, None, None, "enabled", iot_edge=True)
    registry.update_twin("gw1", models.Twin(tags={"ring": "canary"}))
    registry.create_device_with_sas("plain", None, None, "enabled")
    registry.update_twin("plain", models.Twin(tags={"ring": "canary"}))

    created = configurations.create_configuration(
        models.Configuration(
            id="d1", content=deployment("m1"), target_condition="tags.ring = 'canary'"
        )
    )

    assert created.system_metrics.results["targetedCount"] == 1

    def named(device, module):
        return registry.get_module_twin(device, module).additional_properties.get("configurations")

    assert named("gw1", "$edgeAgent") == {"d1": {"status": "Targeted"}}
    assert named("gw2", "$edgeAgent") is None
    assert named("gw1", "$edgeHub") is None
    result = registry.query_iot_hub(
        models.QuerySpecification(
            query="SELECT deviceId FROM devices.modules "
            "WHERE configurations.[[d1]].status = 'Targeted'"
        )
    )
    assert [row.device_id for row in result.items] == ["gw1"]


# --- applyConfigurationContent -------------------------------------------------------


@pytest.fixture
def gateway(registry):
    registry.create_device_with_sas("gw", None, None, "enabled", iot_edge=True)
    return "gw"


def test_content_makes_the_modules_that_it_lists(registry, configurations, gateway):
    configurations.apply_configuration_on_edge_device(gateway, deployment("m1", m1={"a": 1}))

    assert {m.module_id: m.managed_by for m in registry.get_modules(gateway)} == {
        "$edgeAgent": "IotEdge",
        "$edgeHub": "IotEdge",
        "m1": "IotEdge",
    }
    agent = registry.get_module_twin(gateway, "$edgeAgent")
    assert list(agent.properties.desired["modules"]) == ["m1"]
    assert agent.properties.desired["$version"] == 2
    assert values(registry.get_module_twin(gateway, "m1").properties.desired) == {"a": 1}


def test_content_removes_the_edge_modules_that_it_no_longer_lists(
    registry, configurations, gateway
):
    registry.create_module_with_sas(gateway, "foreign", "", None, None)
    configurations.apply_configuration_on_edge_device(gateway, deployment("m1"))

    configurations.apply_configuration_on_edge_device(gateway, deployment("m2", "m3"))

    names = [m.module_id for m in registry.get_modules(gateway)]
    assert names == ["$edgeAgent", "$edgeHub", "foreign", "m2", "m3"]


def test_content_replaces_desired_properties_and_leaves_other_modules_alone(
    registry, configurations, gateway
):
    configurations.apply_configuration_on_edge_device(
        gateway, deployment("m1", "m2", m1={"a": 1}, m2={"b": 1})
    )
    configurations.apply_configuration_on_edge_device(gateway, deployment("m1", "m2", m1={"c": 2}))

    assert values(registry.get_module_twin(gateway, "m1").properties.desired) == {"c": 2}
    untouched = registry.get_module_twin(gateway, "m2").properties.desired
    assert (values(untouched), untouched["$version"]) == ({"b": 1}, 2)


def test_content_that_makes_no_sense_changes_nothing(registry, configurations, gateway, refused):
    def apply(content, device=gateway):
        configurations.apply_configuration_on_edge_device(device, content)

    registry.create_device_with_sas("plain", None, None, "enabled")
    with refused(404, "DeviceNotFound"):
        apply(deployment("m1"), device="nobody")
    with refused(400, "ArgumentInvalid"):
        apply(deployment("m1"), device="plain")
    with refused(400, "InvalidConfigurationContent"):
        apply(models.ConfigurationContent())
    with refused(400, "InvalidConfigurationContent"):
        apply(models.ConfigurationContent(modules_content={"m1": {"properties.reported": {}}}))
    with refused(400, "ArgumentInvalid"):
        apply(deployment("m1", m1={"a": "x" * 5000}))
    with refused(413, "TooManyModulesOnDevice"):
        apply(deployment(*(f"m{n}" for n in range(51))))
    assert len(registry.get_modules(gateway)) == 2
