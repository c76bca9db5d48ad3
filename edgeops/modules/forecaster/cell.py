"""The values of one series in one hour of UTC, packed: what a history is made of. No I/O.

A cell has four numbers for each entry, in order of time: the moment, the value, the sum of the
values before it that the entry stands for as well, and how many values it stands for. An entry of
several values stands for those of one quarter of an hour, up to its moment.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from edgeops.features.hourly import QUARTER
from edgeops.modules.forecaster.observations import Observation

Cell = array  # of doubles
WIDTH = 4


def put(cell: Cell[float], new: Observation) -> bool:
    """Add an observation; gives whether that changed the cell.

    The same moment again is a correction. What is earlier than an entry of several
    values, in the same quarter of an hour, is taken for one of them.
    """
    end = _after(cell, new.at)
    if end < len(cell) and cell[end + 3] > 1 and _same_quarter(cell[end], new.at):
        return False
    if new.count > 1:
        return _put_several(cell, new, end)
    if end and cell[end - WIDTH] == new.at:
        if cell[end - WIDTH + 1] == new.value:
            return False
        cell[end - WIDTH + 1] = new.value
    else:
        cell[end:end] = _entry(new)
    return True


def fold(cell: Cell[float]) -> Cell[float]:
    """The same with one entry for each quarter of an hour."""
    folded: Cell[float] = array("d")
    for at, value, before, count in entries(cell):
        if folded and _same_quarter(folded[-WIDTH], at):
            before += folded[-2] + folded[-3]
            count += folded[-1]
            del folded[-WIDTH:]
        folded.extend((at, value, before, count))
    return folded


def entries(cell: Cell[float]) -> Iterator[tuple[float, float, float, float]]:
    """Each entry: moment, value, the sum before it, how many values."""
    numbers = iter(cell)
    return zip(numbers, numbers, numbers, numbers, strict=True)


def count_between(cell: Cell[float], begin: int, end: int) -> int:
    """How many values it has from one moment to before another."""
    return int(sum(count for at, _, _, count in entries(cell) if begin <= at < end))


def _put_several(cell: Cell[float], new: Observation, end: int) -> bool:
    """Put an entry in place of those that it stands for, unless these are of more values."""
    begin, count = end, 0.0
    while begin and _same_quarter(cell[begin - WIDTH], new.at):
        begin -= WIDTH
        count += cell[begin + 3]
    entry = _entry(new)
    if count > new.count or cell[begin:end] == entry:
        return False
    cell[begin:end] = entry
    return True


def _after(cell: Cell[float], at: int) -> int:
    """Where the entries after a moment begin."""
    end = len(cell)
    while end and cell[end - WIDTH] > at:
        end -= WIDTH
    return end


def _entry(observation: Observation) -> Cell[float]:
    return array("d", (observation.at, observation.value, observation.before, observation.count))


def _same_quarter(moment: float, other: float) -> bool:
    return moment // QUARTER == other // QUARTER
