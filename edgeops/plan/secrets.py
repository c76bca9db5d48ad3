"""Secrets in a diff: what is on the hub is never compared, only which version was written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from edgeops.fleet.secrets import MASKED
from edgeops.jsonvalue import JsonObject
from edgeops.secret_reference import Secret, reference, secrets_in
from edgeops.stamp_paths import Path


def with_references(
    live: JsonObject, want: JsonObject, written: Mapping[Path, Secret], owned: Collection[Path]
) -> JsonObject:
    """The live value of a section with a reference in place of each secret.

    The reference is that of git where this version was written, or where the device had a single
    value before git named it: that one is taken for this version. Elsewhere, `***` stands for a
    value that is to be replaced. `written` and `owned` are those of the stamp.
    """
    wanted = dict(secrets_in(want))
    for path in wanted.keys() | written.keys():
        found = value_at(live, path)
        if found is None:
            continue
        secret = wanted.get(path)
        adopted = path not in written and path not in owned and not isinstance(found, dict | list)
        current = secret and (adopted or written.get(path) == secret)
        live = _with_value(live, path, reference(secret) if secret and current else MASKED)
    return live


def value_at(value: Any, path: Path) -> Any:
    """The value at a path in a JSON value, None if it has none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _with_value(value: JsonObject, path: Path, item: Any) -> JsonObject:
    key, *rest = path
    return {**value, key: _with_value(value[key], tuple(rest), item) if rest else item}
