"""The values behind a path of a plan as text: a few of many, with the devices that get them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgeops.fleet.secrets import may_hold_secret
from edgeops.report.file_list import change_in_words, files_in_words, is_file_list
from edgeops.report.inert import one_line
from edgeops.report.path_changes import Keys, Op, is_edge_module
from edgeops.report.plan_groups import PathValues, ValueChange
from edgeops.report.words import count, show, show_change, show_each

_NAMES = 3  # devices are named, more are counted
_NAMES_LENGTH = 50
_IN_LINE = 4  # values, if they are short
_SIGNATURE = 16  # characters of one that are shown
_RARE = 20  # one in so many is rare
_LETTERS, _DIGITS = re.compile("[A-Za-z]+"), re.compile("[0-9]+")
_ANOTHER = (
    " (another value)"  # than the one before it that looks the same, as what differs is masked
)


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One value as text, before and after, for some devices; `mark` follows the new one."""

    who: str
    number: int
    old: str
    new: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class ShownValues:
    """Some of the values of a path; `more` counts the others, if there are any."""

    values: tuple[ShownValue, ...]
    different: str
    more: str


def shown_values(entry: PathValues, *, most: int, limit: int | None) -> ShownValues:
    """At most so many values of a path, each cut after `limit` characters.

    They are the most frequent ones and, as a mistake may be on one device alone, the rarest.
    """
    every, limit = entry.values, _limit(entry.path, limit)
    if len(every) == 1:
        return ShownValues(tuple(_shown(entry, every, limit)), "", "")
    kept = _some(every, most)
    devices = sum(len(v.devices) for v in every) - sum(len(v.devices) for v in kept)
    left = len(every) - len(kept)
    noun = "different change" if entry.op is Op.CHANGE else "different value"
    return ShownValues(
        tuple(_shown(entry, kept, limit)),
        count(len(every), noun),
        _more(left, devices),
    )


def in_line(shown: ShownValues, room: int) -> str:
    """The values on one line, as `60 x 14, 300 x 7`; empty if they are too many or too long."""
    if shown.more or len(shown.values) > _IN_LINE:
        return ""
    text = ", ".join(_counted(value, shown.values[0].number) for value in shown.values)
    return text if len(text) <= room else ""


def example(entry: PathValues, limit: int | None) -> str:
    """One of many new values, of which each device has its own; empty if one may be a mistake."""
    value = entry.values[0]
    if entry.op is not Op.ADD or len(entry.values) <= _IN_LINE or len(value.devices) > 1:
        return ""
    if _of_rare_form(entry.values):
        return ""
    text = show(_brief(value.new, entry.path), entry.path, _limit(entry.path, limit))
    return f"{text}, ... ({len(entry.values):,} different values)"


def who(devices: Sequence[str]) -> str:
    """A few devices by their names, more by their number."""
    names = ", ".join(devices[:_NAMES])
    if len(devices) == 1 or (len(devices) <= _NAMES and len(names) <= _NAMES_LENGTH):
        return names
    return count(len(devices), "device")


def _limit(path: Keys, limit: int | None) -> int | None:
    """How much of a value to show: of a signature the beginning, as there is nothing to read."""
    is_signature = path[:2] == ("desired", "models") and path[3:] == ("signature", "value")
    return _SIGNATURE if is_signature and limit is not None else limit


def _more(left: int, devices: int) -> str:
    if not left:
        return ""
    return f"and {left:,} more" if left == devices else f"and {left:,} more on {devices:,} devices"


def _some(values: Sequence[ValueChange], most: int) -> Sequence[ValueChange]:
    if len(values) <= most:
        return values
    if len(values[0].devices) == 1:
        odd = _of_rare_form(values)[: most - 2] or values[-1:]
        return [value for at, value in enumerate(values) if at < 2 or value in odd]
    rarest = most // 2
    return [*values[: most - rarest], *values[len(values) - rarest :]]


def _of_rare_form(values: Sequence[ValueChange]) -> Sequence[ValueChange]:
    """Values that are written in another way than nearly all others, as a number among names."""
    forms = [_form(value.new, value.old) for value in values]
    counted = Counter(forms)
    rare = [
        value
        for value, form in zip(values, forms, strict=True)
        if counted[form] * _RARE < len(values)
    ]
    return rare if len(rare) * _RARE < len(values) else ()


def _form(*values: Any) -> str:
    """A text that is the same for `"plant-01"` and `"site-2"`."""
    return _DIGITS.sub("0", _LETTERS.sub("a", json.dumps(values)))


def _shown(entry: PathValues, values: Sequence[ValueChange], limit: int | None) -> list[ShownValue]:
    if entry.op is Op.CHANGE:
        return [_changed(value, entry.path, limit) for value in values]
    added = entry.op is Op.ADD
    every = [v.new if added else v.old for v in values]
    if limit is not None and all(is_file_list(entry.path, value) for value in every):
        texts = [files_in_words(value) for value in every]
    else:
        texts = show_each([_brief(value, entry.path) for value in every], entry.path, limit)
    return [
        ShownValue(who(v.devices), len(v.devices), "" if added else text, text if added else "")
        for v, text in zip(values, texts, strict=True)
    ]


def _changed(value: ValueChange, path: Keys, limit: int | None) -> ShownValue:
    if limit is not None and is_file_list(path, value.old) and is_file_list(path, value.new):
        old, new = change_in_words(value.old, value.new)
    else:
        old, new = show_change(value.old, value.new, path, limit)
    mark = _ANOTHER if _alike(old, new) else ""
    return ShownValue(who(value.devices), len(value.devices), old, new, mark)


def _alike(old: str, new: str) -> bool:
    if old == new:
        return True
    return may_hold_secret(f"{old} {new}") and one_line(old) == one_line(new)


def _counted(value: ShownValue, most: int) -> str:
    arrow = " -> " if value.old and value.new else ""
    odd = f" ({value.who})" if value.number == 1 < most else ""
    return f"{value.old}{arrow}{value.new}{value.mark} x {value.number:,}{odd}"


def _brief(value: Any, path: Keys) -> Any:
    """The image of a module in the deployment; any other value unchanged."""
    if is_edge_module(path) and isinstance(value, dict):
        settings = value.get("settings")
        if isinstance(settings, dict) and "image" in settings:
            return settings["image"]
    return value
