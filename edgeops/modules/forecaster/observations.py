"""Observations as they arrive: JSON messages of the input, and rows of a CSV file.

A timestamp is ISO 8601 with an offset (`2024-09-29T03:00:00+13:00`, or `Z`), so
that daylight saving never makes it ambiguous. What happened within one UTC hour
belongs to that hour.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

HOUR = 3600
MAX_MESSAGE_BYTES = 256 * 1024  # what IoT Hub takes as one message
_MAX_NAME = 64
_TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Observation:
    """One number of one series; `at` is in seconds since 1970 in UTC."""

    at: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class ParsedInput:
    """What could be read, and why the rest could not."""

    observations: tuple[Observation, ...] = ()
    faults: tuple[str, ...] = ()


class _Unreadable(Exception):
    """This part of the input cannot be read."""


def parse_message(data: bytes | str) -> ParsedInput:
    """The observations in a message `{"timestamp", "values": {name: number}}`, or a list of them.

    What is wrong with one element does not spoil the others; `null` is a gap.
    Never raises.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        return ParsedInput(faults=(f"message is larger than {MAX_MESSAGE_BYTES} bytes",))
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return ParsedInput(faults=("message is not JSON",))
    observations: list[Observation] = []
    faults: list[str] = []
    for item in message if isinstance(message, list) else [message]:
        try:
            observations += _of_item(item)
        except _Unreadable as fault:
            faults.append(str(fault))
    return ParsedInput(tuple(observations), tuple(faults))


def parse_csv(lines: Iterable[str]) -> Iterator[ParsedInput]:
    """The observations of each row of a CSV file with the columns `timestamp`, then the series.

    An empty cell is a gap. Never raises for what the file holds.
    """
    rows = csv.reader(lines)
    try:
        header = next(rows, [])
        if not header or header[0].strip().lstrip("\ufeff") != _TIMESTAMP:
            yield ParsedInput(faults=("the first column of the CSV file must be `timestamp`",))
            return
        names = [name.strip() for name in header[1:]]
        for row in rows:
            if row:
                yield _of_row(names, row)
    except csv.Error as error:
        yield ParsedInput(faults=(f"not CSV: {error}",))


def _of_row(names: list[str], row: list[str]) -> ParsedInput:
    cells = {
        name: _number_of(cell) for name, cell in zip(names, row[1:], strict=False) if cell.strip()
    }
    try:
        return ParsedInput(tuple(_of_item({_TIMESTAMP: row[0].strip(), "values": cells})))
    except _Unreadable as fault:
        return ParsedInput(faults=(str(fault),))


def _number_of(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _of_item(item: Any) -> list[Observation]:
    if not isinstance(item, dict) or not isinstance(item.get("values"), dict):
        raise _Unreadable('observation is not {"timestamp", "values": {name: number}}')
    at = _seconds(item.get(_TIMESTAMP))
    return [
        Observation(at, _name(name), _number(name, value))
        for name, value in item["values"].items()
        if value is not None
    ]


def _seconds(timestamp: Any) -> int:
    if not isinstance(timestamp, str) or len(timestamp) > _MAX_NAME:
        raise _Unreadable("timestamp is not an ISO 8601 text")
    try:
        moment = datetime.fromisoformat(timestamp)
        if moment.tzinfo is None:
            raise _Unreadable("timestamp has no offset from UTC, such as Z or +13:00")
        seconds = int(moment.astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise _Unreadable("timestamp is not an ISO 8601 text") from error
    if seconds < 0:
        raise _Unreadable("timestamp is before 1970")
    return seconds


def _name(name: str) -> str:
    if not 0 < len(name) <= _MAX_NAME or not name.isprintable():
        raise _Unreadable(f"a series name must have 1 to {_MAX_NAME} printable characters")
    return name


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Unreadable(f"{name[:_MAX_NAME]}: value is not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise _Unreadable(f"{name[:_MAX_NAME]}: value is not a finite number") from error
    if not math.isfinite(number):
        raise _Unreadable(f"{name[:_MAX_NAME]}: value is not a finite number")
    return number
