"""Everything that goes to the hub, in a thread of its own: an absent hub never stops a forecast."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from edgeops.backoff import Backoff
from edgeops.jsonvalue import JsonObject, leaves
from edgeops.modules.device import Device, Handlers, NotConnected
from edgeops.twin import diff

OUTPUT = "forecasts"
MESSAGES_KEPT = 100  # forecasts that wait for the hub; the oldest ones go first
_RETRY = Backoff(base=1.0, longest=60.0)


class Uplink:
    """Connects, reads the twin when it changed, reports and publishes; tries again what failed."""

    def __init__(
        self,
        device: Device,
        on_desired: Callable[[Any], None],
        on_message: Callable[[bytes, str], None],
        log: logging.Logger,
    ) -> None:
        self._device = device
        self._handlers = Handlers(self._twin_changed, on_message)
        self._on_desired = on_desired
        self._log = log
        self._messages: deque[str] = deque(maxlen=MESSAGES_KEPT)
        self._reported: JsonObject | None = None
        self._on_hub: JsonObject = {}
        self._stale = True  # the twin is to be read
        self._wake = threading.Event()
        self._stop = threading.Event()

    def publish(self, message: JsonObject) -> None:
        """Send a message as soon as the hub can be reached."""
        self._messages.append(json.dumps(message))
        self._wake.set()

    def report(self, reported: JsonObject) -> None:
        """Make the reported properties these, as soon as the hub can be reached."""
        self._reported = reported
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end; what has not been sent is lost."""
        self._stop.set()
        self._wake.set()

    def run(self) -> None:
        """Work until `stop`."""
        connected, failures = False, 0
        while not self._stop.is_set():
            self._wake.clear()
            try:
                if not connected:
                    self._device.connect(self._handlers)
                    self._log.info("connected to the hub")
                    connected = self._stale = True
                self._exchange()
                failures = 0
            except NotConnected as error:
                failures += 1
                wait = _RETRY.wait(failures, random.uniform)
                self._log.warning("%s; trying again in %.0f s", error.message, wait)
                self._stop.wait(wait)
                continue
            self._wake.wait()
        self._device.close()

    def _twin_changed(self) -> None:
        self._stale = True
        self._wake.set()

    def _exchange(self) -> None:
        if self._stale:
            self._stale = False
            try:
                twin = self._device.twin()
            except NotConnected:
                self._stale = True
                raise
            self._on_hub = twin.reported
            self._on_desired(twin.desired)
        if (reported := self._reported) is not None:
            patch = diff(self._on_hub, reported, [path for path, _ in leaves(self._on_hub)])
            if patch:
                self._device.report(patch)
                self._on_hub = reported
        while self._messages:
            message = self._messages[0]
            self._device.send(message, OUTPUT)
            if self._messages[0] is message:  # else newer ones have pushed it out meanwhile
                self._messages.popleft()
