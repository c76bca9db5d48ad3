"""A module of the demo that is not one of edgeops: replays the counts of a CSV file.

On a gateway it would read sensors. It sends them to its output `counts`, a week
at a time, and leaves out the hours that are still to come.
"""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgeops.modules.runtime import DeviceModule, run_module

HOURS_PER_MESSAGE = 7 * 24


def follow(module: DeviceModule, _desired: Any) -> None:
    with Path(os.environ["COUNTS_CSV"]).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if _is_over(row["timestamp"])]
    for first in range(0, len(rows), HOURS_PER_MESSAGE):
        module.send([_observation(row) for row in rows[first:][:HOURS_PER_MESSAGE]], "counts")
    module.report({"hoursSent": len(rows)})


def _is_over(timestamp: str) -> bool:
    return datetime.fromisoformat(timestamp) <= datetime.now(UTC)


def _observation(row: dict[str, str]) -> dict[str, Any]:
    values = {name: float(value) for name, value in row.items() if name != "timestamp" and value}
    return {"timestamp": row["timestamp"], "values": values}


if __name__ == "__main__":
    run_module("people_counter", follow)
