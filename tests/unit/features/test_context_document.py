"""Context documents: what they may say, and that what is wrong in one costs only itself."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from edgeops.features.context_document import (
    MAX_EVENTS,
    Calendar,
    Happening,
    Readings,
    parse_document,
    parse_documents,
)

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "schemas/modules/context.schema.json").read_bytes()
)
MARKET = {"name": "market", "start": "2026-03-07T10:00", "end": "2026-03-07T16:00"}
RAIN = {"start": "2026-03-01T06:00:00Z", "values": [1, None, 2.5]}
time = datetime.fromisoformat
SIX = int(datetime(2026, 3, 1, 6, tzinfo=UTC).timestamp())


def document(**parts):
    return {"context": 1, **parts}


def test_the_example_of_the_schema():
    (example,) = SCHEMA["examples"]
    jsonschema.validate(example, SCHEMA)
    context = parse_document(example)
    assert context.faults == ()
    assert context.issued == SIX
    assert context.calendar == Calendar(
        ("market",), (Happening("market", time("2026-03-07T10:00"), time("2026-03-07T16:00")),)
    )
    assert context.series == (Readings("temperature", SIX, 3600, (17.5, 17.9, 18.4)),)


def test_a_message_may_be_a_list():
    first, second = parse_documents(json.dumps([document(), document(series={"rain": RAIN})]), 999)
    assert (first.series, len(second.series)) == ((), 1)


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [(15, 900), (60, 3600), (180, 3 * 3600)],
)
def test_the_time_between_values(minutes, seconds):
    rain = {**RAIN, "minutes": minutes, "values": [1, 2]}
    (readings,) = parse_document(document(series={"rain": rain})).series
    assert (readings.seconds, readings.values) == (seconds, (1.0, 2.0))


def test_times_without_an_offset_are_in_the_zone_that_the_document_names():
    context = parse_document(document(timeZone="Pacific/Auckland", events=[MARKET]))
    assert context.calendar is not None
    assert context.calendar.events[0].start == datetime(
        2026, 3, 7, 10, tzinfo=ZoneInfo("Pacific/Auckland")
    )


def test_a_calendar_says_what_it_is_complete_for():
    said = {"names": ["market", "concert"], "from": "2026-01-01", "until": "2027-01-01T00:00Z"}
    assert parse_document(document(events=[], calendar=said)).calendar == Calendar(
        ("market", "concert"), (), time("2026-01-01"), datetime(2027, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (5, 'context is not {"context": 1, ...}'),
        ({"context": True}, 'context is not {"context": 1, ...}'),
        ({"context": 2}, "context is version 2, this module knows 1"),
        (document(timeZone="Mars/Base"), "context: timeZone is not known: Mars/Base"),
        (document(issued="2026-03-01T06:00"), "issued has no offset from UTC, such as Z or +13:00"),
        (document(issued=7), "issued is not a text of 1 to 64 characters"),
        (document(rain=RAIN), "context: rain: no such key"),
        (document(calendar={}), "context: calendar is without events"),
        (document(events={}), f"context: events is not a list of at most {MAX_EVENTS:,}"),
        (
            document(events=[MARKET], calendar={"until": "soon"}),
            "context: calendar: until is not an ISO 8601 time",
        ),
        (
            document(events=[MARKET], calendar={"from": "2026-01-01", "until": "2026-01-01"}),
            "context: calendar: until is not after from",
        ),
        (document(series=[]), "context: series is not an object of at most 32 names"),
    ],
)
def test_what_is_refused(value, fault):
    context = parse_document(value)
    assert context.faults == (fault,)
    assert (context.calendar, context.series) == (None, ())


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ({**MARKET, "end": "2026-03-07T10:00"}, "it ends before it starts"),
        ({**MARKET, "end": "2026-03-07T16:00Z"}, "one of start and end has an offset"),
        ({**MARKET, "end": "20226-03-07T16:00"}, "end is not an ISO 8601 time"),
        ({**MARKET, "end": "2926-03-07T16:00"}, "end: the year 2926 is not between 1900 and 2200"),
        ({**MARKET, "name": ""}, "name: it has 0 characters"),
        ({**MARKET, "value": math.nan}, "value is not a finite number"),
        ({**MARKET, "value": 1e300}, "value is beyond 1e+15"),
        ("market", 'it is not {"name", "start", "end"}'),
    ],
)
def test_a_bad_event_costs_only_itself(event, fault):
    context = parse_document(document(events=[event, MARKET], series={"rain": RAIN}))
    assert context.calendar is not None
    assert [each.name for each in context.calendar.events] == ["market"]
    assert len(context.series) == 1
    assert len(context.faults) == 1
    assert context.faults[0].startswith(f"context: event 1: {fault}")


@pytest.mark.parametrize(
    ("series", "fault"),
    [
        ({**RAIN, "start": "2026-03-01T06:00"}, "start has no offset from UTC"),
        ({**RAIN, "values": [0] * 100_001}, "it has more than 100,000 values"),
        ({**RAIN, "minutes": 7}, "minutes is not one of 15, 20, 30, 60"),
        ({"start": RAIN["start"]}, 'it is not {"start", "minutes", "values"}'),
    ],
)
def test_a_bad_series_costs_only_itself(series, fault):
    context = parse_document(document(series={"wind": series, "rain": RAIN}))
    assert [each.name for each in context.series] == ["rain"]
    assert len(context.faults) == 1
    assert context.faults[0].startswith(f"context: series wind: {fault}")


def test_a_bad_value_costs_only_itself():
    rain = {**RAIN, "values": [1, "wet", math.inf, 10**400, True, 2, -2e15]}
    context = parse_document(document(series={"rain": rain}))
    values = context.series[0].values
    assert (values[0], values[5]) == (1, 2)
    assert all(map(math.isnan, [*values[1:5], values[6]]))
    assert len(context.faults) == 5


def test_a_number_of_thousands_of_digits_costs_only_itself():
    text = json.dumps(document(series={"rain": RAIN})).replace("[", f"[{'9' * 5000}, ")
    (context,) = parse_documents(text, 10_000)
    assert context.faults == ("context: series rain: a value is not a finite number",)
    assert context.series[0].values[1] == RAIN["values"][0]


def test_of_a_list_the_first_hundred_are_read():
    contexts = parse_documents(json.dumps([document()] * 102), 10_000)
    assert [context.faults for context in contexts[:100]] == [()] * 100
    (last,) = contexts[100:]
    assert last.faults == ("context is more than 100 documents: the rest is left out",)


def test_names_that_cannot_be_printed_are_told_so_that_they_can():
    told = parse_document(document(series={"a\x1b[2J": RAIN, "rain": RAIN}, **{"\ud800": 1}))
    assert [fault.isprintable() for fault in told.faults] == [True, True]
    assert [each.name for each in told.series] == ["rain"]


@pytest.mark.parametrize("data", [b"\xff", b"{", b"[" * 100_000, b'"' + b"x" * 200_000 + b'"'])
def test_what_is_no_json_or_too_large_never_raises(data):
    assert [len(context.faults) for context in parse_documents(data, 150_000)] == [1]
