"""Moments of timestamps: what the clock on the wall says more than once, or never."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.training.data.data_file import DataFile, fault
from edgeops.training.data.dataset import Repair

_HOUR = 3600
_LONGEST_SLIP = 8 * 24 * _HOUR

SkippedHour = Literal["refuse", "drop", "shift"]


@dataclass(slots=True)
class LocalClock:
    """The clock of a zone, read from row to row: it remembers the row before.

    `skipped_hour` is what becomes of rows in the hour that the clock skips in
    spring: they are refused, dropped, or (`shift`) they and all rows up to the
    next gap are an hour early and are moved. Without `once`, several rows can be
    of one moment.
    """

    file: DataFile
    zone: ZoneInfo
    skipped_hour: SkippedHour = "refuse"
    once: bool = True
    repairs: list[Repair] = field(default_factory=list)
    _wall: datetime | None = None  # of the row before
    _slipped: datetime | None = None  # since when rows are an hour early

    def moment(
        self, line: int, stamp: datetime, previous: int | None, values: Sequence[float]
    ) -> int | None:
        """Seconds since 1970 of a row, in UTC; None for a row to leave out.

        `previous` is the moment of the row before; in a repeated hour, it is the
        second one if the first is over. `values` are those of the row.
        Raises `EdgeOpsError` for a time that the clock skipped.
        """
        if stamp.tzinfo is not None:
            return int(stamp.timestamp())
        before, self._wall = self._wall, stamp
        first = stamp.replace(tzinfo=self.zone)
        if _wall_of(first, self.zone) != stamp.replace(fold=0):
            return self._skipped(line, stamp, before, values)
        moment = int(first.timestamp())
        if self._slipped is not None:
            return self._early(line, stamp, moment, before, values)
        if previous is not None and moment < previous + self.once:
            return int(first.replace(fold=1).timestamp())
        return moment

    def _skipped(
        self, line: int, stamp: datetime, before: datetime | None, values: Sequence[float]
    ) -> int | None:
        if self.skipped_hour == "refuse":
            raise self._refused(line, stamp, before)
        if self.skipped_hour == "drop" or not any(value > 0 or value < 0 for value in values):
            self._repaired("rows in an hour that the clock skipped are left out", stamp)
            return None
        self._repaired("an hour early from the clock change to the next gap, moved", stamp)
        self._slipped = stamp
        return int(stamp.replace(tzinfo=self.zone).timestamp())  # as if the clock went on

    def _early(
        self,
        line: int,
        stamp: datetime,
        moment: int,
        before: datetime | None,
        values: Sequence[float],
    ) -> int | None:
        assert self._slipped is not None
        if before is not None and (stamp - before).total_seconds() > 1.5 * _HOUR:
            self._slipped = None
            return moment
        if all(map(math.isnan, values)):
            self._slipped = None
            return None  # the row before has its place
        if (stamp - self._slipped).total_seconds() > _LONGEST_SLIP:
            message = (
                f"the rows since {self._slipped}, an hour that the clock in {self.zone.key}"
                " skipped, have no gap: it is not clear from when on they are on time again"
            )
            raise fault(self.file, line, message, "set `skippedHour: drop` in model.yaml")
        moved = int((stamp - self._slipped).total_seconds()) // _HOUR + 1
        self.repairs[-1] = replace(self.repairs[-1], hours=moved)
        return moment + _HOUR

    def _refused(self, line: int, stamp: datetime, before: datetime | None) -> Exception:
        message = f"{stamp} does not exist in {self.zone.key}: the clock skipped it"
        if before is not None and 0 < (stamp - before).total_seconds() <= _HOUR:
            message += "; the table has rows for every hour of that day, so it has no clock change"
        return fault(
            self.file,
            line,
            message,
            "for local times, set `skippedHour: drop` in model.yaml (or `shift`, if the rows up to"
            " the next gap are an hour early); for timestamps in UTC, set `timeZone: UTC`",
        )

    def _repaired(self, what: str, stamp: datetime) -> None:
        hour = np.datetime64(stamp.replace(tzinfo=None), "h")
        if not any(repair.what == what and repair.first == hour for repair in self.repairs):
            self.repairs.append(Repair(what, hour, 1))


def _wall_of(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0)
