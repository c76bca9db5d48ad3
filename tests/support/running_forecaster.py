"""A real forecaster module on a local hub, in a time that the test moves."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.files import StateFiles
from edgeops.localhub.store import HubStore
from edgeops.modules.forecaster.main import ForecasterModule
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.status import iso
from edgeops.modules.runtime.client import ModuleClient
from edgeops.modules.runtime.environment import module_environment
from tests.support.waiting import wait_until


class MovedClock:
    """The time of day, in seconds since 1970: as the test says."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class RunningForecaster:
    """The module `forecaster` of a device, as it runs in its container; stop it in the end."""

    def __init__(
        self,
        hub: Any,
        storage: Path,
        clock: MovedClock,
        device: str = "d1",
        first_fill: Path | None = None,
    ) -> None:
        self._hub = hub
        self._device = device
        self._clock = clock
        text = hub.device_connection_string(device, "forecaster")
        identity = {"EDGEOPS_CONNECTION_STRING": text, "EDGEOPS_CA_FILE": str(hub.ca_file)}
        environment = module_environment(identity)
        self._app = ForecasterModule(
            ModuleClient(environment),
            storage,
            first_fill,
            logging.getLogger("test"),
            poll_seconds=0.02,
            device=environment.device,
            clock=clock,
        )
        self._thread = threading.Thread(target=self._app.run)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._app.stop()
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()

    def tell(self, first: int, *values: float, name: str = "east") -> None:
        """The values of hours of UTC, as a message of another module."""
        items: list[Any] = [
            {"timestamp": iso(hour * HOUR), "values": {name: value}}
            for hour, value in enumerate(values, start=first)
        ]
        self._app._message_arrived(json.dumps(items).encode(), "observations")

    def live_through(self, first: int, *values: float) -> None:
        """One hour after the other; after each, wait until its forecast is on the hub."""
        for hour, value in enumerate(values, start=first):
            self.tell(hour, value)
            self._clock.now = (hour + 1) * HOUR + 30
            until = iso((hour + 1) * HOUR)
            wait_until(lambda until=until: until in self._observed_until())

    def model(self) -> JsonObject:
        """What it reports of its model."""
        model: JsonObject = self._app._forecaster.reported()["model"]
        return model

    def observed_until(self) -> str | None:
        """When the newest hour ended that the last forecast rests on."""
        until = self._app._forecaster.reported()["history"].get("observedUntil")
        return str(until) if until else None

    def sent(self, output: str) -> list[JsonObject]:
        """What arrived at the hub of an output, oldest first."""
        with HubStore(StateFiles(self._hub.state_dir).database) as store:
            events = store.events(0, 10_000, self._device)
        return [
            event["body"]
            for event in events
            if event.get("systemProperties", {}).get("output-name") == output
        ]

    def _observed_until(self) -> set[str]:
        return {forecast["observedUntil"] for forecast in self.sent("forecasts")}
