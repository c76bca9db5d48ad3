"""Twins as values, and the three-way diff of their sections.

A twin section (tags, desired, reported) is a JSON object without the `$version` and `$metadata`
that the hub adds. Arrays are single values: a hub replaces them as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from edgeops.jsonvalue import JsonObject, same

EDGE_AGENT = "$edgeAgent"
EDGE_HUB = "$edgeHub"


@dataclass(frozen=True, slots=True)
class Twin:
    """One device or module twin as a hub returned it.

    A write of tags and desired properties requires `etag`; `configurations` are the ids of those of
    the hub that target it (`$edgeAgent` has those of automatic deployments). The rest is of its
    identity: `thumbprints` are `primary` and `secondary` as far as it has them, `parent` is the id
    of the edge device that it connects through (empty: none), `scope` what children of an edge
    device name it by.

    `updated` has when the values of desired and reported properties were last written, as the hub
    says it, by path: the first key is `desired` or `reported`, and an object has the time of the
    newest value in it. Tags have no times. It is empty unless it was asked for: it is as large as
    the twin itself.
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
    thumbprints: Mapping[str, str] = field(default_factory=dict)
    status: str = "enabled"
    scope: str = ""
    parent: str = ""
    configurations: tuple[str, ...] = ()
    updated: Mapping[tuple[str, ...], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveDevice:
    """A device on the hub: its own twin, and those of its modules by name."""

    twin: Twin
    modules: Mapping[str, Twin] = field(default_factory=dict)

    def desired(self, module: str) -> JsonObject:
        """The desired properties of a module; empty when it does not exist."""
        return self.modules[module].desired if module in self.modules else {}


@dataclass(slots=True)
class _Owned:
    """A tree of owned paths; cached and shared, so never changed once it is built."""

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


_NOTHING = _Owned()
_ABSENT = object()  # equal to no value
_KEEP = object()  # nothing to remove here


def diff(live: JsonObject, want: JsonObject, owned: Iterable[tuple[str, ...]] = ()) -> JsonObject:
    """The smallest merge patch that makes `live` agree with `want`.

    `owned` are the paths of the leaves that were last applied: those that `want` no longer has are
    removed with `null`, together with objects that become empty. Paths in neither are not touched.
    """
    return _diff(live, want, _owned_tree(frozenset(owned)))


def _diff(live: JsonObject, want: JsonObject, owned: _Owned) -> JsonObject:
    patch: JsonObject = {}
    for key, value in want.items():
        current = live.get(key, _ABSENT)
        if isinstance(value, dict) and isinstance(current, dict):
            below = _diff(current, value, owned.children.get(key, _NOTHING))
            if below:
                patch[key] = below
        elif not same(current, value):
            patch[key] = value
    if owned.children:
        patch |= _removals(live, owned, live.keys() - want.keys())
    return dict(sorted(patch.items())) if patch else patch


def _remove(live: Any, owned: _Owned) -> Any:
    """The patch that removes the owned parts of `live`; None removes it all, `_KEEP` nothing."""
    if not isinstance(live, dict) or not live:
        return None if owned.leaf else _KEEP
    patch = _removals(live, owned, live.keys())
    if not patch:
        return _KEEP
    emptied = patch.keys() == live.keys() and all(value is None for value in patch.values())
    return None if emptied else patch


def _removals(live: JsonObject, owned: _Owned, keys: Set[str]) -> JsonObject:
    removals = {
        key: _remove(live[key], owned.children[key]) for key in owned.children.keys() & keys
    }
    return {key: removal for key, removal in sorted(removals.items()) if removal is not _KEEP}
