"""What a device runs, as it reports it."""

import pytest

from edgeops.fleet.model import DesiredDevice
from edgeops.health.device import DeviceStatus, Health, HealthState
from edgeops.health.seen import Versions, seen_device
from edgeops.release import ModelRelease, ReleaseFile, Variant
from edgeops.twin import LiveDevice, Twin

JETSON, OTHERS = "a" * 64, "b" * 64
RELEASE = ModelRelease(
    "m",
    "1.0.0",
    variants=(
        Variant((("class", "jetson"),), "engine", (ReleaseFile("m", 1, JETSON, path="j"),)),
        Variant((), "onnx", (ReleaseFile("m", 1, OTHERS, path="o"),)),
    ),
)
CHOSEN = RELEASE.chosen({"class": "jetson"})
UNKNOWN = DeviceStatus("d", True, True, Health(HealthState.UNKNOWN, ""))


@pytest.mark.parametrize(
    ("reported", "shown"),
    [
        ({"name": "m", "version": "1.0.0", "sha256": JETSON}, "m@1.0.0"),
        ({"sha256": JETSON}, "m@1.0.0"),
        ({"name": "m", "version": "0.9.0", "sha256": JETSON}, "m@0.9.0"),
        ({"name": "m", "version": "0.9.0", "sha256": OTHERS}, "m@0.9.0"),
        (
            {"name": "m", "version": "1.0.0", "sha256": OTHERS},
            "m@1.0.0 (sha256 bbbbbbbbbbbb)",
        ),
        ({"name": "m", "version": "1.0.0"}, "m@1.0.0 (no digest)"),
        ({"version": "1.0.0", "sha256": OTHERS}, "1.0.0"),
        ({"sha256": OTHERS}, "sha256 bbbbbbbbbbbb"),
        ({}, None),
    ],
)
def test_the_variant_of_another_class_is_not_shown_as_the_wanted_one(reported, shown):
    device = DesiredDevice(
        "d", {}, (), False, "sas", False, {}, {}, {}, {"slot": CHOSEN}, edge_content={}
    )
    loader = Twin("d", "model_loader", reported={"models": {"slot": reported}})
    live = LiveDevice(Twin("d"), {"model_loader": loader})
    seen = seen_device(device, live, UNKNOWN, commit=None, drift=False)
    assert seen.models == {"slot": Versions("m@1.0.0", shown)}
