"""Selectors: the rules of Kubernetes."""

import pytest

from edgeops.fleet.select import matches

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
