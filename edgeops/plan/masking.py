"""Secrets in twin values, replaced before anything is shown or saved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from edgeops.fleet.secrets import mask

MASKED = "***"

_SECRET_KEY = re.compile(
    r"passw(or)?d|passphrase|secret|credential|connection_?string"
    r"|(access|account|api|private|primary|secondary|shared|symmetric)_?key|(^|_)(sas|sig)$"
    r"|token(?!s)",
    re.IGNORECASE,
)


def masked(value: Any, path: Sequence[str] = ()) -> Any:
    """The value without secrets.

    What stands under a key such as `password` or `apiToken` becomes `***`, and
    so do the parts of any text that look like a secret. `path` are the keys
    above the value; one of them may already say that it is secret.
    """
    if any(map(_names_a_secret, path)):
        return _hidden(value)
    return _masked(value)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _hidden(item) if _names_a_secret(key) else _masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return mask(value) if isinstance(value, str) else value


def _names_a_secret(key: str) -> bool:
    return bool(_SECRET_KEY.search(key))


def _hidden(value: Any) -> Any:
    # An empty object says only "an object is here"; nulls and switches are no secrets either.
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool) else MASKED
