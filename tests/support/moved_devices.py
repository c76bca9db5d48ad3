"""Devices in a time that the test moves: real modules, the counts of whole weeks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeops.features.series import FloatArray
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.status import iso
from tests.support.running_forecaster import MovedClock, RunningForecaster

EVERY = 8  # hours, from one forecast of a device to the next


class MovedDevices:
    """`model_loader` and `forecaster` of each device; `counts` are theirs by hour from `first` on.

    `first` counts hours from 1970. What a device saw before `now` it has as a file. Close it in
    the end.
    """

    def __init__(
        self, hub: Any, folder: Path, counts: Mapping[str, FloatArray], first: int, now: int
    ) -> None:
        self._hub, self._counts, self._first = hub, counts, first
        self._now = now
        self._clock = MovedClock(now * HOUR + 30)
        self._forecasters: dict[str, RunningForecaster] = {}
        self._loaders: list[subprocess.Popen[bytes]] = []
        for device, values in counts.items():
            storage = folder / device
            fill = storage / "history/first-fill.csv"
            fill.parent.mkdir(parents=True)
            hours = range(now - first)
            rows = [f"{iso((first + hour) * HOUR)},{values[hour]:.0f}" for hour in hours]
            fill.write_text("\n".join([f"timestamp,{device}", *rows]) + "\n")
            self._loaders.append(_model_loader(hub, device, storage))
            self._forecasters[device] = RunningForecaster(
                hub, storage, self._clock, device, first_fill=fill
            )

    def close(self) -> None:
        """End all modules."""
        for forecaster in self._forecasters.values():
            forecaster.stop()
        for loader in self._loaders:
            loader.terminate()
            loader.wait(15)

    def live(self, days: int) -> None:
        """Let time pass; every `EVERY` hours, each device counts and makes a forecast."""
        for _ in range(days * 24 // EVERY):
            for device, forecaster in self._forecasters.items():
                at = self._now - self._first
                values = self._counts[device][at : at + EVERY].tolist()
                forecaster.tell(self._now, *values, name=device)
            self._now += EVERY
            self._clock.now = self._now * HOUR + 30
            until = iso(self._now * HOUR)
            for forecaster in self._forecasters.values():
                _wait(forecaster, lambda one, until=until: one.observed_until() == until)

    def wait_for(self, version: str, devices: Sequence[str]) -> None:
        """Until these devices forecast with a version of the model."""
        for device in devices:
            _wait(self._forecasters[device], lambda one: one.model().get("version") == version)

    def table(self, path: Path, days: int) -> None:
        """Write what all devices counted in so many days until now."""
        rows = ["timestamp," + ",".join(self._counts)]
        until = self._now - self._first
        for hour in range(until - 24 * days, until):
            values = ",".join(f"{values[hour]:.0f}" for values in self._counts.values())
            rows.append(f"{iso((self._first + hour) * HOUR)},{values}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(rows) + "\n")


def _wait(forecaster: RunningForecaster, is_so: Callable[[RunningForecaster], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so(forecaster):
        assert time.monotonic() < end, f"not so after a minute: {forecaster.model()}"
        time.sleep(0.005)  # lets the modules, which are threads, have the processor


def _model_loader(hub: Any, device: str, storage: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "EDGEOPS_CONNECTION_STRING": hub.device_connection_string(device, "model_loader"),
        "EDGEOPS_CA_FILE": str(hub.ca_file),
        "EDGEOPS_STORAGE": str(storage),
        "EDGEOPS_LOAD_TEST": "off",  # the forecaster loads it
    }
    log = (storage / "model_loader.log").open("wb")
    return subprocess.Popen(
        [sys.executable, "-m", "edgeops.modules.model_loader"], env=environment, stderr=log
    )
