"""Two groups of equal priority must not set the same path on one device."""

import pytest

from edgeops.fleet.layers import clashes
from edgeops.fleet.resolve import resolve

DEVICES = """
kind: DeviceSet
metadata: {name: s}
spec: {devices: [{name: d1}, {name: d2}, {name: d3}, {name: d4}, {name: d5}]}
"""


def group(name, body, priority=7):
    return (
        f"kind: Group\nmetadata: {{name: {name}, priority: {priority}}}\n"
        f"spec:\n  selector: {{}}\n  {body}\n"
    )


def test_the_problem_names_both_places_and_the_devices_once(snapshot_of):
    resolution = resolve(
        snapshot_of(
            {
                "one.yaml": group("one", "tags: {x: 1}"),
                "two.yaml": group("two", "tags: {x: 1}"),
                "d.yaml": DEVICES,
            }
        )
    )
    (problem,) = resolution.problems
    assert resolution.fleet is None
    assert str(problem.place) == "two.yaml:5:10"
    assert problem.pointer == "/spec/tags/x"
    assert problem.message == (
        "groups `one` and `two` have the same priority (7) and both set `tags/x`: "
        "here and at one.yaml:5:10 (devices d1, d2, d3 and 2 more)"
    )
    assert problem.hint == "give one of them a higher `metadata.priority`"


def test_another_priority_is_an_order(snapshot_of):
    files = {"1": group("one", "tags: {x: 1}"), "2": group("two", "tags: {x: 2}", 8), "d": DEVICES}
    assert resolve(snapshot_of(files)).problems == ()


def test_groups_that_share_no_device_do_not_clash(snapshot_of):
    files = {
        "1": group("one", "tags: {x: 1}").replace("{}", "{matchLabels: {a: a}}"),
        "2": group("two", "tags: {x: 2}"),
        "d": DEVICES,
    }
    assert resolve(snapshot_of(files)).problems == ()


@pytest.mark.parametrize(
    ("a", "b", "paths"),
    [
        ({"x": 1}, {"y": 1}, []),
        ({"x": 1}, {"x": 1}, [("x",)]),
        ({"x": {"a": 1}}, {"x": {"b": 1}}, []),
        ({"x": {"a": 1, "b": 2}}, {"x": {"b": 1, "a": 2}}, [("x", "a"), ("x", "b")]),
        ({"x": 1}, {"x": {"b": 1}}, [("x",)]),
        ({"x": None}, {"x": {"b": 1}}, [("x",)]),
        ({"x": {}}, {"x": {"b": 1}}, []),
        ({"x": {}}, {"x": 1}, [("x",)]),
    ],
)
def test_clashing_paths(a, b, paths):
    assert list(clashes(a, b)) == paths
    assert list(clashes(b, a)) == paths
