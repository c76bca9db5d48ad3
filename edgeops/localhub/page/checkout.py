"""What the fleet in whose checkout a hub runs adds to its page; the hub itself knows no git."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from edgeops.jsonvalue import JsonObject

# One device by its name, or all devices (None), beside git: the document of
# `edgeops device show`, or of `edgeops device list`. Raises `EdgeOpsError`.
Compare = Callable[[str | None], Awaitable[JsonObject]]


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Checkout:
    """How to compare the hub with git (None where that cannot be), and how to hide secrets.

    `masked` gives a JSON value without the secrets in it.
    """

    compare: Compare | None = None
    masked: Callable[[Any], Any] = _as_it_is
