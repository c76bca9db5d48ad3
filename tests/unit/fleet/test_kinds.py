"""What groups say of rings."""

from datetime import timedelta

import pytest

from edgeops.fleet.kinds import Rollout, rollout
from edgeops.fleet.resolve import resolve


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"ring": 1}, Rollout(1, timedelta(hours=24), 100)),
        ({"ring": 2, "soak": "30m", "minHealthy": "90%"}, Rollout(2, timedelta(minutes=30), 90)),
        ({"ring": 3, "soak": "7d"}, Rollout(3, timedelta(days=7), 100)),
        ({"ring": 4, "soak": "0h"}, Rollout(4, timedelta(), 100)),
    ],
)
def test_a_rollout_is_read_with_its_defaults(spec, expected):
    assert rollout(spec) == expected


def test_two_groups_cannot_be_one_ring(snapshot_of):
    group = (
        "kind: Group\nmetadata: {{name: {}}}\nspec:\n  selector: {{}}\n  rollout: {{ring: {}}}\n"
    )
    files = {"a.yaml": group.format("a", 1), "b.yaml": group.format("b", 2)}
    assert resolve(snapshot_of(files)).problems == ()
    (problem,) = resolve(snapshot_of({**files, "c.yaml": group.format("c", 1)})).problems
    assert str(problem.place) == "c.yaml:5:13"
    assert problem.message == "ring 1 is already used by group `a`, at a.yaml:5:13"


def test_a_rollout_sets_nothing_on_devices(snapshot_of):
    text = """\
kind: Group
metadata: {name: g}
spec: {selector: {}, tags: {a: 1}, rollout: {ring: 1}}
---
kind: Device
metadata: {name: d}
spec: {}
"""
    fleet = resolve(snapshot_of({"a.yaml": text})).fleet
    assert fleet is not None
    assert fleet.devices["d"].tags == {"a": 1}
    assert fleet.devices["d"].desired == {}
