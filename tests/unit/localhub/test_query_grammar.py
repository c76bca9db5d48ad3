"""Texts of queries and conditions: what is read, and what is refused where."""

import pytest

from edgeops.localhub.query import QueryError, TargetCondition, condition, parse, parse_metric
from edgeops.localhub.query.ast import (
    UNDEFINED,
    Binary,
    Call,
    Constant,
    In,
    IsDefined,
    Logical,
    Negate,
    Not,
    PropertyPath,
    Query,
)
from edgeops.localhub.query.functions import FUNCTIONS

DEVICE_ID = PropertyPath(("deviceId",))


def called(name, arguments):
    return Call(name, FUNCTIONS[name].compute, arguments)


def where(text):
    return parse(f"SELECT * FROM devices WHERE {text}").where


def test_all_twins():
    query = parse("SELECT * FROM devices")
    assert query == Query("devices")
    assert query.kind == "Twin"


def test_keywords_in_any_case():
    query = parse("select top 2 * from Devices.Modules where Not Is_Defined(tags.a)")
    assert query == Query(
        "devices.modules", top=2, where=Not(IsDefined(PropertyPath(("tags", "a"))))
    )


def test_names_below_the_twins_own_are_case_sensitive():
    assert where("tags.Site = Tags.site") == Binary(
        "=", PropertyPath(("tags", "Site")), PropertyPath(("tags", "site"))
    )


def test_jobs():
    query = parse("SELECT * FROM devices.jobs WHERE devices.jobs.JobId = 'j'")
    assert query == Query(
        "devices.jobs", where=Binary("=", PropertyPath(("jobId",)), Constant("j"))
    )
    assert query.kind == "DeviceJob"


def test_a_metric_is_on_the_twins_of_its_configuration_unless_it_says_others():
    assert parse_metric("select *") == Query("devices")
    assert parse_metric("select *", "devices.modules") == Query("devices.modules")
    assert parse_metric("select * from devices", "devices.modules") == Query("devices")
    assert parse_metric("select deviceId where tags.a = 1 group by deviceId") == parse(
        "select deviceId from devices where tags.a = 1 group by deviceId"
    )
    with pytest.raises(QueryError, match=r"FROM takes devices or devices\.modules"):
        parse_metric("select * from devices.jobs")


def test_functions():
    assert where("startswith(deviceId, 'a')") == called("STARTSWITH", (DEVICE_ID, Constant("a")))
    assert where("Array_Contains(parentscopes, 1 + 1)") == called(
        "ARRAY_CONTAINS",
        (PropertyPath(("parentScopes",)), Binary("+", Constant(1), Constant(1))),
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it'", "it"),
        (r"'it\'s'", "it's"),
        (r'"say \"hi\" \\ \u20ac"', 'say "hi" \\ €'),
        ("'SELECT -- ; DROP'", "SELECT -- ; DROP"),
        ("12", 12),
        ("1.5", 1.5),
        (".5e1", 5.0),
        ("0x1F", 31),
        ("true", True),
        ("False", False),
        ("NULL", None),
        ("undefined", UNDEFINED),
    ],
)
def test_constants(text, value):
    literal = where(text)
    assert literal == Constant(value)
    assert type(literal.value) is type(value)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("devices.deviceId", ("deviceId",)),
        ("devices.modules.moduleId", ("moduleId",)),
        ("configurations.[[my config-1]].status", ("configurations", "my config-1", "status")),
        ("properties.desired.$version", ("properties", "desired", "$version")),
        ("tags.[[group]]", ("tags", "group")),
    ],
)
def test_paths(text, keys):
    assert where(text) == PropertyPath(keys)


def test_precedence():
    assert where("NOT deviceId = 1 + 2 * 3 OR tags.a AND tags.b") == Logical(
        "OR",
        (
            Not(
                Binary(
                    "=",
                    DEVICE_ID,
                    Binary("+", Constant(1), Binary("*", Constant(2), Constant(3))),
                )
            ),
            Logical("AND", (PropertyPath(("tags", "a")), PropertyPath(("tags", "b")))),
        ),
    )


def test_arithmetic_groups_from_the_left_unless_in_parentheses():
    assert where("8 - 4 - 2") == Binary("-", Binary("-", Constant(8), Constant(4)), Constant(2))
    assert where("8 - (4 - 2)") == Binary("-", Constant(8), Binary("-", Constant(4), Constant(2)))


def test_lists():
    assert where("deviceId IN ['a', -1]") == In(DEVICE_ID, (Constant("a"), Negate(Constant(1))))
    assert where("deviceId nin []") == In(DEVICE_ID, (), negated=True)


def test_comments_are_spaces():
    assert parse("/* of *\n/ all */SELECT/**/*FROM devices /* WHERE */") == Query("devices")


