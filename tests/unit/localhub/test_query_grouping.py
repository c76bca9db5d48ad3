"""Groups of twins and their aggregates."""

import json

import pytest

from edgeops.localhub.query import QueryError, page, parse
from edgeops.localhub.query.grouping import MAX_GROUPS
from edgeops.localhub.steps import finish


def twins(*values):
    """Twins with these values of `tags.n`; None is one without it."""
    return [
        {"deviceId": f"d{number:05}", "tags": {} if value is None else {"n": value}}
        for number, value in enumerate(values)
    ]


def run(text, stored):
    rows, _ = finish(page(parse(text), stored, 100))
    return [json.loads(row) for row in rows]


@pytest.mark.parametrize(
    ("aggregate", "values", "result"),
    [
        ("COUNT()", [3, None, "x"], 3),
        ("COUNT()", [], 0),
        ("SUM(tags.n)", [1, 2.5, None, "x", True, [4]], 3.5),
        ("SUM(tags.n)", [1.5, 2.5], 4),
        ("SUM(tags.n)", [2**52] * 4, 2.0**54),
        ("SUM(tags.n)", [0], 0),
        ("AVG(tags.n)", [1, 2, None, "7"], 1.5),
        ("AVG(tags.n)", [-3, -5], -4),
        ("MIN(tags.n)", [3, -1, None, 2.5], -1),
        ("MAX(tags.n)", [3, -1, None, 3.5], 3.5),
        ("MAX(tags.n)", ["2026-01-02", "2026-01-10"], "2026-01-10"),
        ("MIN(tags.n)", ["b", 9, "a"], 9),
        ("MAX(tags.n)", ["b", 9, "a"], "b"),
        ("MAX(tags.n)", [1, True, {"a": 9}], 1),
    ],
)
def test_aggregates(aggregate, values, result):
    rows = run(f"SELECT {aggregate} AS result FROM devices", twins(*values))
    assert rows == [{"result": result}]
    assert type(rows[0]["result"]) is type(result)


@pytest.mark.parametrize("function", ["SUM", "AVG", "MIN", "MAX"])
def test_an_aggregate_of_no_values_is_left_out(function):
    text = f"SELECT {function}(tags.n) AS result, COUNT() AS n FROM devices"
    assert run(text, twins(None, True)) == [{"n": 2}]
    assert run(text, []) == [{"n": 0}]


def test_a_sum_that_is_too_large_is_left_out():
    assert run("SELECT SUM(tags.n) AS s FROM devices", twins(1e308, 1e308)) == [{}]


def test_aggregates_without_alias_are_numbered():
    text = "SELECT COUNT(), MAX(tags.n) AS most, MIN(tags.n) FROM devices"
    assert run(text, twins(1, 2)) == [{"$1": 2, "most": 2, "$2": 1}]


def test_each_value_is_a_group_in_order_of_its_json():
    stored = twins("b", 1, "a", None, 1.0, True, {"x": 1, "y": 2}, "a", {"y": 2, "x": 1}, "1")
    assert run("SELECT tags.n AS n, COUNT() AS c FROM devices GROUP BY tags.n", stored) == [
        {"c": 1},
        {"n": "1", "c": 1},
        {"n": "a", "c": 2},
        {"n": "b", "c": 1},
        {"n": 1, "c": 2},
        {"n": True, "c": 1},
        {"n": {"x": 1, "y": 2}, "c": 2},
    ]


def test_null_is_a_group_of_its_own():
    stored = [{"deviceId": "a", "tags": {"n": None}}, {"deviceId": "b"}]
    text = "SELECT tags.n AS n, COUNT() AS c FROM devices GROUP BY tags.n"
    assert run(text, stored) == [{"c": 1}, {"n": None, "c": 1}]


def test_where_comes_before_the_groups():
    text = "SELECT tags.n FROM devices WHERE tags.n % 2 = 1 GROUP BY tags.n"
    assert run(text, twins(3, 1, 2, 3)) == [{"n": 1}, {"n": 3}]
    assert run(text, twins(2)) == []


def test_the_property_of_the_groups_need_not_be_a_column():
    assert run("SELECT COUNT() AS c FROM devices GROUP BY tags.n", twins(1, 2, 1)) == [
        {"c": 2},
        {"c": 1},
    ]


def test_groups_of_several_properties():
    stored = [
        {"deviceId": f"d{number}", "tags": tags}
        for number, tags in enumerate(
            [
                {"a": 1, "b": "x"},
                {"a": 1},
                {"b": "x"},
                {"a": "1,", "b": 2},
                {"a": "1", "b": ",2"},
                {},
                {"a": 1, "b": "x"},
            ]
        )
    ]
    text = "SELECT tags.b, tags.a AS first, COUNT() AS n FROM devices GROUP BY tags.a, tags.b"
    assert run(text, stored) == [
        {"n": 1},
        {"b": "x", "n": 1},
        {"b": ",2", "first": "1", "n": 1},
        {"b": 2, "first": "1,", "n": 1},
        {"first": 1, "n": 1},
        {"b": "x", "first": 1, "n": 2},
    ]


def test_the_number_of_groups_is_limited():
    text = "SELECT COUNT() AS c FROM devices GROUP BY deviceId"
    assert len(run(text, twins(*range(MAX_GROUPS)))) == 100
    with pytest.raises(QueryError, match="more than 10,000 groups"):
        run(text, twins(*range(MAX_GROUPS + 1)))


def test_the_memory_of_groups_is_limited():
    with pytest.raises(QueryError, match="group by properties with fewer values"):
        run(
            "SELECT tags.n FROM devices GROUP BY tags.n",
            twins(*(str(n) * 30_000 for n in range(999))),
        )
    many = ", ".join(f"MAX(tags.n) AS m{number}" for number in range(300))
    with pytest.raises(QueryError, match="group by properties with fewer values"):
        run(f"SELECT {many} FROM devices GROUP BY tags.n", twins(*range(100)))


def test_a_row_that_repeats_a_large_value_is_refused():
    columns = ", ".join(f"tags.n AS c{number}" for number in range(200))
    with pytest.raises(QueryError, match="a row is larger than"):
        run(f"SELECT {columns} FROM devices GROUP BY tags.n", twins("x" * 30_000))


def test_each_twin_is_a_step():
    stored = twins(*range(50))
    steps = page(parse("SELECT COUNT() AS c FROM devices GROUP BY tags.n"), stored, 5)
    assert sum(1 for _ in steps) >= 50
