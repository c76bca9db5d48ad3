"""model_loader as a module: its twin says what to load, the loader's progress is reported."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edgeops.backoff import Backoff
from edgeops.jsonvalue import JsonObject
from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.loader import Loader
from edgeops.modules.model_loader.status import OWNED, LoaderInfo, reported
from edgeops.modules.runtime.client import ModuleClient
from edgeops.modules.runtime.module import DeviceModule

_RECONNECT = Backoff(base=1.0, longest=300.0)
_SETTLE_SECONDS = 1.0  # quick downloads are reported once, when they are done


class LoaderModule:
    """Keeps a loader working on what the module twin wants, until `stop`."""

    def __init__(
        self,
        client: ModuleClient,
        loader: Loader,
        flat: FlatKeys,
        info: Callable[[], LoaderInfo],
        reconnect: Backoff = _RECONNECT,
    ) -> None:
        self._loader = loader
        self.info = info
        self._stop = threading.Event()
        self._module = DeviceModule(
            client,
            loader.world.log,
            lambda _, desired: loader.offer(parse_desired(desired, flat)),
            owned=OWNED,
            reconnect=reconnect,
        )
        self._module.report(self._reported)
        loader.changed = self._module.wake

    def run(self) -> None:
        """Talk to the hub and keep the loader working, until `stop`."""
        worker = threading.Thread(target=self._loader.run, args=(self._stop,), name="loader")
        worker.start()
        try:
            self._module.run()
        finally:
            self.stop()
            worker.join()

    def stop(self) -> None:
        """End `run` soon; from any thread."""
        self._stop.set()
        self._module.stop()
        self._loader.interrupt()

    def _reported(self) -> JsonObject:
        self._loader.settled.wait(_SETTLE_SECONDS)
        return reported(*self._loader.snapshot(), self.info())
