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
        ({"ring": 5, "values": ["a", "b"]}, Rollout(5, timedelta(hours=24), 100, ("a", "b"))),
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


def test_rollout_values_are_paths_of_what_groups_set(snapshot_of):
    group = (
        "kind: Group\nmetadata: {name: a}\nspec:\n  selector: {}\n"
        "  rollout: {ring: 1, values: [modules.opc.image, '/desired/x', opc.image, 'tags.']}\n"
    )
    first, second = resolve(snapshot_of({"a.yaml": group})).problems
    assert (first.pointer, second.pointer) == ("/spec/rollout/values/2", "/spec/rollout/values/3")
    assert "`opc.image` is not a path of a value that a Group sets" in first.message
    assert "`tags.` is not a path" in second.message
