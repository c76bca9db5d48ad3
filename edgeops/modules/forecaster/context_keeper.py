"""Keeps the context of a device: what came by message is on disk, what is in slots is read there.

What came by message is one file that is replaced whole, so it survives power loss as it was.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace as replaced
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.features.context_document import (
    MAX_FILE_BYTES,
    Calendar,
    Context,
    Happening,
    parse_documents,
)
from edgeops.files import DISK, Disk
from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.context import NEVER, Ahead, Contexts
from edgeops.modules.forecaster.observations import EARLY, MAX_MESSAGE_BYTES
from edgeops.modules.runtime.disk import replace
from edgeops.modules.runtime.slots import CurrentModel, read_current

FORMAT = "edgeops-context"
_FUTURE = "context: issued is more than an hour ahead of the clock"


class ContextKeeper:
    """The context of one device.

    `refused` counts what could not be read of messages since the start, `fault` says why the last
    was not, `storage_fault` why the messages are not on disk. `changes` grows whenever
    what is known may have changed. Nothing raises for what it is told or finds on disk.
    """

    def __init__(self, storage: Path, disk: Disk = DISK) -> None:
        self.refused = 0
        self.fault: str | None = None
        self.storage_fault: str | None = None
        self.changes = 0
        self._storage = storage
        self._path = storage / "history/context.json"
        self._disk = disk
        self._told = Contexts()
        self._unsaved = False
        self._wanted: tuple[str, ...] = ()
        self._left_out: dict[str, str] = {}  # why what a file says is of no use, by slot
        self._slots: dict[str, tuple[CurrentModel, tuple[Context, ...], str | None]] = {}

    def open(self) -> None:
        """Read what is on disk."""
        try:
            self._told = _from_json(json.loads(self._path.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
            self._told = Contexts()

    def take(self, message: bytes | str, now: float, most: int = MAX_MESSAGE_BYTES) -> None:
        """Keep what a message says, which is issued now if it does not say when."""
        for context in parse_documents(message, most):
            faults = [*context.faults]
            issued = now if context.issued is None else context.issued
            if issued > now + EARLY:
                faults.append(_FUTURE)
            else:
                faults += self._told.add(context, issued, now)
            self.refused += len(faults)
            self.fault = faults[-1] if faults else self.fault
        self._told.forget(now)
        self._unsaved = True
        self.changes += 1
        self.save()

    def save(self) -> None:
        """Write what could not be written yet, or is gone."""
        self.storage_fault = None
        try:
            if self._unsaved or (self._told != Contexts() and not self._path.exists()):
                replace(self._path, [json.dumps(_to_json(self._told)).encode()], self._disk)
            self._unsaved = False
        except OSError as error:
            why = error.strerror or type(error).__name__
            self.storage_fault = f"cannot keep the context: {why}"

    def look(self, slots: Sequence[str]) -> None:
        """Read the slots that hold another file than before."""
        before = {slot: held[0] for slot, held in self._slots.items()}
        found = ((slot, read_current(self._storage, slot)) for slot in slots)
        holding = {slot: held for slot, held in found if held is not None}
        if [*before.items()] != [*holding.items()]:  # in their order, which says which one counts
            self._slots = {
                slot: self._slots[slot] if before.get(slot) == held else (held, *_read(held))
                for slot, held in holding.items()
            }
            self._left_out = {}
            self.changes += 1
        self._wanted = tuple(slots)

    @property
    def slot_faults(self) -> tuple[str, ...]:
        """What is wrong with the slots; of what they say, as of the newest forecast."""
        return tuple(self._faults())

    def ahead(
        self,
        now: float,
        columns: Sequence[str],
        start: np.datetime64,
        count: int,
        horizon: int,
        zone: ZoneInfo,
    ) -> Ahead:
        """As `Contexts.ahead`, of messages and slots together."""
        files = {slot: _kept(contexts, now) for slot, (_, contexts, _) in self._slots.items()}
        self._left_out = {slot: faults[0] for slot, (_, faults) in files.items() if faults}
        told = self._told.together(kept for kept, _ in files.values())
        return told.ahead(columns, start, count, horizon, zone)

    def _faults(self) -> Iterator[str]:
        for slot in self._wanted:
            if slot not in self._slots:
                yield f"context: the slot {slot} is empty"
            elif fault := self._slots[slot][2] or self._left_out.get(slot):
                yield f"context: in the slot {slot}: {fault}"


def _kept(contexts: Iterable[Context], now: float) -> tuple[Contexts, list[str]]:
    """What a file says of the hours that matter now, and what is wrong with the rest."""
    kept, faults = Contexts(), []
    for context in contexts:
        if context.issued is not None and context.issued > now + EARLY:
            faults.append(_FUTURE)
        else:
            faults += kept.add(context, NEVER if context.issued is None else context.issued, now)
    return kept, faults


def _read(current: CurrentModel) -> tuple[tuple[Context, ...], str | None]:
    """The documents of a file, and what is wrong with it."""
    if current.format not in (FORMAT, ""):  # empty: the twin does not say
        return (), f"the format is {current.format[:32]}, not {FORMAT}"
    try:
        with current.path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return (), f"cannot read the file: {error.strerror}"
    if len(data) <= MAX_FILE_BYTES and hashlib.sha256(data).hexdigest() != current.sha256:
        return (), "the file is not what the slot says it is"
    contexts = parse_documents(data, MAX_FILE_BYTES)
    faults = [fault for context in contexts for fault in context.faults]
    contexts = tuple(replaced(context, faults=()) for context in contexts)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return contexts, f"{faults[0]}{more}" if faults else None


# --- on disk --------------------------------------------------------------------------


def _to_json(told: Contexts) -> JsonObject:
    return {
        "calendars": [
            {
                "issued": issued,
                "names": calendar.names,
                "first": calendar.first and calendar.first.isoformat(),
                "until": calendar.until and calendar.until.isoformat(),
                "events": [
                    [each.name, each.start.isoformat(), each.end.isoformat(), each.value]
                    for each in calendar.events
                ],
            }
            for issued, calendar in told.calendars
        ],
        "series": {
            name: [[at, *cell] for at, cell in sorted(cells.items())]
            for name, cells in told.series.items()
        },
    }


def _from_json(value: Any) -> Contexts:
    """What was written. Raises `ValueError`, `TypeError` or `KeyError` for anything else."""
    calendars = [
        (
            _finite(each["issued"]),
            Calendar(
                tuple(map(str, each["names"])),
                tuple(
                    Happening(
                        str(name),
                        datetime.fromisoformat(start),
                        datetime.fromisoformat(end),
                        _finite(number),
                    )
                    for name, start, end, number in each["events"]
                ),
                each["first"] and datetime.fromisoformat(each["first"]),
                each["until"] and datetime.fromisoformat(each["until"]),
            ),
        )
        for each in value["calendars"]
    ]
    series = {
        str(name): {int(at): (_finite(issued), _finite(number)) for at, issued, number in cells}
        for name, cells in dict(value["series"]).items()
    }
    return Contexts(calendars, series)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number
