"""Queries on twins: which rows come out."""

import json

import pytest

from edgeops.localhub.query import condition, matches, page, parse
from edgeops.localhub.steps import finish

QUEEN = {
    "deviceId": "queen-street-210",
    "connectionState": "Connected",
    "capabilities": {"iotEdge": True},
    "tags": {"site": "cbd", "ring": 1, "empty": None, "location": {"lat": -36.8}, "list": [1]},
    "properties": {
        "desired": {"interval": 60, "$version": 3, "$metadata": {}},
        "reported": {"interval": 60, "lastDesiredVersion": 3, "$version": 7},
    },
}
HIGH = {
    "deviceId": "high-street",
    "connectionState": "Disconnected",
    "capabilities": {"iotEdge": False},
    "tags": {"site": "north", "ring": "1"},
    "properties": {"desired": {"$version": 1}, "reported": {"$version": 1}},
}
LOADER = {
    "deviceId": "queen-street-210",
    "moduleId": "model_loader",
    "configurations": {"c-12": {"status": "Applied"}},
}


def run(query, twins):
    rows, _ = finish(page(query, twins, 100))
    return [json.loads(row) for row in rows]


def devices_where(where, *twins):
    query = parse(f"SELECT * FROM devices WHERE {where}")
    return [twin["deviceId"] for twin in run(query, twins or (QUEEN, HIGH))]


BOTH = ["queen-street-210", "high-street"]
QUEEN_ONLY = BOTH[:1]
HIGH_ONLY = BOTH[1:]
NONE = []


@pytest.mark.parametrize(
    ("where", "devices"),
    [
        ("tags.site = 'cbd'", QUEEN_ONLY),
        ("tags.site != 'cbd'", HIGH_ONLY),
        ("capabilities.iotEdge = true", QUEEN_ONLY),
        ("capabilities.iotEdge", QUEEN_ONLY),
        ("NOT capabilities.iotEdge", HIGH_ONLY),
        ("deviceId >= 'high' AND deviceId < 'i'", HIGH_ONLY),
        ("deviceId IN ['high-street', 'other']", HIGH_ONLY),
        ("deviceId NIN ['high-street', 'other']", QUEEN_ONLY),
        ("tags.location.lat < -36", QUEEN_ONLY),
        ("properties.desired.interval / 2 % 7 = 2", QUEEN_ONLY),
        ("properties.desired.interval * 2 - 60 + 1 > 60", QUEEN_ONLY),
        ("properties.desired.$version = properties.reported.lastDesiredVersion", QUEEN_ONLY),
        ("is_defined(tags.location)", QUEEN_ONLY),
        ("NOT is_defined(tags.location)", HIGH_ONLY),
        ("is_defined(tags.empty)", QUEEN_ONLY),
        ("tags.empty = null", QUEEN_ONLY),
        ("array_contains(tags.list, 1)", QUEEN_ONLY),
        ("array_contains(tags.list, 1.0)", QUEEN_ONLY),
        ("NOT array_contains(tags.list, 2)", QUEEN_ONLY),
        ("NOT array_contains(tags.list, '1')", QUEEN_ONLY),
        ("NOT array_contains(tags.list, true)", QUEEN_ONLY),
        ("startswith(deviceId, 'queen')", QUEEN_ONLY),
        ("startswith(deviceId, '')", BOTH),
        ("NOT startswith(deviceId, 'Queen')", BOTH),
        ("startswith(tags.ring, '1')", HIGH_ONLY),
        ("true", BOTH),
        ("1", NONE),
        ("'true'", NONE),
        ("null", NONE),
    ],
)
def test_conditions(where, devices):
    assert devices_where(where) == devices


@pytest.mark.parametrize(
    "where",
    [
        "tags.nowhere = 1",
        "tags.nowhere != 1",
        "NOT tags.nowhere = 1",
        "tags.nowhere = tags.nowhere",
        "tags.nowhere NIN ['a']",
        "tags.nowhere = undefined",
        "tags.site.deeper = 1",
        "properties.desired.interval = '60'",
        "properties.desired.interval != '60'",
        "tags.location = tags.location",
        "tags.list = tags.list",
        "tags.list IN [1]",
        "NOT array_contains(tags.site, 'c')",
        "NOT array_contains(tags.nowhere, 1)",
        "NOT array_contains(tags.list, tags.location)",
        "NOT array_contains(tags.list, tags.nowhere)",
        "NOT startswith(tags.nowhere, 'a')",
        "NOT startswith(deviceId, tags.ring + 1)",
        "tags.site + 1 = 1",
        "1 / 0 = 1 / 0",
        "1 % 0 = 1 % 0",
        "1e308 * 10 > 0",
        "true < tags.ring",
    ],
)
def test_undefined_never_passes(where):
    assert devices_where(where) == NONE


@pytest.mark.parametrize(
    ("where", "passes"),
    [
        ("tags.nowhere OR true", True),
        ("tags.nowhere OR false", False),
        ("NOT (tags.nowhere OR false)", False),
        ("NOT (tags.nowhere AND false)", True),
        ("NOT (tags.nowhere AND true)", False),
        ("tags.site OR true", True),
    ],
)
def test_logic_has_three_values(where, passes):
    assert devices_where(where, QUEEN) == (QUEEN_ONLY if passes else NONE)


def test_a_number_is_not_a_boolean_and_one_is_one_point_zero():
    assert devices_where("tags.ring = true", QUEEN) == NONE
    assert devices_where("tags.ring = 1.0", QUEEN) == QUEEN_ONLY
    assert devices_where("tags.ring IN [true, '1']", QUEEN) == NONE


def test_columns_that_are_undefined_are_left_out():
    query = parse("SELECT deviceId, tags.ring, tags.location, tags.ring + 1 FROM devices")
    assert run(query, [QUEEN, HIGH]) == [
        {"deviceId": "queen-street-210", "ring": 1, "location": {"lat": -36.8}, "$1": 2},
        {"deviceId": "high-street", "ring": "1"},
    ]


def test_top_takes_the_first_that_pass():
    query = parse("SELECT TOP 1 deviceId FROM devices WHERE NOT capabilities.iotEdge")
    assert run(query, [QUEEN, HIGH, HIGH]) == [{"deviceId": "high-street"}]
    assert run(parse("SELECT TOP 0 * FROM devices"), [QUEEN]) == []


def test_count():
    query = parse("SELECT COUNT() AS total FROM devices WHERE is_defined(tags.site)")
    assert run(query, [QUEEN, HIGH]) == [{"total": 2}]
    assert run(parse("SELECT COUNT() FROM devices"), []) == [{"$1": 0}]


def test_each_twin_is_a_step():
    def twins():
        yield QUEEN
        raise AssertionError("the second twin was read")

    for selected in ("*", "COUNT()"):
        assert next(page(parse(f"SELECT {selected} FROM devices"), twins(), 100)) is None


def test_metric_of_an_edge_deployment():
    query = parse(
        "select deviceId from devices.modules"
        " where devices.moduleId = 'model_loader' and configurations.[[c-12]].status = 'Applied'"
    )
    assert run(query, [LOADER]) == [{"deviceId": "queen-street-210"}]


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("*", True),
        ("", False),
        ("tags.site = 'cbd' AND NOT deviceId = 'high-street'", True),
        ("tags.site = 'north'", False),
        ("FROM devices.modules", True),
    ],
)
def test_target_conditions(text, targets):
    assert matches(condition(text), QUEEN) is targets
