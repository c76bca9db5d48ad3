"""The forecaster module: observations in, forecasts out."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from edgeops import __version__
from edgeops.errors import EdgeOpsError
from edgeops.files import DISK, Disk
from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.context_keeper import ContextKeeper
from edgeops.modules.forecaster.desired import desired_file, parse_desired
from edgeops.modules.forecaster.forecaster import Forecaster
from edgeops.modules.forecaster.hours import NotReady
from edgeops.modules.forecaster.live import LiveQuality
from edgeops.modules.forecaster.model import Keeper, load_model
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.shadow import ShadowModel
from edgeops.modules.forecaster.status import iso
from edgeops.modules.runtime.client import ModuleClient
from edgeops.modules.runtime.environment import module_environment
from edgeops.modules.runtime.module import DeviceModule
from edgeops.modules.runtime.program import run_program

INPUT = "observations"
CONTEXT = "context"
OUTPUT = "forecasts"
QUALITY = "quality"  # a direct method, and the output that its table goes to
ANSWER_SECONDS = 20.0  # by default, who calls a method waits 30 for its answer
POLL_SECONDS = 1.0
SAVE_SECONDS = 60.0  # how often what could not be written is tried again
REPORT_SECONDS = 60.0  # numbers alone are not reported more often: each report costs a message
_INBOX = 1000


class ForecasterModule:
    """Runs a `Forecaster` until told to stop; the hub has a thread of its own."""

    def __init__(
        self,
        client: ModuleClient,
        storage: Path,
        first_fill: Path | None,
        log: logging.Logger,
        disk: Disk = DISK,
        save_seconds: float = SAVE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        *,
        device: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._recorder = Recorder(storage, disk, clock)
        self._context = ContextKeeper(storage, disk)
        self._desired_file = desired_file(storage, disk)
        self._loading = ThreadPoolExecutor(1, thread_name_prefix="load")
        shadow = ShadowModel(storage, load_model, self._loading)
        self._live = LiveQuality(storage, shadow, device, disk)
        self._forecaster = Forecaster(
            self._recorder,
            Keeper(storage, load_model, self._loading),
            time.monotonic,
            self._context,
            self._live,
        )
        self._first_fill = first_fill
        self._log = log
        self._save_seconds = save_seconds
        self._poll_seconds = poll_seconds
        self._saved_at = time.monotonic()
        self._inbox: queue.Queue[Callable[[], None]] = queue.Queue(_INBOX)
        self._module = DeviceModule(
            client,
            log,
            self._desired_arrived,
            self._message_arrived,
            methods={QUALITY: self._quality_asked},
        )
        self._stop = threading.Event()
        self._failed: EdgeOpsError | None = None  # why the hub can never be reached
        self._reported: JsonObject | None = None
        self._reported_essence: object = None
        self._reported_at = 0.0
        self._logged_fault: str | None = None

    def stop(self) -> None:
        """End `run` within about a second, from any thread."""
        self._stop.set()

    def run(self) -> None:
        """Forecast until stopped. Raises `EdgeOpsError` when no hub can ever be reached so."""
        with self._loading:
            self._recorder.open(self._first_fill)
            self._context.open()
            self._live.open()
            self._log.info("history: %d hours", len(self._recorder.history))
            self._forecaster.settings = parse_desired(self._desired_file.read())
            hub = threading.Thread(target=self._talk, name="hub", daemon=True)
            hub.start()
            try:
                while not self._stop.is_set():
                    self._turn()
            finally:
                self._save()
                if hours := self._recorder.unsaved_hours:
                    fault = self._recorder.storage_fault
                    self._log.warning("%d hours of observations are lost: %s", hours, fault)
                self._module.stop()
                hub.join(timeout=10)
        if self._failed is not None:
            raise self._failed

    def _talk(self) -> None:
        try:
            self._module.run()
        except EdgeOpsError as error:
            self._failed = error
            self._stop.set()

    def _desired_arrived(self, _: DeviceModule, desired: Any) -> None:
        self._inbox.put(partial(self._follow, desired))

    def _message_arrived(self, data: bytes, name: str) -> None:
        if name == INPUT:
            self._inbox.put(partial(self._recorder.take, data))
        elif name == CONTEXT:
            self._inbox.put(lambda: self._context.take(data, self._clock()))

    def _quality_asked(self, _: Any) -> JsonObject:
        """Answer the method `quality`, from a thread of the SDK, and send the whole table."""
        answer: Future[JsonObject] = Future()
        self._inbox.put(lambda: self._tell_quality(answer))
        return answer.result(ANSWER_SECONDS)

    def _tell_quality(self, answer: Future[JsonObject]) -> None:
        now = self._clock()
        try:
            summary, table = self._forecaster.quality(now)
        except NotReady as why:
            answer.set_result({"reason": str(why)})
            return
        except EdgeOpsError as error:
            answer.set_exception(error)
            return
        self._module.send({"issuedAt": iso(now), **table}, QUALITY)
        answer.set_result(summary or {"reason": "nothing is scored yet"})

    def _turn(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._inbox.get(timeout=self._poll_seconds)()
        if time.monotonic() - self._saved_at >= self._save_seconds:
            self._save()
        now = self._clock()
        forecast = self._forecaster.step(now)
        if forecast is not None:
            self._log.info("forecast of %s %s", forecast["model"], forecast["version"])
            self._module.send(forecast, OUTPUT)
        self._forecaster.follow_up(now)
        self._log_fault()
        self._report(self._forecaster.reported())

    def _follow(self, desired: Any) -> None:
        self._forecaster.settings = parse_desired(desired)
        for warning in self._forecaster.settings.warnings:
            self._log.warning("desired properties: %s", warning)
        self._desired_file.keep(desired)

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        self._recorder.save()
        self._desired_file.save()
        self._context.save()
        self._live.save()

    def _log_fault(self) -> None:
        faults = (
            self._recorder.storage_fault,
            self._desired_file.fault,
            self._context.storage_fault,
            self._live.storage_fault,
        )
        fault = next(filter(None, faults), None)
        if fault != self._logged_fault:
            self._logged_fault = fault
            if fault:
                self._log.warning("%s; trying again every %.0f s", fault, self._save_seconds)
            else:
                self._log.info("everything that could not be written is on disk now")

    def _report(self, reported: JsonObject) -> None:
        faults = filter(None, (self._desired_file.fault, self._live.storage_fault))
        reported = {**reported, "warnings": [*reported["warnings"], *faults]}
        essence = (_essence(reported), self._recorder.storage_fault)
        steady = self._reported is not None and essence == self._reported_essence
        now = time.monotonic()
        if reported == self._reported or (steady and now - self._reported_at < REPORT_SECONDS):
            return
        if not steady:
            self._log.info("%s", _in_words(reported["model"]))
        self._reported, self._reported_essence, self._reported_at = reported, essence, now
        self._module.report({**reported, "forecaster": {"version": __version__}})


def _essence(reported: JsonObject) -> JsonObject:
    """What is worth a report at once: anything but numbers that change all the time."""
    model = {key: value for key, value in reported["model"].items() if key != "latencyMs"}
    context = {key: value for key, value in reported.get("context", {}).items() if key != "columns"}
    return {
        "model": model,
        "warnings": reported["warnings"],
        "context": context,
        "quality": reported.get("quality"),
    }


def _in_words(model: JsonObject) -> str:
    name = f" with {model['name']} {model['version']}" if "name" in model else ""
    why = model["error"]["message"] if "error" in model else model.get("reason")
    return f"{model['state']}{name}" + (f": {why}" if why else "")


def main() -> None:
    """The `edgeops-forecaster` program. EDGEOPS_HISTORY_CSV fills an empty history."""
    run_program("forecaster", make_module)


def make_module(log: logging.Logger) -> ForecasterModule:
    """The module with the settings in the environment."""
    environment = module_environment(os.environ)
    first_fill = os.environ.get("EDGEOPS_HISTORY_CSV")
    return ForecasterModule(
        ModuleClient(environment),
        environment.storage,
        Path(first_fill) if first_fill else environment.storage / "history" / "first-fill.csv",
        log,
        device=environment.device,
    )
