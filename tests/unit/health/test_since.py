"""Health of one slot, and since when its model is in use."""

from datetime import UTC, datetime

from edgeops.fleet.model import DesiredDevice
from edgeops.health.device import HealthState
from edgeops.health.since import value_health
from edgeops.release import ModelRelease
from edgeops.twin import LiveDevice, Twin

SLOT = ("models", "s")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_health_of_a_slot_has_its_since():
    device = DesiredDevice(
        name="d1",
        labels={},
        groups=(),
        edge=False,
        authentication="sas",
        protect=False,
        tags={},
        desired={},
        modules={},
        models={"s": ModelRelease("m", "1.1.0", "m", 1, "b" * 64, "b" * 32, "onnx", path="p")},
        edge_content={},
    )

    def seen(since):
        reported = {"models": {"s": {"state": "ready", "sha256": "b" * 64, "since": since}}}
        loader = Twin("d1", "model_loader", reported=reported, connected=True)
        live = LiveDevice(Twin("d1"), {"model_loader": loader})
        return value_health(device, live, SLOT, in_sync=False)

    assert seen("2026-01-01T00:00:00Z").since == LONG_AGO
    assert seen("2026-01-01T00:00:00").since == LONG_AGO
    assert seen("2026-01-01T02:00:00+02:00").since == LONG_AGO
    for value in ("yesterday", 7, None, {}, "2026-13-01"):
        assert seen(value).since is None
    assert seen("2026-01-01T00:00:00Z").health.state is HealthState.PROGRESSING
    assert value_health(device, None, SLOT, in_sync=False).health.state is HealthState.UNKNOWN


def test_a_paused_device_that_differs_from_git_neither_passes_nor_degrades_a_ring():
    plain = DesiredDevice("d1", {}, (), False, "sas", False, {}, {}, {}, {}, {}, paused=True)
    live = LiveDevice(Twin("d1", connected=True))
    assert value_health(plain, live, SLOT, in_sync=False).health.state is HealthState.PAUSED
    assert value_health(plain, live, SLOT, in_sync=True).health.state is HealthState.CONVERGED
