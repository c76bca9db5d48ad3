"""The functions of twin queries besides `is_defined()`.

Microsoft documents `is_defined()` alone for twins and jobs. Its own clients rely
on two more: `az iot hub device-identity children list` on ARRAY_CONTAINS, the
search of Azure IoT Explorer on STARTSWITH. The other functions of "IoT Hub query
language" are for message routing, and are not known in queries on twins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from edgeops.localhub.query.ast import UNDEFINED
from edgeops.localhub.query.values import compare, is_primitive


class Function(NamedTuple):
    """A function of a number of arguments; it gives UNDEFINED for those of a wrong type."""

    arguments: int
    compute: Callable[..., Any]


def _array_contains(array: Any, value: Any) -> Any:
    if not isinstance(array, list) or not is_primitive(value):
        return UNDEFINED
    return any(compare("=", item, value) is True for item in array)


def _starts_with(text: Any, prefix: Any) -> Any:
    if not isinstance(text, str) or not isinstance(prefix, str):
        return UNDEFINED
    return text.startswith(prefix)


FUNCTIONS: Mapping[str, Function] = {
    "ARRAY_CONTAINS": Function(2, _array_contains),
    "STARTSWITH": Function(2, _starts_with),
}
KNOWN = "is_defined(), array_contains() and startswith()"
