"""What `model forecast` is given, as a device is told it: a history, and what is known ahead.

Each may be what a device reads itself, or a table as training takes it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.context_document import MAX_FILE_BYTES
from edgeops.features.device_limits import HOURS_KEPT
from edgeops.features.series import HourlySeries
from edgeops.features.spec import WindowSpec
from edgeops.features.wall_clock import phase, time_zone, utc_hours, wall_hours
from edgeops.modules.forecaster.observations import HOUR, parse_csv
from edgeops.modules.forecaster.rehearsal import Rehearsal
from edgeops.training.context_document import context_document
from edgeops.training.data.csv_file import CsvFile
from edgeops.training.data.csv_text import CsvText
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.known import read_events, read_weather
from edgeops.training.data.rows import told
from edgeops.training.data.table import read_table
from edgeops.training.recipe import TableSection
from edgeops.translate import doing

_CHANGES = 48  # hours: the clock of the site is not that of UTC, and changes


def tell_history(
    device: Rehearsal, spec: WindowSpec | None, path: Path, table: TableSection
) -> None:
    """Tell a device the rows of a file; `table` is how a table of the user's is written.

    Without a `spec` only what a device reads itself is taken. Raises `EdgeOpsError`.
    """
    with doing(f"read {path}"), path.open(encoding="utf-8", errors="replace", newline="") as file:
        plain = not any(row.faults for row in parse_csv(file))
    why = ""
    if not plain and spec is not None:
        try:
            _tell_table(device, spec, _read(path), replace(table, combine=spec.hour.combine))
        except EdgeOpsError as error:  # one bad row costs only itself on a device
            why = f"as a table of your own: {error.message}"
        else:
            return
    device.recorder.open(path)
    if not len(device.recorder.history):
        raise EdgeOpsError(
            f"{path} has no observations: {device.recorder.fault or 'it has no rows'}",
            why or "a history has `timestamp` (ISO 8601), and a column a series",
        )


def tell_context(
    device: Rehearsal, spec: WindowSpec | None, path: Path, weather: TableSection, now: int
) -> None:
    """Tell a device what a file says of the hours after `now`; it counts as issued then.

    That is a context document (JSON), a CSV file of events, or a table of weather, written
    as `weather` says. Raises `EdgeOpsError`, also where the model needs nothing of it.
    """
    columns = device.model.window_maker.known_ahead
    if spec is None or not columns:
        raise EdgeOpsError("the model uses neither events nor weather", "leave out --context")
    file = _read(path)
    data = file.data
    if data.lstrip()[:1] not in (b"{", b"["):
        known = _known(file, spec, weather, now)
        some = [name for name in columns if name in known.columns]
        if not some:
            raise EdgeOpsError(
                f"{path} has nothing that the model uses, which is {', '.join(columns)}",
                f"it has {', '.join(known.columns)}",
            )
        hours = spec.steps * spec.interval
        data = json.dumps(context_document(known, some, spec.site.time_zone, now, hours)).encode()
    before = device.context.refused
    device.context.take(data, now, MAX_FILE_BYTES)
    if device.context.refused > before:
        raise EdgeOpsError(f"a device would not take all of {path}: {device.context.fault}")


def _tell_table(device: Rehearsal, spec: WindowSpec, file: DataFile, table: TableSection) -> None:
    zone = time_zone(spec.site.time_zone)
    data = read_table(file, table, zone.key, 0)
    last = int(utc_hours(data.series.hours[-1:], zone)[0]) * HOUR + phase(zone)
    span = (last - (HOURS_KEPT + _CHANGES) * HOUR, last + 2 * HOUR)  # 2: it may come twice
    device.tell(told(data.series, data.rows, data.hour, data.series.columns, zone, span))


def _known(file: DataFile, spec: WindowSpec, weather: TableSection, now: int) -> HourlySeries:
    """The events or the weather of a table."""
    zone = time_zone(spec.site.time_zone)
    if file.suffix != ".parquet" and CsvFile(CsvText(file), ["start"]).header[:1] == ["name"]:
        hour = (now - phase(zone)) // HOUR - _CHANGES
        around = np.empty((2 * _CHANGES, 0))
        return read_events(file, HourlySeries(wall_hours(np.array([hour]), zone)[0], (), around))
    return read_weather(file, weather, zone.key)


def _read(path: Path) -> DataFile:
    with doing(f"read {path}"):
        return DataFile(str(path), path.read_bytes())
