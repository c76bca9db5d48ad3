"""A context document: what is known ahead, as JSON (schemas/modules/context.schema.json).

It is a file in a slot, or a message. A part of it that is wrong costs only itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from edgeops.errors import EdgeOpsError
from edgeops.features.device_limits import MAX_VALUE, name_fault, shown
from edgeops.features.wall_clock import time_zone

MAX_FILE_BYTES = 1024 * 1024
MAX_EVENTS = 10_000
MAX_SERIES = 32
MAX_NAMES = 256
MAX_VALUES = 100_000  # of a series
MAX_DOCUMENTS = 100  # in one message or file
_YEARS = (1900, 2200)
_MINUTES = (15, 20, 30, 60, 120, 180, 240, 360, 720, 1440)
_MAX_TEXT = 64  # characters
_KEYS = {"context", "issued", "timeZone", "events", "calendar", "series"}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event; times without an offset (no `tzinfo`) are on the clock of the model's site."""

    name: str
    start: datetime
    end: datetime
    value: float = 1.0


@dataclass(frozen=True, slots=True)
class Calendar:
    """All events of these names from `first` to before `until`; None: from ever, for ever."""

    names: tuple[str, ...]
    events: tuple[Happening, ...]
    first: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Readings:
    """A series: a value every `seconds` from `start` on, in seconds since 1970; NaN is a gap."""

    name: str
    start: int
    seconds: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a document says; `issued` is in seconds since 1970, None if it does not say.

    `faults` says what was wrong in it.
    """

    issued: float | None = None
    calendar: Calendar | None = None
    series: tuple[Readings, ...] = ()
    faults: tuple[str, ...] = ()


class _BadPart(Exception):
    """This part of the document cannot be read."""


def parse_documents(data: bytes | str, max_bytes: int) -> tuple[Context, ...]:
    """The documents of a message or a file: one, or a list of them. Never raises."""
    if len(data) > max_bytes:
        return (Context(faults=(f"context is larger than {max_bytes:,} bytes",)),)
    try:
        value = json.loads(data, parse_int=_whole)
    except (ValueError, RecursionError):
        return (Context(faults=("context is not JSON",)),)
    documents = value if isinstance(value, list) else [value]
    contexts = tuple(map(parse_document, documents[:MAX_DOCUMENTS]))
    if len(documents) <= MAX_DOCUMENTS:
        return contexts
    over = f"context is more than {MAX_DOCUMENTS} documents: the rest is left out"
    return (*contexts, Context(faults=(over,)))


def _whole(text: str) -> float:
    return int(text) if len(text) < 16 else float(text)  # `int` refuses more than 4,300 digits


def parse_document(value: Any) -> Context:
    """What a document says. Never raises."""
    faults: list[str] = []
    try:
        if not isinstance(value, dict) or type(value.get("context")) is not int:
            raise _BadPart('context is not {"context": 1, ...}')
        if value["context"] != 1:
            raise _BadPart(f"context is version {value['context']}, this module knows 1")
        zone = _zone(value.get("timeZone"))
        issued = None if value.get("issued") is None else _moment("issued", value["issued"])
    except _BadPart as fault:
        return Context(faults=(str(fault),))
    faults += [f"context: {shown(key)}: no such key" for key in value if key not in _KEYS]
    calendar = _calendar(value, zone, faults) if "events" in value else None
    if "calendar" in value and "events" not in value:
        faults.append("context: calendar is without events")
    return Context(issued, calendar, tuple(_all_series(value, faults)), tuple(faults))


def _zone(name: Any) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return time_zone(_text("timeZone", name))
    except EdgeOpsError as error:
        raise _BadPart(f"context: timeZone is not known: {shown(name)}") from error


def _calendar(value: dict[str, Any], zone: ZoneInfo | None, faults: list[str]) -> Calendar | None:
    events, said = value["events"], value.get("calendar", {})
    if not isinstance(events, list) or len(events) > MAX_EVENTS:
        faults.append(f"context: events is not a list of at most {MAX_EVENTS:,}")
        return None
    read = []
    for number, event in enumerate(events, start=1):
        try:
            read.append(_event(event, zone))
        except _BadPart as fault:
            faults.append(f"context: event {number}: {fault}")
    try:
        names, first, until = _bounds(said, zone)
    except _BadPart as fault:
        # What it is complete for is not known, so no hour may count as one without events.
        faults.append(f"context: calendar: {fault}")
        return None
    if names is None:
        names = tuple(dict.fromkeys(event.name for event in read))
    if len(names) > MAX_NAMES:
        faults.append(f"context: events have more than {MAX_NAMES} names")
        return None
    return Calendar(names, tuple(read), first, until)


def _bounds(
    said: Any, zone: ZoneInfo | None
) -> tuple[tuple[str, ...] | None, datetime | None, datetime | None]:
    if not isinstance(said, dict) or said.keys() - {"names", "from", "until"}:
        raise _BadPart("it has other keys than names, from and until")
    names = said.get("names")
    if names is not None:
        if not isinstance(names, list):
            raise _BadPart("names is not a list")
        names = tuple(dict.fromkeys(map(_name, names)))
    first, until = (
        None if said.get(key) is None else _time(key, said[key], zone) for key in ("from", "until")
    )
    if first and until and (first.tzinfo is None) == (until.tzinfo is None) and until <= first:
        raise _BadPart("until is not after from")
    return names, first, until


def _event(event: Any, zone: ZoneInfo | None) -> Happening:
    if not isinstance(event, dict):
        raise _BadPart('it is not {"name", "start", "end"}')
    name = _name(event.get("name"))
    start, end = (_time(key, event.get(key), zone) for key in ("start", "end"))
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise _BadPart("one of start and end has an offset, the other has none")
    if end <= start:
        raise _BadPart("it ends before it starts")
    return Happening(name, start, end, _number("value", event.get("value", 1)))


def _all_series(value: dict[str, Any], faults: list[str]) -> Iterator[Readings]:
    series = value.get("series", {})
    if not isinstance(series, dict) or len(series) > MAX_SERIES:
        faults.append(f"context: series is not an object of at most {MAX_SERIES} names")
        return
    for name, item in series.items():
        try:
            yield _readings(_name(name), item, faults)
        except _BadPart as fault:
            faults.append(f"context: series {shown(name)}: {fault}")


def _readings(name: str, item: Any, faults: list[str]) -> Readings:
    if not isinstance(item, dict) or not isinstance(item.get("values"), list):
        raise _BadPart('it is not {"start", "minutes", "values"}')
    if len(item["values"]) > MAX_VALUES:
        raise _BadPart(f"it has more than {MAX_VALUES:,} values")
    minutes = item.get("minutes", 60)
    if isinstance(minutes, bool) or minutes not in _MINUTES:
        raise _BadPart(f"minutes is not one of {', '.join(map(str, _MINUTES))}")
    start = int(_moment("start", item.get("start")))
    values = []
    for value in item["values"]:
        try:
            values.append(math.nan if value is None else _number("a value", value))
        except _BadPart as fault:
            values.append(math.nan)
            faults.append(f"context: series {name}: {fault}")
    return Readings(name, start, int(minutes) * 60, tuple(values))


def _time(key: str, text: Any, zone: ZoneInfo | None) -> datetime:
    """The time of a text, in `zone` if it has no offset; without both, naive."""
    try:
        moment = datetime.fromisoformat(_text(key, text))
    except ValueError as error:
        raise _BadPart(f"{key} is not an ISO 8601 time") from error
    first, last = _YEARS
    if not first <= moment.year <= last:
        raise _BadPart(f"{key}: the year {moment.year} is not between {first} and {last}")
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _moment(key: str, text: Any) -> float:
    """Seconds since 1970 of a text with an offset."""
    moment = _time(key, text, None)
    if moment.tzinfo is None:
        raise _BadPart(f"{key} has no offset from UTC, such as Z or +13:00")
    return moment.timestamp()


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise _BadPart(f"{key} is not a text of 1 to {_MAX_TEXT} characters")
    return value


def _name(value: Any) -> str:
    fault = name_fault(value) if isinstance(value, str) else "it is not a text"
    if fault:
        raise _BadPart(f"name: {fault}")
    name: str = value
    return name


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _BadPart(f"{key} is not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise _BadPart(f"{key} is not a finite number") from error
    if not math.isfinite(number):
        raise _BadPart(f"{key} is not a finite number")
    if abs(number) > MAX_VALUE:
        raise _BadPart(f"{key} is beyond {MAX_VALUE:g}")
    return number
