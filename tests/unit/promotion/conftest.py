"""A fleet of three rings, as text."""

from collections.abc import Callable

import pytest

from edgeops.fleet.catalog import Catalog, read_catalog
from edgeops.fleet.model import DesiredFleet, Snapshot
from edgeops.fleet.resolve import resolve
from edgeops.fleet.yaml import load

RELEASE = """\
---
apiVersion: edgeops/v1
kind: ModelRelease
metadata: {{name: {0}, version: {1}}}
spec: {{path: {0}/{1}/m.onnx, fileName: m.onnx, size: 1, sha256: {2}, md5: {3}, format: onnx}}
"""
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: f}
spec:
  defaults: {modules: {model_loader: {}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {image: "loader:1"}
"""
GROUP = """\
---
apiVersion: edgeops/v1
kind: Group
metadata: {{name: {name}, priority: {priority}}}
spec:
  selector: {{matchExpressions: [{{key: ring, operator: In, values: [{labels}]}}]}}
  rollout: {{ring: {ring}}}
  models: {{{models}}}
"""
DEVICE = """\
---
apiVersion: edgeops/v1
kind: Device
metadata: {{name: {0}, labels: {{ring: {1}}}}}
spec: {{{2}}}
"""


@pytest.fixture
def three_rings() -> Callable[..., tuple[Snapshot, Catalog, DesiredFleet]]:
    """The fleet with these models in its rings; d3 sets its own where `own` says so.

    d1 is in all three rings, d2 in the last two, d3 in the last.
    """

    def make(canary="", half="", everybody="", own=""):
        rings = (
            ("canary", 30, "canary", canary),
            ("half", 20, "canary, half", half),
            ("all", 10, "canary, half, all", everybody),
        )
        fleet = FLEET + "".join(
            GROUP.format(name=name, priority=priority, labels=labels, ring=ring, models=models)
            for ring, (name, priority, labels, models) in enumerate(rings, start=1)
        )
        devices = (("d1", "canary", ""), ("d2", "half", ""), ("d3", "all", own))
        fleet += "".join(DEVICE.format(*device) for device in devices)
        releases = "".join(
            RELEASE.format(name, version, digit * 64, digit * 32)
            for name, version, digit in (
                ("m", "1.0.0", "a"),
                ("m", "1.1.0", "b"),
                ("n", "1.0.0", "c"),
            )
        )
        documents, problems = load("fleet/all.yaml", (fleet + releases).encode())
        assert not problems
        snapshot = Snapshot(None, documents, ())
        resolved = resolve(snapshot, local_artifacts_url="https://localhost:8443/artifacts")
        assert resolved.fleet is not None, resolved.problems
        return snapshot, read_catalog(snapshot)[0], resolved.fleet

    return make
