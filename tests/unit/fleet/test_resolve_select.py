"""Selectors: the rules of Kubernetes."""

import pytest

from edgeops.fleet.kinds import matches
from edgeops.fleet.resolve import resolve

LABELS = {"ring": "canary", "class": "rpi4"}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {}}, True),
        ({"matchLabels": {"ring": "canary"}}, True),
        ({"matchLabels": {"ring": "canary", "class": "rpi5"}}, False),
        ({"matchLabels": {"site": "cbd"}}, False),
        ({"matchExpressions": [{"key": "ring", "operator": "In", "values": ["canary"]}]}, True),
        ({"matchExpressions": [{"key": "site", "operator": "In", "values": ["cbd"]}]}, False),
        ({"matchExpressions": [{"key": "ring", "operator": "NotIn", "values": ["canary"]}]}, False),
        ({"matchExpressions": [{"key": "site", "operator": "NotIn", "values": ["cbd"]}]}, True),
        ({"matchExpressions": [{"key": "ring", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "ring", "operator": "DoesNotExist"}]}, False),
        (
            {
                "matchLabels": {"ring": "canary"},
                "matchExpressions": [{"key": "site", "operator": "Exists"}],
            },
            False,
        ),
    ],
)
def test_which_labels_a_selector_matches(selector, expected):
    assert matches(selector, LABELS) is expected


def test_a_group_that_selects_no_device_is_a_warning(snapshot_of):
    group = "kind: Group\nmetadata: {name: g}\nspec:\n  selector: {matchLabels: {ring: canray}}\n"
    device = "kind: Device\nmetadata: {name: d, labels: {ring: canary}}\nspec: {}\n"
    (warning,) = resolve(snapshot_of({"g.yaml": group, "d.yaml": device})).warnings
    assert (str(warning.place), warning.message) == (
        "g.yaml:4:3",
        "group `g` selects no device",
    )
    assert resolve(snapshot_of({"g.yaml": group})).warnings == ()  # a fleet without devices yet


def test_a_set_without_devices_is_a_warning(snapshot_of):
    devices = "kind: DeviceSet\nmetadata: {name: s}\nspec: {devices: []}\n"
    (warning,) = resolve(snapshot_of({"s.yaml": devices})).warnings
    assert (str(warning.place), warning.message) == (
        "s.yaml:3:8",
        "the DeviceSet `s` has no devices",
    )
