"""Groups of twins, and the row of each.

Source: "IoT Hub query language", sections GROUP BY and SELECT. As Microsoft's
Azure/Industrial-IoT relies on it, GROUP BY takes several properties, and twins
that lack them are a group too, whose row lacks them. Microsoft does not say in
which order groups come: here, in order of the JSON text of their values. Modules
are grouped like devices, though Microsoft speaks of devices only.
"""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.query.aggregates import AGGREGATES
from edgeops.localhub.query.ast import UNDEFINED, Aggregate, Grouping, QueryError
from edgeops.localhub.query.evaluate import value
from edgeops.localhub.query.numbers import computed_number
from edgeops.localhub.steps import Steps

# Limits of the local hub only: each page of groups is computed in memory.
MAX_GROUPS = 10_000
MAX_BYTES = 64 * 1024 * 1024
# What an aggregate of a group holds; MIN and MAX can hold a string of 4 KB.
_BYTES = {"COUNT": 100, "SUM": 100, "AVG": 100, "MIN": 5_000, "MAX": 5_000}

_MAX_KEY_CHARACTERS = 200


class TwinGroup:
    """The twins that have the same values of the properties of GROUP BY."""

    def __init__(self, grouping: Grouping, values: Sequence[Any]) -> None:
        self._values = dict(zip(grouping.by, values, strict=True))
        self._accumulators = [
            (column.value.path, AGGREGATES[column.value.function]())
            for column in grouping.columns
            if isinstance(column.value, Aggregate)
        ]

    def add(self, twin: JsonObject) -> None:
        """Count one more twin."""
        for path, accumulator in self._accumulators:
            accumulator.add(UNDEFINED if path is None else value(path, twin))

    def row(self, grouping: Grouping) -> JsonObject:
        """The columns of the group by name; some can be UNDEFINED."""
        results = (accumulator.result() for _, accumulator in self._accumulators)
        return {
            column.name: next(results)
            if isinstance(column.value, Aggregate)
            else self._values[column.value]
            for column in grouping.columns
        }


class Groups:
    """The groups of the twins that were added."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self._bytes = 0
        self._bytes_of_group = 100 * len(grouping.by) + sum(
            _BYTES[column.value.function]
            for column in grouping.columns
            if isinstance(column.value, Aggregate)
        )
        self._groups: dict[str, TwinGroup] = {}
        self._all: TwinGroup | None = None
        if not grouping.by:  # one group, even of no twins
            self._all = self._groups[""] = TwinGroup(grouping, ())

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, twin: JsonObject) -> None:
        """Add a twin to its group. Raises `QueryError` if there are too many groups."""
        (self._all or self._group_of(twin)).add(twin)

    def first_rows(self, after: str | None, count: int) -> Steps[Iterator[tuple[str, JsonObject]]]:
        """The keys and rows of the first groups after a key, at most `count`, in order of keys."""
        keys: list[str] = []
        for key in self._groups:
            yield
            if (after is None or key > after) and (len(keys) < count or key < keys[-1]):
                insort(keys, key)
                del keys[count:]
        return ((key, self._groups[key].row(self._grouping)) for key in keys)

    def _group_of(self, twin: JsonObject) -> TwinGroup:
        values = [value(path, twin) for path in self._grouping.by]
        text = b"\n".join(map(_json, values))
        key = _key(text)
        return self._groups.get(key) or self._new_group(key, values, len(text))

    def _new_group(self, key: str, values: Sequence[Any], size: int) -> TwinGroup:
        self._bytes += size + self._bytes_of_group
        if len(self._groups) == MAX_GROUPS or self._bytes > MAX_BYTES:
            message = (
                f"there are more than {len(self._groups):,} groups, more than the local hub holds;"
                " group by properties with fewer values"
            )
            raise QueryError(message, 0)
        group = self._groups[key] = TwinGroup(self._grouping, values)
        return group


def _json(group_value: Any) -> bytes:
    """A value as JSON, the same for equal values; empty if it is undefined."""
    if group_value is UNDEFINED:
        return b""
    if isinstance(group_value, float) and group_value.is_integer():
        group_value = computed_number(group_value)  # 1.0 is 1
    return orjson.dumps(group_value, option=orjson.OPT_SORT_KEYS)


def _key(text: bytes) -> str:
    """The JSON of values; a long one is cut, as keys are sent in continuation tokens."""
    key = text.decode()
    if len(key) <= _MAX_KEY_CHARACTERS:
        return key
    return key[:_MAX_KEY_CHARACTERS] + hashlib.sha256(text).hexdigest()
