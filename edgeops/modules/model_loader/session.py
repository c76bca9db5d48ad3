"""The conversation with the hub: read the twin, offer it to the loader, report how it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from edgeops.backoff import Backoff
from edgeops.jsonvalue import JsonObject, merge_patch
from edgeops.modules.device import Device, Handlers, NotConnected
from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.loader import Loader
from edgeops.modules.model_loader.status import LoaderInfo, report_patch, reported

_RECONNECT = Backoff(base=1.0, longest=300.0)
_SETTLE_SECONDS = 1.0  # quick downloads are reported once, when they are done


@dataclass(slots=True)
class Session:
    """Serves one device until `stop`.

    The full twin is read at start, after each desired patch and after each
    reconnection: patches are only a wake-up call, so any number of them costs
    one read, and none can be missed.
    """

    device: Device
    loader: Loader
    flat: FlatKeys
    info: Callable[[], LoaderInfo]
    settle_seconds: float = _SETTLE_SECONDS
    reconnect: Backoff = _RECONNECT
    _wake: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _twin_changed: threading.Event = field(default_factory=threading.Event)
    _on_hub: JsonObject = field(default_factory=dict)

    def run(self) -> None:
        """Talk to the hub and keep the loader working, until `stop`."""
        self.loader.changed = self._wake.set
        worker = threading.Thread(target=self.loader.run, args=(self._stop,), name="loader")
        worker.start()
        try:
            self._talk()
        finally:
            self.stop()
            worker.join()
            self.device.close()

    def stop(self) -> None:
        """End `run` soon; from any thread."""
        self._stop.set()
        self._wake.set()
        self.loader.interrupt()

    def _talk(self) -> None:
        log, uniform = self.loader.world.log, self.loader.world.uniform
        failures = 0
        while not self._stop.is_set():
            try:
                self.device.connect(Handlers(on_desired=self._desired_changed))
                self._desired_changed()
                while not self._stop.is_set():
                    self._exchange()
                    failures = 0
                    self._wake.wait()
            except NotConnected as error:
                failures += 1
                wait = self.reconnect.wait(failures, uniform)
                log.warning("%s; next try in %.0f s", error.message, wait)
                self._stop.wait(wait)

    def _desired_changed(self) -> None:
        self._twin_changed.set()
        self._wake.set()

    def _exchange(self) -> None:
        """Take in what the hub wants, tell it what is. Raises `NotConnected`."""
        self._wake.clear()
        if self._twin_changed.is_set():
            self._twin_changed.clear()
            twin = self.device.twin()
            self._on_hub = twin.reported
            self.loader.offer(parse_desired(twin.desired, self.flat))
        self.loader.settled.wait(self.settle_seconds)
        wanted, statuses = self.loader.snapshot()
        patch = report_patch(self._on_hub, reported(wanted, statuses, self.info()))
        if patch and not self._stop.is_set():
            self.device.report(patch)
            self._on_hub = merge_patch(self._on_hub, patch)
