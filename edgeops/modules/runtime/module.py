"""A module's conversation with its hub: follow the twin, report, send; try again what failed."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Any

from edgeops.backoff import Backoff
from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject, leaves, merge_patch
from edgeops.modules.runtime.client import Handlers, ModuleClient, NotConnected
from edgeops.twin import diff

MESSAGES_KEPT = 100  # messages that wait for the hub; the oldest ones are dropped first
RECONNECT = Backoff(base=1.0, longest=60.0)


class DeviceModule:
    """Talks to the hub until `stop`; an unreachable hub delays messages and reports, no more.

    `on_desired` gets this module and its desired properties: at the start, and
    whenever they may have changed. The whole twin is read each time: a desired
    patch is only a wake-up call, so any number of patches costs one read, and
    none can be missed. `on_message` gets the bytes and the input of a message
    from another module, on a thread of the SDK, so it must be quick.

    `methods` are the direct methods that it answers, each on a thread of the SDK: they get
    the payload of the call and give that of the answer; an `EdgeOpsError` is the answer 400.
    With any, calls of others are answered with 404.

    Reported properties that this module no longer reports are deleted from the
    twin; where `owned` names top-level properties, only those are.
    """

    def __init__(
        self,
        client: ModuleClient,
        log: logging.Logger,
        on_desired: Callable[[DeviceModule, Any], None],
        on_message: Callable[[bytes, str], None] | None = None,
        *,
        owned: Collection[str] | None = None,
        methods: Mapping[str, Callable[[Any], Any]] | None = None,
        reconnect: Backoff = RECONNECT,
    ) -> None:
        self.log = log
        self._client = client
        self._methods = methods or {}
        on_method = self._method_called if methods else None
        self._handlers = Handlers(self._twin_changed, on_message, on_method)
        self._on_desired = on_desired
        self._owned = owned
        self._reconnect = reconnect
        self._messages: deque[tuple[str, str]] = deque(maxlen=MESSAGES_KEPT)
        self._reported: Callable[[], JsonObject | None] = lambda: None
        self._on_hub: JsonObject = {}
        self._stale = threading.Event()  # the twin has to be read
        self._wake = threading.Event()
        self._stop = threading.Event()

    def report(self, properties: JsonObject | Callable[[], JsonObject]) -> None:
        """Let the reported properties be these, as soon as the hub can be reached.

        Given a function, `run` calls it each time something may have changed.
        """
        self._reported = properties if callable(properties) else lambda: properties
        self.wake()

    def send(self, message: Any, output: str) -> None:
        """Send a message (a JSON value) on an output as soon as the hub can be reached."""
        self._messages.append((json.dumps(message), output))
        self.wake()

    def wake(self) -> None:
        """Let `run` look at once whether there is something new to report."""
        self._wake.set()

    def stop(self) -> None:
        """End `run` soon, from any thread; what has not been sent is lost."""
        self._stop.set()
        self._wake.set()

    def run(self) -> None:
        """Talk to the hub until `stop`. Raises `EdgeOpsError` if it can never be reached so."""
        failures = 0
        try:
            while not self._stop.is_set():
                try:
                    self._client.connect(self._handlers)
                    self.log.info("connected to the hub")
                    self._stale.set()
                    while not self._stop.is_set():
                        self._exchange()
                        failures = 0
                        self._wake.wait()
                except NotConnected as error:
                    failures += 1
                    wait = self._reconnect.wait(failures, random.uniform)
                    self.log.warning("%s; next try in %.0f s", error.message, wait)
                    self._stop.wait(wait)
        finally:
            self._client.close()

    def _twin_changed(self) -> None:
        self._stale.set()
        self._wake.set()

    def _method_called(self, name: str, payload: Any) -> tuple[int, Any]:
        """The status and the payload that answer a direct method."""
        if name not in self._methods:
            return 404, {"error": "no such method"}
        try:
            return 200, self._methods[name](payload)
        except EdgeOpsError as error:
            return 400, {"error": error.message}
        except Exception as error:  # a call must have an answer
            self.log.warning("the method %s failed (%s)", name, type(error).__name__)
            return 500, {"error": "the method failed"}

    def _exchange(self) -> None:
        """Read what is desired, bring what is to be reported and sent. Raises `NotConnected`."""
        self._wake.clear()
        if self._stale.is_set():
            self._stale.clear()
            twin = self._client.twin()
            self._on_hub = twin.reported
            self._on_desired(self, twin.desired)
        reported = self._reported()
        if self._stop.is_set():
            return
        if reported is not None and (patch := report_patch(self._on_hub, reported, self._owned)):
            self._client.report(patch)
            self._on_hub = merge_patch(self._on_hub, patch)
        while self._messages:
            message = self._messages[0]
            self._client.send(*message)
            if self._messages[0] is message:  # else newer ones have pushed it out meanwhile
                self._messages.popleft()


def report_patch(
    on_hub: JsonObject, reported: JsonObject, owned: Collection[str] | None = None
) -> JsonObject:
    """The smallest patch that makes the reported properties on the hub these; `{}` for none.

    Of properties that are no longer reported, those below `owned` are deleted; None owns all.
    """
    mine = [path for path, _ in leaves(on_hub) if owned is None or (path[:1] and path[0] in owned)]
    return diff(on_hub, reported, mine)
