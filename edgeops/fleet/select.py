"""Which devices a group selects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a selector takes a device with these labels, by the rules of Kubernetes.

    All of `matchLabels` and `matchExpressions` must hold; `NotIn` also holds
    for a label that is absent; an empty selector takes every device.
    """
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions", ()))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    among = labels.get(key) in expression.get("values", ())
    return among if operator == "In" else not among
