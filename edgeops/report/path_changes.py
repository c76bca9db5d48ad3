"""A merge patch as changed paths: lists by element, create options as the JSON that they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from edgeops.jsonvalue import JsonObject, merge_patch, same
from edgeops.plan.edge import joined_options, options_in, parsed_options, without_nulls
from edgeops.report.file_list import is_file_list
from edgeops.secret_reference import is_secret
from edgeops.twin import EDGE_AGENT

Keys = tuple[str | int, ...]  # an integer is the index of an element

_ABSENT = object()
_ONE_LINE = 60  # characters of JSON; a new object that is shorter is one entry
_MOST_PAIRS = 250_000  # of elements to compare; larger lists are shown as a whole
_OPTIONS = "createOptions"


class Op(StrEnum):
    """What happens to one path."""

    ADD = "+"
    CHANGE = "~"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class PathChange:
    """One changed path; `old` is unset for an addition, `new` for a removal."""

    op: Op
    path: Keys
    old: Any = None
    new: Any = None


def path_changes(
    patch: Mapping[str, JsonObject], before: Mapping[str, JsonObject], *, brief: bool
) -> Iterator[PathChange]:
    """Every path that a patch changes, with the value on the hub before, in sorted order.

    With `brief`, a module deployed to a new device is one entry.
    """
    for section in sorted(patch):
        yield from _patched((section,), patch[section], before.get(section, {}), brief)


def is_edge_module(path: Keys) -> bool:
    """Whether a path names a module in the deployment of `$edgeAgent`."""
    return len(path) == 3 and path[0] == EDGE_AGENT and path[1] in {"modules", "systemModules"}


def _patched(path: Keys, new: Any, old: Any, brief: bool) -> Iterator[PathChange]:
    """The changes by a merge patch, of which `old` has the patched paths."""
    if _are_objects(old, new):
        if _has_options(path, new):
            yield from _options_changed(path, old, merge_patch(old, new))
            new = {key: item for key, item in new.items() if key not in options_in(new)}
        for key in sorted(new):
            yield from _patched((*path, key), new[key], old.get(key, _ABSENT), brief)
    elif new is None:
        if old is not _ABSENT:
            yield PathChange(Op.REMOVE, path, old=old)
    elif old is _ABSENT:
        yield from _added(path, merge_patch(None, new), brief)
    elif isinstance(new, list) and isinstance(old, list) and not _are_files(path, old, new):
        yield from _list_changed(path, old, new)
    else:
        yield PathChange(Op.CHANGE, path, old=old, new=merge_patch(None, new))


def _added(path: Keys, new: Any, brief: bool = False) -> Iterator[PathChange]:
    whole = not isinstance(new, dict) or is_secret(new) or len(json.dumps(new)) <= _ONE_LINE
    if whole or (brief and is_edge_module(path)):
        yield PathChange(Op.ADD, path, new=new)
        return
    if _has_options(path, new):
        yield from _options_changed(path, {}, new)
        new = {key: item for key, item in new.items() if key not in options_in(new)}
    for key in sorted(new):
        yield from _added((*path, key), new[key], brief)


def _changed(path: Keys, old: Any, new: Any) -> Iterator[PathChange]:
    """The differences of two whole values."""
    if _are_objects(old, new):
        for key in sorted(old.keys() | new.keys()):
            if key not in new:
                yield PathChange(Op.REMOVE, (*path, key), old=old[key])
            elif key not in old:
                yield from _added((*path, key), new[key])
            else:
                yield from _changed((*path, key), old[key], new[key])
    elif same(old, new):
        return
    elif isinstance(new, list) and isinstance(old, list):
        yield from _list_changed(path, old, new)
    else:
        yield PathChange(Op.CHANGE, path, old=old, new=new)


def _are_objects(old: Any, new: Any) -> bool:
    """Whether to compare two values key by key; a reference to a secret is one value."""
    both = isinstance(old, dict) and isinstance(new, dict)
    return both and not is_secret(old) and not is_secret(new)


def _are_files(path: Keys, old: Any, new: Any) -> bool:
    """Whether both are the files of a model, which are told together."""
    return is_file_list(path, old) and is_file_list(path, new)


# --- lists ----------------------------------------------------------------------------


def _list_changed(path: Keys, old: list[Any], new: list[Any]) -> Iterator[PathChange]:
    """The elements that were removed, added or changed; the index is that in their own list.

    What was removed and added at one index, or is too long to be told apart at a glance, is shown
    as a change.
    """
    if len(old) * len(new) > _MOST_PAIRS:
        yield PathChange(Op.CHANGE, path, old=old, new=new)
        return
    pairs, removed, added = _matched(old, new)
    for before in list(removed):
        for after in added:
            if before == after or (_is_long(old[before]) and _is_long(new[after])):
                pairs.append((before, after))
                removed.remove(before)
                added.remove(after)
                break
    entries = [(at, PathChange(Op.REMOVE, (*path, at), old=old[at])) for at in removed]
    entries += [(at, PathChange(Op.ADD, (*path, at), new=new[at])) for at in added]
    for before, after in pairs:
        changes = _changed((*path, after), old[before], new[after])
        entries += [(after, change) for change in changes]
    if not entries:  # they differ only in how a number is written
        entries = [(0, PathChange(Op.CHANGE, path, old=old, new=new))]
    yield from (change for _, change in sorted(entries, key=lambda entry: entry[0]))


def _matched(old: list[Any], new: list[Any]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """The indices of changed elements in both lists, of removed and of added ones."""
    pairs: list[tuple[int, int]] = []
    removed: list[int] = []
    added: list[int] = []
    matcher = SequenceMatcher(None, _texts(old), _texts(new), autojunk=False)
    for tag, old_at, old_end, new_at, new_end in matcher.get_opcodes():
        if tag != "equal":
            both = min(old_end - old_at, new_end - new_at)
            pairs += [(old_at + at, new_at + at) for at in range(both)]
            removed += range(old_at + both, old_end)
            added += range(new_at + both, new_end)
    return pairs, removed, added


def _is_long(value: Any) -> bool:
    return len(json.dumps(value)) > _ONE_LINE


def _texts(values: list[Any]) -> list[str]:
    return [json.dumps(value, sort_keys=True) for value in values]


# --- create options -------------------------------------------------------------------


def _has_options(path: Keys, settings: JsonObject) -> bool:
    return len(path) == 4 and path[3] == "settings" and is_edge_module(path[:3]) and bool(
        options_in(settings)
    )  # fmt: skip


def _options_changed(path: Keys, before: JsonObject, after: JsonObject) -> Iterator[PathChange]:
    """The changes of create options in the settings of a module, chunks joined."""
    path = (*path, _OPTIONS)
    old, new = parsed_options(before), parsed_options(after)
    if old is not None and new is not None:
        entries = list(_changed(path, without_nulls(old), without_nulls(new)))
        if entries:
            yield from entries
            return
    if not options_in(before):
        yield PathChange(Op.ADD, path, new=_as_text(after))
    elif not options_in(after):
        yield PathChange(Op.REMOVE, path, old=_as_text(before))
    else:
        yield PathChange(Op.CHANGE, path, old=_as_text(before), new=_as_text(after))


def _as_text(settings: JsonObject) -> Any:
    joined = joined_options(settings)
    return options_in(settings) if joined is None else joined