def test_not_equal_has_two_spellings():
    assert where("tags.a <> 1") == where("tags.a != 1")


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "expected SELECT, found the end", 0),
        ("SELECT", "expected a value, found the end", 6),
        ("SELECT * devices", "expected FROM, found devices", 9),
        ("SELECT * FROM twins", "FROM takes devices, devices.modules or devices.jobs", 14),
        *(
            (query, "a query on devices.jobs must be SELECT * without GROUP BY", 0)
            for query in (
                "SELECT jobId FROM devices.jobs",
                "SELECT COUNT() FROM devices.jobs",
                "SELECT * FROM devices.jobs GROUP BY jobId",
            )
        ),
        ("SELECT * FROM devices WHERE", "expected a value, found the end", 27),
        ("SELECT * FROM devices WHERE a = ", "expected a value, found the end", 32),
        ("SELECT * FROM devices WHERE (a = 1", "expected ), found the end", 34),
        ("SELECT * FROM devices WHERE a = 1 b", "expected the end, found b", 34),
        ("SELECT * /* FROM devices", "expected FROM, found /", 9),
        ("SELECT * FROM devices; DROP", "cannot read ';'", 21),
        ("SELECT * FROM devices WHERE a = 'b", "the text has no closing quote", 32),
        (r"SELECT * FROM devices WHERE a = '\n'", r"unknown escape \n", 33),
        ("SELECT * FROM devices WHERE a = 1e999", "the number is too large", 32),
        ("SELECT * FROM devices WHERE a = 0x" + "f" * 400, "the number is too large", 32),
        ("SELECT * FROM devices WHERE a = " + "9" * 5000, "the number is too large", 32),
        ("SELECT * FROM devices WHERE a = 12abc", "cannot read '1'", 32),
        ("SELECT * FROM devices WHERE a IN 'b'", "expected [, found 'b'", 33),
        ("SELECT * FROM devices WHERE a IN ['b' 'c']", "expected ,, found 'c'", 38),
        ("SELECT * FROM devices WHERE a IN ['b',]", "expected a value, found ]", 38),
        ("SELECT * FROM devices WHERE a = ['b']", "expected a value, found [", 32),
        (
            "SELECT * FROM devices WHERE tags.group = 1",
            "group is a keyword; as a name write [[group]]",
            33,
        ),
        (
            "SELECT * FROM devices WHERE lower(tags.a) = 'b'",
            "lower() is not known;"
            " queries on twins have is_defined(), array_contains() and startswith()",
            28,
        ),
        (
            "SELECT * FROM devices WHERE startswith(deviceId)",
            "startswith() takes 2 values, not 1",
            28,
        ),
        (
            "SELECT * FROM devices WHERE array_contains(tags.a, 1, 2)",
            "array_contains() takes 2 values, not 3",
            28,
        ),
        ("SELECT * FROM devices WHERE is_defined('a')", "expected a name, found 'a'", 39),
        ("SELECT TOP -1 * FROM devices", "TOP needs a whole number", 11),
        ("SELECT TOP 1.5 * FROM devices", "TOP needs a whole number", 11),
    ],
)
def test_refusals_say_why_and_where(text, message, position):
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.position) == (message, position)


def test_a_query_has_at_most_8192_characters():
    text = "SELECT * FROM devices"
    assert parse(text.ljust(8192)) == Query("devices")
    with pytest.raises(QueryError, match="8,192 characters"):
        parse(text.ljust(8193))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4000 + "1" + ")" * 4000,
        "NOT " * 2000 + "true",
        "-" * 8000 + "1",
        "1" + "+1" * 4000,
        "1" + "=1" * 4000,
        "(" * 60 + "1" + (("+1" * 60) + ")") * 60,
        "a" + " IN [a" * 1000,
        "startswith(a, " * 500,
    ],
    ids=[
        *("parentheses", "not", "minus", "plus", "equals", "chains in parentheses", "lists"),
        "functions",
    ],
)
def test_deep_nesting_is_refused(text):
    with pytest.raises(QueryError, match="nested deeper than 64 levels"):
        where(text)


def test_a_condition_may_name_hundreds_of_devices():
    text = " OR ".join(f"deviceId = 'device-{number}'" for number in range(300))
    assert len(where(text).operands) == 300


def test_target_conditions():
    assert condition("*") == TargetCondition("devices", None)
    assert condition(" ") == TargetCondition("devices", Constant(value=False))
    assert condition("tags.a = 1") == TargetCondition(
        "devices", Binary("=", PropertyPath(("tags", "a")), Constant(1))
    )
    assert condition("FROM devices.modules WHERE moduleId = 'm'") == TargetCondition(
        "devices.modules", Binary("=", PropertyPath(("moduleId",)), Constant("m"))
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("deviceId IN ['a']", "a target condition may not use IN; write it with OR"),
        ("tags.a nin ['a']", "a target condition may not use NIN; write it with OR"),
        ("deviceId = 'a' NOT tags.b", "expected the end, found NOT"),
        ("SELECT * FROM devices", "expected a value, found SELECT"),
        ("x" * 9000, "a query may have 8,192 characters"),
    ],
)
def test_bad_target_conditions(text, message):
    with pytest.raises(QueryError) as caught:
        condition(text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9007199254740992", 2**53),
        ("9007199254740993", 2.0**53),
        ("0x20000000000001", 2.0**53),
        ("99999999999999999999", 1e20),
        (r"'\ud83d\ude00'", "\U0001f600"),
        (r"'\u00e9\uffff'", "\u00e9\uffff"),
    ],
)
def test_constants_that_json_can_say(text, value):
    literal = where(text)
    assert literal == Constant(value)
    assert type(literal.value) is type(value)


@pytest.mark.parametrize("text", [r"'\ud800'", r"'\udc00\ud800'", r"'a\ud83d'"])
def test_halves_of_surrogate_pairs_are_refused(text):
    with pytest.raises(QueryError, match="half of a surrogate pair"):
        where(text)


def test_a_number_beyond_floats_is_refused():
    with pytest.raises(QueryError, match="the number is too large"):
        where("0x" + "F" * 300)
