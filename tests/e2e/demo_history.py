"""Writes a history for the demo: `demo_history.py FILE`.

The real counts of all sensors of Auckland's city centre, moved by whole years of 52 weeks so that
they end a day from now: thirteen weeks to begin with, and the hours that come while a device runs.
"""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from edgeops.features.wall_clock import time_zone, utc_hours, wall_hours
from edgeops.training.data.akl import ZONE, read_akl

HOURS_BACK, HOURS_AHEAD = 13 * 7 * 24, 24
YEAR = np.timedelta64(52 * 7 * 24, "h")


def main(path: Path, now: datetime) -> None:
    counts, zone = read_akl().series, time_zone(ZONE)
    (hour,) = wall_hours(np.array([int(now.timestamp()) // 3600]), zone)
    hours = hour + np.arange(-HOURS_BACK, HOURS_AHEAD) * np.timedelta64(1, "h")
    years = -(-(hours[-1] - counts.hours[-1]) // YEAR)
    first = counts.index(hours[0] - years * YEAR)
    rows = counts.values[first : first + len(hours)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["timestamp", *counts.columns])
        for utc, values in zip(utc_hours(hours, zone).tolist(), rows, strict=True):
            cells = ["" if np.isnan(value) else int(value) for value in values]
            writer.writerow([datetime.fromtimestamp(utc * 3600, UTC).isoformat(), *cells])


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.now(UTC))
