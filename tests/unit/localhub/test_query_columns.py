"""The columns of queries, plain and of groups."""

import pytest

from edgeops.localhub.query import QueryError, parse
from edgeops.localhub.query.ast import (
    Aggregate,
    Binary,
    Column,
    Constant,
    GroupColumn,
    Grouping,
    PropertyPath,
    Query,
)

DEVICE_ID = PropertyPath(("deviceId",))


def test_columns_are_named_by_their_alias_their_last_key_or_their_number():
    query = parse("SELECT deviceId AS id, tags.site, 1 + 1, 2 FROM devices")
    assert [column.name for column in query.columns] == ["id", "site", "$1", "$2"]
    assert query.kind == "Raw"


def test_twin_properties_in_any_case_as_in_microsofts_example():
    query = parse("SELECT DeviceId, LastActivityTime FROM devices")
    assert query.columns == (
        Column(DEVICE_ID, "deviceId"),
        Column(PropertyPath(("lastActivityTime",)), "lastActivityTime"),
    )


@pytest.mark.parametrize(
    ("text", "name"), [("COUNT() AS total", "total"), ("count()", "$1"), ("COUNT ( )", "$1")]
)
def test_count(text, name):
    query = parse(f"SELECT {text} FROM devices")
    assert query == Query(
        "devices", grouping=Grouping((GroupColumn(Aggregate("COUNT", None), name),))
    )
    assert query.kind == "Raw"


def test_groups():
    query = parse(
        "select tags.site, avg(devices.tags.n), Max(tags.n) AS most from devices.modules"
        " where tags.n > 1 group by Tags.site"
    )
    site, n = PropertyPath(("tags", "site")), PropertyPath(("tags", "n"))
    assert query == Query(
        "devices.modules",
        grouping=Grouping(
            (
                GroupColumn(site, "site"),
                GroupColumn(Aggregate("AVG", n), "$1"),
                GroupColumn(Aggregate("MAX", n), "most"),
            ),
            by=(site,),
        ),
        where=Binary(">", n, Constant(1)),
    )


def test_groups_of_several_properties():
    tags = "tags.ApplicationId, tags.SupervisorId"
    paths = tuple(PropertyPath(("tags", name)) for name in ("ApplicationId", "SupervisorId"))
    assert parse(f"SELECT {tags}, COUNT() FROM devices GROUP BY {tags}").grouping == Grouping(
        (
            GroupColumn(paths[0], "ApplicationId"),
            GroupColumn(paths[1], "SupervisorId"),
            GroupColumn(Aggregate("COUNT", None), "$1"),
        ),
        by=paths,
    )


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        (
            "SELECT tags.a, properties.desired.a FROM devices",
            "two columns are named a; name one with AS",
            15,
        ),
        ("SELECT SUM() FROM devices", "expected a name, found )", 11),
        ("SELECT SUM(1) FROM devices", "expected a name, found 1", 11),
        ("SELECT SUM(tags.a, tags.b) FROM devices", "expected ), found ,", 17),
        *(
            (f"SELECT COUNT({counted}) FROM devices", message, 13)
            for message in ["COUNT() counts twins and takes nothing in its parentheses"]
            for counted in ("*", "deviceId", "1")
        ),
        ("SELECT COUNT() + 1 FROM devices", "expected FROM, found +", 15),
        *(
            (query, "a column of a group must be an aggregate or a property of GROUP BY", where)
            for query, where in (
                ("SELECT tags.a, COUNT() FROM devices", 7),
                ("SELECT COUNT() AS n, tags.a FROM devices", 21),
                ("SELECT COUNT() AS n, tags.a FROM devices GROUP BY tags.b", 21),
                ("SELECT tags.a + 1 FROM devices GROUP BY tags.a", 7),
            )
        ),
        (
            "SELECT MAX(a) AS n, MIN(a) AS n FROM devices",
            "two columns are named n; name one with AS",
            20,
        ),
        ("SELECT * FROM devices GROUP BY tags.a", "SELECT * has no groups; select aggregates", 0),
        ("SELECT COUNT() FROM devices GROUP tags.a", "expected BY, found tags", 34),
        ("SELECT COUNT() FROM devices GROUP BY", "expected a name, found the end", 36),
        ("SELECT COUNT() FROM devices GROUP BY 1", "expected a name, found 1", 37),
        ("SELECT COUNT() FROM devices GROUP BY a,", "expected a name, found the end", 39),
        ("SELECT COUNT() FROM devices GROUP BY a b", "expected the end, found b", 39),
        ("SELECT COUNT() FROM devices GROUP BY a WHERE b", "expected the end, found WHERE", 39),
        (
            "SELECT * FROM devices WHERE COUNT() > 1",
            "COUNT() must be a column of its own in SELECT",
            28,
        ),
        (
            "SELECT 1 + max(tags.a) FROM devices",
            "max() must be a column of its own in SELECT",
            11,
        ),
    ],
)
def test_refusals_say_why_and_where(text, message, position):
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.position) == (message, position)
