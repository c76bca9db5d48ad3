"""The forecaster module: observations in, forecasts out."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from edgeops import __version__
from edgeops.errors import EdgeOpsError
from edgeops.modules.device import Device, SdkDevice
from edgeops.modules.disk import DISK, Disk
from edgeops.modules.environment import module_environment
from edgeops.modules.forecaster.keeper import Keeper
from edgeops.modules.forecaster.model import load_model
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.remembered import Memory
from edgeops.modules.forecaster.service import Forecaster
from edgeops.modules.forecaster.settings import parse_settings
from edgeops.modules.forecaster.uplink import Uplink
from edgeops.modules.log import start_log
from edgeops.twin import JsonObject

INPUT = "observations"
POLL_SECONDS = 1.0
SAVE_SECONDS = 60.0  # how often what could not be written is tried again
REPORT_SECONDS = 60.0  # numbers alone are not reported more often: each report costs a message
_INBOX = 1000


class App:
    """Runs a `Forecaster` until told to stop."""

    def __init__(
        self,
        device: Device,
        storage: Path,
        first_fill: Path | None,
        log: logging.Logger,
        disk: Disk = DISK,
        save_seconds: float = SAVE_SECONDS,
    ) -> None:
        self._storage = storage
        self._recorder = Recorder(storage, disk)
        self._memory = Memory(storage, disk)
        self._first_fill = first_fill
        self._log = log
        self._save_seconds = save_seconds
        self._saved_at = time.monotonic()
        self._inbox: queue.Queue[tuple[str, Any]] = queue.Queue(_INBOX)
        self._uplink = Uplink(device, self._desired_arrived, self._message_arrived, log)
        self._stop = threading.Event()
        self._failed: EdgeOpsError | None = None  # why the hub can never be reached
        self._told: JsonObject | None = None
        self._told_essence: object = None
        self._logged_fault: str | None = None
        self._told_at = 0.0

    def stop(self) -> None:
        """Let `run` end within about a second; may be called from a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Forecast until stopped. Raises `EdgeOpsError` when no hub can ever be reached so."""
        with ThreadPoolExecutor(1, thread_name_prefix="load") as loading:
            self._recorder.open(self._first_fill)
            self._log.info("history: %d hours", len(self._recorder.history))
            forecaster = Forecaster(
                self._recorder, Keeper(self._storage, load_model, loading), time.monotonic
            )
            forecaster.settings = parse_settings(self._memory.recall())
            uplink = threading.Thread(target=self._talk, name="uplink", daemon=True)
            uplink.start()
            try:
                while not self._stop.is_set():
                    self._turn(forecaster)
            finally:
                self._save()
                if hours := self._recorder.unsaved_hours:
                    fault = self._recorder.storage_fault
                    self._log.warning("%d hours of observations are lost: %s", hours, fault)
                self._uplink.stop()
                uplink.join(timeout=10)
        if self._failed is not None:
            raise self._failed

    def _talk(self) -> None:
        try:
            self._uplink.run()
        except EdgeOpsError as error:
            self._failed = error
            self._stop.set()

    def _turn(self, forecaster: Forecaster) -> None:
        with contextlib.suppress(queue.Empty):
            self._take(forecaster, *self._inbox.get(timeout=POLL_SECONDS))
        if time.monotonic() - self._saved_at >= self._save_seconds:
            self._save()
        forecast = forecaster.step(time.time())
        if forecast is not None:
            self._log.info("forecast of %s %s", forecast["model"], forecast["version"])
            self._uplink.publish(forecast)
        self._log_fault()
        self._report(forecaster.reported())

    def _take(self, forecaster: Forecaster, kind: str, value: Any) -> None:
        if kind == INPUT:
            self._recorder.take(value)
            return
        forecaster.settings = parse_settings(value)
        for warning in forecaster.settings.warnings:
            self._log.warning("desired properties: %s", warning)
        self._memory.keep(value)

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        self._recorder.save()
        self._memory.save()

    def _log_fault(self) -> None:
        fault = self._recorder.storage_fault or self._memory.fault
        if fault != self._logged_fault:
            self._logged_fault = fault
            if fault:
                self._log.warning("%s; trying again every %.0f s", fault, self._save_seconds)
            else:
                self._log.info("all that could not be written is on disk now")

    def _report(self, reported: JsonObject) -> None:
        if self._memory.fault:
            reported = {**reported, "warnings": [*reported["warnings"], self._memory.fault]}
        essence = (_essence(reported), self._recorder.storage_fault)
        steady = self._told is not None and essence == self._told_essence
        now = time.monotonic()
        if reported == self._told or (steady and now - self._told_at < REPORT_SECONDS):
            return
        if not steady:
            self._log.info("%s", _in_words(reported["model"]))
        self._told, self._told_essence, self._told_at = reported, essence, now
        self._uplink.report({**reported, "forecaster": {"version": __version__}})

    def _desired_arrived(self, desired: Any) -> None:
        self._inbox.put(("desired", desired))

    def _message_arrived(self, data: bytes, name: str) -> None:
        if name == INPUT:
            self._inbox.put((INPUT, data))


def _essence(reported: JsonObject) -> JsonObject:
    """What is worth a report at once: anything but numbers that change all the time."""
    model = {key: value for key, value in reported["model"].items() if key != "latencyMs"}
    return {"model": model, "warnings": reported["warnings"]}


def _in_words(model: JsonObject) -> str:
    name = f" with {model['name']} {model['version']}" if "name" in model else ""
    why = model["error"]["message"] if "error" in model else model.get("reason")
    return f"{model['state']}{name}" + (f": {why}" if why else "")


def run(environ: Mapping[str, str]) -> None:
    """Run the module with these environment variables until SIGTERM."""
    log = start_log("forecaster")
    environment = module_environment(environ)
    first_fill = environ.get("EDGEOPS_HISTORY_CSV")
    app = App(
        SdkDevice(environment),
        environment.storage,
        Path(first_fill) if first_fill else environment.storage / "history" / "first-fill.csv",
        log,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: app.stop())
    try:
        app.run()
    except EdgeOpsError as error:
        hint = f" ({error.hint})" if error.hint else ""
        log.error("%s%s", error.message, hint)  # noqa: TRY400 - a message, never a traceback
        sys.exit(error.exit_code)


def main() -> None:
    """The `edgeops-forecaster` program."""
    run(os.environ)
