"""Twins as values, and the three-way diff of their sections.

A twin section (tags, desired, reported) is a JSON object without the hub's own
`$version` and `$metadata`. Arrays are single values: a hub replaces them whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from edgeops.jsonvalue import JsonObject, same

EDGE_AGENT = "$edgeAgent"
EDGE_HUB = "$edgeHub"


@dataclass(frozen=True, slots=True)
class Twin:
    """One device or module twin as a hub returned it.

    `etag` guards a write of tags and desired properties; `edge` and
    `authentication` are of the identity behind it; `automatic` names the
    automatic deployments that target it (`$edgeAgent` only).
    """

    device: str
    module: str | None = None
    etag: str = ""
    tags: JsonObject = field(default_factory=dict)
    desired: JsonObject = field(default_factory=dict)
    reported: JsonObject = field(default_factory=dict)
    desired_version: int = 1
    connected: bool = False
    last_activity: str | None = None
    edge: bool = False
    authentication: str = "sas"
    automatic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveDevice:
    """A device as it is on the hub: its own twin, and those of its modules by name."""

    twin: Twin
    modules: Mapping[str, Twin] = field(default_factory=dict)

    def desired(self, module: str) -> JsonObject:
        """The desired properties of a module; empty when it does not exist."""
        return self.modules[module].desired if module in self.modules else {}


@dataclass(slots=True)
class _Owned:
    """A tree of the paths that were last applied; it is cached and shared, so never changed."""

    leaf: bool = False
    children: dict[str, _Owned] = field(default_factory=dict)


@lru_cache(maxsize=256)  # similar devices own the same paths
def _owned_tree(paths: frozenset[tuple[str, ...]]) -> _Owned:
    root = _Owned()
    for path in paths:
        node = root
        for key in path:
            node = node.children.setdefault(key, _Owned())
        node.leaf = True
    return root


_NOTHING = _Owned()  # owned
_ABSENT = object()  # the same as no value
_KEEP = object()  # nothing to remove here


def diff(live: JsonObject, want: JsonObject, owned: Iterable[tuple[str, ...]] = ()) -> JsonObject:
    """The smallest merge patch that makes `live` agree with `want`.

    `owned` are the paths of the leaves that were last applied: those that
    `want` no longer names are removed with `null`, together with the objects
    that this empties. A path that is in neither is never touched. The result
    is empty when there is nothing to do.
    """
    return _diff(live, want, _owned_tree(frozenset(owned)))


def _diff(live: JsonObject, want: JsonObject, owned: _Owned) -> JsonObject:
    patch: JsonObject = {}
    for key, value in want.items():
        there = live.get(key, _ABSENT)
        if isinstance(value, dict) and isinstance(there, dict):
            below = _diff(there, value, owned.children.get(key, _NOTHING))
            if below:
                patch[key] = below
        elif not same(there, value):
            patch[key] = value
    for key in owned.children.keys() & (live.keys() - want.keys()):
        removal = _remove(live[key], owned.children[key])
        if removal is not _KEEP:
            patch[key] = removal
    return dict(sorted(patch.items()))


def _remove(live: Any, owned: _Owned) -> Any:
    """The patch that takes what is owned out of `live`: `None` for all of it, or `_KEEP`."""
    if not isinstance(live, dict) or not live:
        return None if owned.leaf else _KEEP
    patch = {}
    for key, child in sorted(owned.children.items()):
        if key in live:
            removal = _remove(live[key], child)
            if removal is not _KEEP:
                patch[key] = removal
    if not patch:
        return _KEEP
    emptied = patch.keys() == live.keys() and all(value is None for value in patch.values())
    return None if emptied else patch
