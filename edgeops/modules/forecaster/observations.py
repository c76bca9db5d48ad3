"""Observations as they arrive: JSON messages of the input, and rows of a CSV file.

A timestamp is ISO 8601 with an offset (`2024-09-29T03:00:00+13:00`, or `Z`), so
that daylight saving never makes it ambiguous. What cannot be read costs only
itself: the other values of a message or a row are taken.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from edgeops.features.device_limits import MAX_VALUE, name_fault, shown
from edgeops.features.gaps import is_gap

HOUR = 3600
EARLY = HOUR  # clocks of devices differ; what is stamped later than that is of no time at all
MAX_MESSAGE_BYTES = 256 * 1024  # what IoT Hub takes as one message
_TIMESTAMP = "timestamp"
_MAX_TIMESTAMP = 64  # characters


@dataclass(frozen=True, slots=True)
class Observation:
    """One number of one series; `at` is in seconds since 1970 in UTC.

    It can stand for `count` values of one quarter of an hour: `value` is the last
    of them, at its moment, and `before` the sum of the others.
    """

    at: int
    name: str
    value: float
    before: float = 0.0
    count: int = 1


class FaultKind(StrEnum):
    """What was wrong with what was refused."""

    MESSAGE = "message"
    TIMESTAMP = "timestamp"
    NAME = "name"
    VALUE = "value"
    SERIES = "series"  # one too many
    AGE = "age"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class InputFault:
    """Why a part of the input was refused."""

    kind: FaultKind
    message: str


@dataclass(frozen=True, slots=True)
class ParsedInput:
    """What could be read, and why the rest could not."""

    observations: tuple[Observation, ...] = ()
    faults: tuple[InputFault, ...] = ()


class _Unreadable(Exception):
    """This part of the input cannot be read."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.fault = InputFault(kind, message)


def parse_message(data: bytes | str) -> ParsedInput:
    """The observations in a message `{"timestamp", "values": {name: number}}`, or a list of them.

    `null` is a gap. Never raises.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        return _message_fault(f"message is larger than {MAX_MESSAGE_BYTES} bytes")
    try:
        message = json.loads(data, parse_int=float)  # `int` refuses more than 4,300 digits
    except (ValueError, RecursionError):
        return _message_fault("message is not JSON")
    observations: list[Observation] = []
    faults: list[InputFault] = []
    for item in message if isinstance(message, list) else [message]:
        parsed = _of_item(item)
        observations += parsed.observations
        faults += parsed.faults
    return ParsedInput(tuple(observations), tuple(faults))


def parse_csv(lines: Iterable[str]) -> Iterator[ParsedInput]:
    """The observations of each row of a CSV file with the columns `timestamp`, then the series.

    Gaps are written as in a table for training. Never raises for what the file holds.
    """
    rows = _rows(lines)
    header = next(rows, [])
    if isinstance(header, InputFault) or not header or header[0].strip("\ufeff \t") != _TIMESTAMP:
        yield _message_fault("the first column of the CSV file must be `timestamp`")
        return
    names, faults = _names([name.strip() for name in header[1:]])
    yield ParsedInput(faults=tuple(faults))
    for row in rows:
        if isinstance(row, InputFault):
            yield ParsedInput(faults=(row,))
        elif any(row[1 + len(names) :]):  # a comma inside a number makes two cells of it
            yield _message_fault(f"a row has {len(row) - 1} values for {len(names)} columns")
        elif row:
            cells = {
                name: _number_of(cell)
                for name, cell in zip(names, row[1:], strict=False)
                if name is not None and not is_gap(cell)
            }
            yield _of_item({_TIMESTAMP: row[0].strip(), "values": cells})


def _rows(lines: Iterable[str]) -> Iterator[list[str] | InputFault]:
    rows = csv.reader(lines)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield InputFault(FaultKind.MESSAGE, f"not CSV: {error}")


def _names(header: Sequence[str]) -> tuple[list[str | None], list[InputFault]]:
    """The name of each column, None for one whose values are refused."""
    names: list[str | None] = []
    faults = []
    for name in header:
        fault = _name_fault(name)
        if fault is None and name in names:
            fault = f"more than one column of the CSV file is called {name}"
        names.append(None if fault else name)
        if fault:
            faults.append(InputFault(FaultKind.NAME, fault))
    return names, faults


def _number_of(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _of_item(item: Any) -> ParsedInput:
    if not isinstance(item, dict) or not isinstance(item.get("values"), dict):
        return _message_fault('observation is not {"timestamp", "values": {name: number}}')
    observations: list[Observation] = []
    faults: list[InputFault] = []
    try:
        at = _seconds(item.get(_TIMESTAMP))
    except _Unreadable as unreadable:
        return ParsedInput(faults=(unreadable.fault,))
    for name, value in item["values"].items():
        try:
            if value is not None:
                observations.append(Observation(at, _name(name), _number(name, value)))
        except _Unreadable as unreadable:
            faults.append(unreadable.fault)
    return ParsedInput(tuple(observations), tuple(faults))


def _seconds(timestamp: Any) -> int:
    if not isinstance(timestamp, str) or len(timestamp) > _MAX_TIMESTAMP:
        raise _Unreadable(FaultKind.TIMESTAMP, "timestamp is not an ISO 8601 text")
    try:
        moment = datetime.fromisoformat(timestamp)
        if moment.tzinfo is None:
            message = "timestamp has no offset from UTC, such as Z or +13:00"
            raise _Unreadable(FaultKind.TIMESTAMP, message)
        seconds = int(moment.astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        message = "timestamp is not an ISO 8601 text"
        raise _Unreadable(FaultKind.TIMESTAMP, message) from error
    if seconds < 0:
        raise _Unreadable(FaultKind.TIMESTAMP, "timestamp is before 1970")
    return seconds


def _name(name: str) -> str:
    if fault := _name_fault(name):
        raise _Unreadable(FaultKind.NAME, fault)
    return name


def _name_fault(name: str) -> str | None:
    fault = name_fault(name)
    return f"a series is called `{shown(name)}`: {fault}" if fault else None


def _number(name: str, value: Any) -> float:
    if not isinstance(value, float):
        raise _Unreadable(FaultKind.VALUE, f"{name}: value is not a number")
    if not math.isfinite(value):
        raise _Unreadable(FaultKind.VALUE, f"{name}: value is not a finite number")
    if abs(value) > MAX_VALUE:
        raise _Unreadable(FaultKind.VALUE, f"{name}: value is beyond {MAX_VALUE:g}")
    return value


def _message_fault(message: str) -> ParsedInput:
    return ParsedInput(faults=(InputFault(FaultKind.MESSAGE, message),))
