"""Whole fleets: drop a folder into tests/golden/resolve, get a test.

EDGEOPS_UPDATE_GOLDEN=1 rewrites what is expected: `resolved.json` has the
document and, of an edge device, the deployment manifest of each device.
"""

import json
import os
from functools import partial
from pathlib import Path

import pytest

from edgeops.fleet.edge import deployment_manifest, render_device
from edgeops.fleet.explain import explain
from edgeops.fleet.resolve import resolve as resolve_snapshot
from edgeops.source.worktree import load_worktree

resolve = partial(resolve_snapshot, local_artifacts_url="https://localhost:8443/artifacts")
ROOT = Path(__file__).parents[3]
CASES = sorted(path for path in (ROOT / "tests/golden/resolve").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case):
    resolution = resolve(load_worktree(case))
    assert resolution.problems == ()
    resolved = {
        name: {
            "device": render_device(device),
            "deployment": deployment_manifest(device) if device.edge else None,
        }
        for name, device in resolution.fleet.devices.items()
    }
    expected = case / "resolved.json"
    if os.environ.get("EDGEOPS_UPDATE_GOLDEN"):
        expected.write_text(json.dumps(resolved, indent=2) + "\n")
    assert resolved == json.loads(expected.read_text())


@pytest.fixture(scope="module")
def example():
    return load_worktree(ROOT)


class TestExampleFleet:
    def test_has_a_device_at_each_sensor_and_the_gateway(self, example):
        resolution = resolve(example)
        assert resolution.problems == ()
        devices = resolution.fleet.devices
        assert len(devices) == 22
        assert [name for name, device in devices.items() if device.protect] == ["cbd-gateway"]
        placed = {name for name, device in devices.items() if "location" in device.tags}
        assert placed == devices.keys() - {"cbd-gateway"}
        assert all(device.edge for device in devices.values())

    def test_rings_are_nested(self, example):
        devices = resolve(example).fleet.devices.values()
        rings = [tuple(name for name in device.groups if name in ("all", "half", "canary"))
                 for device in devices]  # fmt: skip
        assert sorted(set(rings)) == [("all",), ("all", "half"), ("all", "half", "canary")]
        assert sum("half" in ring for ring in rings) == 11

    def test_every_value_has_a_line(self, example):
        explained = explain(example, "queen-street-210")
        assert {value.path for value in explained if value.place is None} == set()
