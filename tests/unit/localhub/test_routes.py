"""Which messages of a gateway go where: the routes of `$edgeHub`."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.localhub.routing import RoutedMessage, RouteError, parse_route, route_table

JSON = {"$.ct": "application/json", "$.ce": "utf-8"}


def message(module="sensor", output="temperature", body=None, twin_change=False, **properties):
    named = {"$.on": output} if output else {}
    return RoutedMessage(
        "gateway",
        module,
        JSON | named | properties,
        json.dumps(body).encode(),
        twin_change=twin_change,
    )


LEAF = RoutedMessage("leaf", "", {}, b"")


def goes(route, routed):
    """The inputs that a message reaches by one route; `up` for the hub."""
    table = route_table({"routes": {"r": route}})
    assert table.problems == {}
    return [f"{to.module}/{to.input}" if to.module else "up" for to in table.destinations(routed)]


# The sources in the table of "Learn how to deploy modules and establish routes in IoT Edge".
@pytest.mark.parametrize(
    ("source", "module", "no_output", "other_module", "leaf", "twin_change"),
    [
        ("/*", True, True, True, True, True),
        ("/twinChangeNotifications", False, False, False, False, True),
        ("/messages/*", True, True, True, True, False),
        ("/messages/modules/*", True, True, True, False, False),
        ("/messages/modules/sensor/*", True, True, False, False, False),
        ("/messages/modules/sensor/outputs/*", True, False, False, False, False),
        ("/messages/modules/sensor/outputs/temperature", True, False, False, False, False),
        ("/messages/modules/sensor/outputs/temp", False, False, False, False, False),
        ("/messages/modules/sens/*", False, False, False, False, False),
    ],
)
def test_the_documented_sources(source, module, no_output, other_module, leaf, twin_change):
    route = f"FROM {source} INTO $upstream"
    assert bool(goes(route, message())) is module
    assert bool(goes(route, message(output=None))) is no_output
    assert bool(goes(route, message(module="other"))) is other_module
    assert bool(goes(route, LEAF)) is leaf
    assert bool(goes(route, message(twin_change=True))) is twin_change


# Conditions in the same document, and in "IoT Hub message routing query syntax".
@pytest.mark.parametrize(
    ("condition", "matching", "other"),
    [
        ("NOT IS_DEFINED($connectionModuleId)", LEAF, message()),
        ("$connectionDeviceId = 'leaf'", LEAF, message()),
        (
            "processingPath = 'hot'",
            message(processingPath="hot"),
            message(processingPath="cold"),
        ),
        (
            "processingPath = 'hot' AND $contentEncoding = 'utf-8'",
            message(processingPath="hot"),
            message(),
        ),
        (
            "$body.Weather.HistoricalData[0].Month = 'Feb'",
            message(body={"Weather": {"HistoricalData": [{"Month": "Feb"}]}}),
            message(body={"Weather": {"HistoricalData": []}}),
        ),
        (
            "$body.Weather.Temperature = 50 AND $body.Weather.IsEnabled",
            message(body={"Weather": {"Temperature": 50, "IsEnabled": True}}),
            message(body={"Weather": {"Temperature": 50, "IsEnabled": False}}),
        ),
        (
            "length($body.Weather.Location.State) = 2",
            message(body={"Weather": {"Location": {"State": "WA"}}}),
            message(body={"Weather": {"Location": {"State": 2}}}),
        ),
        ("as_number(level) >= 1.5e1", message(level="15.0"), message(level="high")),
        ("starts_with(name, 'a') || 'x' = 'x'", None, message(name="abc")),
        ("contains(lower(name), 'temp')", message(name="A Temp"), message(name="A")),
        ("a-b = 'dash'", message(**{"a-b": "dash"}), message(a="1", b="1")),
        ("{$connectionModuleId} = 'sensor'", message(), message(module="other")),
        (
            "$connectionModuleId = 'mine'",
            message(**{"$connectionModuleId": "mine"}),
            message(),
        ),
        ("level ?? 'none' = 'none'", message(), message(level="none")),
        ("(level ?? 'none') = 'none'", message(), message(level="1")),
        ("not (a = '1' or b = '1')", message(a="0", b="0"), message(a="0")),
        ("2 + 3 * 4 = 14 and -1 < 0 and 0x1F = 31 and 7 % 4 = 3", message(), None),
        ("substring(name, 1, 2) = 'bc'", message(name="abcd"), message(name="a")),
        ("level", None, message(level="true")),
        ("$body.a <> 1", message(body={"a": 2}), message(body={"a": 1})),
        ("$body['a'].b = 1", None, message(body={"a": {"b": 2}})),
    ],
)
def test_conditions(condition, matching, other):
    route = f"FROM /messages/* WHERE {condition} INTO $upstream"
    if matching is not None:
        assert goes(route, matching) == ["up"]
    if other is not None:
        assert goes(route, other) == []


@pytest.mark.parametrize("properties", [{}, {"$.ct": "text/plain", "$.ce": "utf-8"}])
def test_a_body_counts_only_when_it_says_that_it_is_json(properties):
    plain = RoutedMessage("gateway", "sensor", properties, b'{"a": 1}')
    assert goes("FROM /* WHERE $body.a = 1 INTO $upstream", plain) == []


def test_sinks():
    into = 'FROM /messages/* INTO BrokeredEndpoint("/modules/filter/inputs/in-1")'
    assert goes(into, message()) == ["filter/in-1"]
    assert goes("select * from /* into $UPSTREAM", message()) == ["up"]


def test_an_endpoint_gets_a_message_once_by_the_first_priority():
    filter_input = 'INTO BrokeredEndpoint("/modules/filter/inputs/a")'
    table = route_table(
        {
            "routes": {
                "all": f"FROM /* {filter_input}",
                "some": {
                    "route": f"FROM /messages/* {filter_input}",
                    "priority": 0,
                    "timeToLiveSecs": 5,
                },
                "up": {"route": "FROM /* INTO $upstream", "priority": 3},
            },
            "storeAndForwardConfiguration": {"timeToLiveSecs": 60},
        }
    )
    to_filter, up = table.destinations(message())
    assert (to_filter.module, to_filter.priority, to_filter.time_to_live) == ("filter", 0, 5)
    assert (up.module, up.priority, up.time_to_live) == (None, 3, 60)


@pytest.mark.parametrize(("characters", "calls"), [(50_000, 20), (5_000, 200)])
def test_functions_read_only_so_much_of_a_message(characters, calls):
    large = message(body={"text": "a" * characters})

    def table(routes_with_calls):
        ten = " OR ".join(["CONTAINS($body.text, 'b')"] * 10)
        costly = {f"r{n}": f"FROM /* WHERE {ten} INTO $upstream" for n in range(routes_with_calls)}
        to_a = 'INTO BrokeredEndpoint("/modules/a/inputs/in")'
        matching = f"FROM /* WHERE LENGTH($body.text) > 0 {to_a}"
        return route_table({"routes": {**costly, "matching": matching}})

    few, many = table(calls // 10 - 1), table(calls)
    assert few.destinations(large)
    assert not few.too_costly(large)
    assert not many.destinations(large)
    assert many.too_costly(large)
    plain = route_table({"routes": {"r": "FROM /* WHERE $body.text != '' INTO $upstream"}})
    assert plain.destinations(large)
    assert not plain.too_costly(large)


def test_without_routes_there_is_no_table():
    assert route_table({}) is None
    assert route_table({"routes": "none"}) is None
    assert route_table({"routes": {}}).destinations(message()) == []


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("", "expected FROM, found the end (character 1)"),
        ("FROM /messages/*", "expected INTO, found the end (character 17)"),
        ("FROM messages INTO $upstream", "expected a source such as /messages/* (character 6)"),
        ("FROM /* INTO $downstream", "found $downstream (character 14)"),
        ('FROM /* INTO BrokeredEndpoint("/modules/a")', "found /modules/a (character 31)"),
        ("FROM /* WHERE shout(a) INTO $upstream", "shout() is not known; there are abs,"),
        ("FROM /* WHERE power(2) INTO $upstream", "power() does not take 1 arguments"),
        ("FROM /* WHERE a = 'x INTO $upstream", "the text has no closing quote (character 19)"),
        ("FROM /* WHERE a = INTO $upstream", "expected INTO, found $upstream"),
        ("FROM /* INTO $upstream now", "expected the end, found now (character 24)"),
        (f"FROM /* WHERE {'(' * 100}a INTO $upstream", "nested deeper than 64 levels"),
        (f"FROM /* WHERE 1{' + 1' * 100} = 1 INTO $upstream", "too many operators"),
        ({"route": "FROM /* INTO $upstream", "priority": 11}, "the priority must be from 0 to 9"),
        ({"priority": 1}, "expected a text such as FROM /messages/* INTO $upstream"),
        (None, "expected a text such as FROM /messages/* INTO $upstream"),
    ],
)
def test_a_route_that_cannot_be_used_says_why(route, problem):
    table = route_table({"routes": {"bad": route, "good": "FROM /* INTO $upstream"}})
    assert problem in table.problems["bad"]
    assert len(table.destinations(message())) == 1  # the other route goes on


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "FROM",
                    "WHERE",
                    "INTO",
                    "$upstream",
                    "/",
                    "*",
                    "messages",
                    "and",
                    "not",
                    "(",
                    ")",
                ),
                *("=", "'x'", "1", "$body.a[0]", "is_defined", "||", "??", "-", "{", "}", ",", '"'),
            ]
        ),
        max_size=12,
    )
)
def test_any_text_is_a_route_or_a_problem(words):
    with suppress(RouteError):
        parse_route("FROM /* " + " ".join(words))


@given(
    st.text(max_size=20),
    st.one_of(st.text(max_size=5), st.integers(), st.none(), st.lists(st.integers(), max_size=2)),
)
def test_any_message_can_be_judged(name, body):
    route = (
        "FROM /* WHERE contains($body.a, name) OR $body.a[0] > as_number(name)"
        " OR concat($body.a, name) = substring(name, $body.a) INTO $upstream"
    )
    assert goes(route, message(body={"a": body}, name=name)) in ([], ["up"])
