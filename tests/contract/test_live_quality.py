"""Live quality over Microsoft's device SDK: in the twin, by a direct method and as telemetry."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.modules.forecaster.live import offset_of
from edgeops.modules.forecaster.observations import HOUR
from tests.support.device_sdk import (  # noqa: F401 - fixtures
    SDK_WARNINGS,
    leaks_end_here,
    the_hub_of_devices,
)
from tests.support.running_forecaster import MovedClock, RunningForecaster
from tests.support.waiting import wait_until
from tests.unit.modules.forecaster.conftest import SLOT, Storage, mean_model

pytest.importorskip("azure.iot.device")
models = pytest.importorskip("azure.iot.hub.models")

pytestmark = SDK_WARNINGS

WEEK = 7 * 24
REPORT = 20_500 * 24 + offset_of("d1") // HOUR  # the hour of UTC in which it reports, in 2026


@pytest.fixture
def storage(tmp_path):
    return Storage(tmp_path)


@pytest.fixture
def start(registry, local_mqtt_hub, storage):
    registry.create_device_with_sas("d1", None, None, "enabled")
    registry.create_module_with_sas("d1", "forecaster", "", None, None)
    desired = models.TwinProperties(desired={"model": SLOT})
    registry.update_module_twin("d1", "forecaster", models.Twin(properties=desired))
    clock, started = MovedClock((REPORT - 4) * HOUR), []

    def go() -> RunningForecaster:
        started.append(RunningForecaster(local_mqtt_hub, storage.root, clock))
        return started[-1]

    yield go
    for each in started:
        each.stop()


def test_it_is_in_the_twin_and_the_table_is_sent_when_asked_for(registry, start, storage):
    current = storage.put(mean_model(inputs=("east",), quantiles=(0.1, 0.5, 0.9)))
    values = np.random.default_rng(1).integers(50, 150, WEEK + 12).tolist()
    first = REPORT - 4 - WEEK
    running = start()
    running.tell(first, *values[:WEEK])
    running.live_through(first + WEEK, *values[WEEK : WEEK + 6])

    def reported():
        return registry.get_module_twin("d1", "forecaster").properties.reported

    quality = wait_until(lambda: reported().get("quality"))
    (said,) = quality["models"]
    assert (said["sha256"], said["version"]) == (current.sha256, "1.0.0")
    assert said["last7"].keys() == {"hours", "wape", "bias", "naiveWape", "coverage"}

    def call(name):
        method = models.CloudToDeviceMethod(
            method_name=name, response_timeout_in_seconds=30, connect_timeout_in_seconds=0
        )
        return registry.invoke_device_module_method("d1", "forecaster", method)

    answer = call("quality")
    assert answer.status == 200
    assert answer.payload["models"][0]["last7"]["hours"] > said["last7"]["hours"]
    (table,) = wait_until(lambda: running.sent("quality"))
    assert {row["sha256"] for row in table["scores"]} == {current.sha256}
    assert {row["hoursAhead"] for row in table["scores"]} == {"all", "1", "2-6"}
    unknown = call("reboot")
    assert (unknown.status, unknown.payload) == (404, {"error": "no such method"})

    written = reported()["$metadata"]["quality"]["$lastUpdated"]
    running.stop()
    again = start()
    again.live_through(first + WEEK + 6, *values[WEEK + 6 : WEEK + 8])
    assert reported()["$metadata"]["quality"]["$lastUpdated"] == written
    assert reported()["quality"] == quality
