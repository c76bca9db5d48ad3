"""Configurations and edge deployments, through the real azure-iot-hub SDK."""

from __future__ import annotations

import pytest

from tests.support.waiting import wait_until

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
            {
                "content": models.ConfigurationContent(
                    device_content={"properties.desired.a": [None]}
                )
            },
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


# --- automatic configurations and deployments ----------------------------------------


def configuration(name, content, **options):
    return models.Configuration(id=name, content=content, **options)


def statuses(registry, device, module=None):
    twin = registry.get_module_twin(device, module) if module else registry.get_twin(device)
    return twin.additional_properties.get("configurations")


def rows(registry, text):
    return registry.query_iot_hub(models.QuerySpecification(query=text)).items


def test_a_configuration_configures_devices(registry, configurations):
    for name in ("d1", "d2"):
        registry.create_device_with_sas(name, None, None, "enabled")
    registry.update_twin("d1", models.Twin(tags={"site": "auckland"}))

    queries = {"reported": "SELECT deviceId FROM devices WHERE is_defined(properties.reported.a)"}
    created = configurations.create_configuration(
        configuration(
            "c1",
            DEVICE_CONTENT,
            target_condition="tags.site = 'auckland'",
            metrics=models.ConfigurationMetrics(queries=queries),
        )
    )
    assert created.system_metrics.results["targetedCount"] == 1

    wait_until(lambda: statuses(registry, "d1") == {"c1": {"status": "Applied"}})
    assert values(registry.get_twin("d1").properties.desired) == {"a": 1}
    assert registry.get_twin("d1").properties.desired["$version"] == 2
    assert registry.get_twin("d2").properties.desired["$version"] == 1
    metrics = configurations.get_configuration("c1").system_metrics
    assert metrics.results == {"targetedCount": 1, "appliedCount": 1}
    assert [row.device_id for row in rows(registry, metrics.queries["appliedCount"])] == ["d1"]
    assert configurations.get_configurations()[0].metrics.results == {"reported": 0}

    registry.update_twin("d2", models.Twin(tags={"site": "auckland"}))
    registry.update_twin("d1", models.Twin(tags={"site": "wellington"}))
    wait_until(lambda: statuses(registry, "d2") and not statuses(registry, "d1"))
    assert values(registry.get_twin("d1").properties.desired) == {}

    configurations.delete_configuration("c1")
    wait_until(lambda: not statuses(registry, "d2"))
    assert values(registry.get_twin("d2").properties.desired) == {}


def test_a_configuration_configures_modules(registry, configurations):
    registry.create_device_with_sas("d1", None, None, "enabled")
    for module in ("m1", "m2"):
        registry.create_module_with_sas("d1", module, "", None, None)
    content = models.ConfigurationContent(module_content={"properties.desired.a": 1})
    configurations.create_configuration(
        configuration("c1", content, target_condition="FROM devices.modules WHERE moduleId = 'm1'")
    )
    wait_until(lambda: statuses(registry, "d1", "m1") == {"c1": {"status": "Applied"}})
    assert values(registry.get_module_twin("d1", "m1").properties.desired) == {"a": 1}
    assert statuses(registry, "d1", "m2") is None
    metrics = configurations.get_configuration("c1").system_metrics
    assert metrics.results == {"targetedCount": 1, "appliedCount": 1}


def test_deployments_and_layers_decide_what_edge_devices_run(registry, configurations):
    for name in ("gw1", "gw2"):
        registry.create_device_with_sas(name, None, None, "enabled", iot_edge=True)
    registry.update_twin("gw1", models.Twin(tags={"ring": "canary"}))
    registry.create_device_with_sas("plain", None, None, "enabled")

    configurations.create_configuration(
        configuration("base", deployment("m1", m1={"a": 1}), target_condition="*", priority=1)
    )
    layered = models.ConfigurationContent(
        modules_content={
            "$edgeAgent": {"properties.desired.modules.m2": {"type": "docker"}},
            "m1": {"properties.desired.b": 2},
        }
    )
    created = configurations.create_configuration(
        configuration("layer", layered, target_condition="tags.ring = 'canary'", priority=2)
    )
    assert created.system_metrics.results["targetedCount"] == 1

    applied = {"status": "Applied"}
    both = {"base": applied, "layer": applied}
    wait_until(lambda: statuses(registry, "gw1", "$edgeAgent") == both)
    wait_until(lambda: statuses(registry, "gw2", "$edgeAgent") == {"base": applied})
    names = [module.module_id for module in registry.get_modules("gw1")]
    assert names == ["$edgeAgent", "$edgeHub", "m1", "m2"]
    assert values(registry.get_module_twin("gw1", "m1").properties.desired) == {"a": 1, "b": 2}
    assert values(registry.get_module_twin("gw2", "m1").properties.desired) == {"a": 1}
    assert statuses(registry, "gw1", "$edgeHub") is None

    higher = deployment("m3")
    configurations.create_configuration(
        configuration("higher", higher, target_condition="deviceId = 'gw2'", priority=3)
    )
    wait_until(lambda: len(statuses(registry, "gw2", "$edgeAgent")) == 2)
    found = rows(
        registry,
        "SELECT * FROM devices.modules WHERE configurations.[[base]].status = 'Targeted'",
    )
    assert [row.device_id for row in found] == ["gw2"]
    names = [module.module_id for module in registry.get_modules("gw2")]
    assert names == ["$edgeAgent", "$edgeHub", "m3"]
    assert registry.get_modules("plain") == []


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
    with refused(400, "ArgumentInvalid"):
        apply(deployment("m1", m1={"a": [{"b": None}]}))
    with refused(413, "TooManyModulesOnDevice"):
        apply(deployment(*(f"m{n}" for n in range(51))))
    assert len(registry.get_modules(gateway)) == 2
