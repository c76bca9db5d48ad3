"""Counts, lists, durations, twin values and paths as short, safe text."""

from __future__ import annotations

import json
import textwrap
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any

from edgeops.fleet.secrets import MASKED, mask, masked, may_hold_secret
from edgeops.fleet.shown import escape, printable
from edgeops.fleet.value_path import show_path as show_path
from edgeops.secret_reference import in_words, is_secret

_DAY = 24


def count(number: int, noun: str) -> str:
    """`1 device`, `1,200 devices`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: int) -> str:
    """A number of bytes, rounded: `820 bytes`, `131 KB`, `2.4 MB`."""
    if number < 1000:
        return count(number, "byte")
    return f"{number / 1000:,.0f} KB" if number < 1_000_000 else f"{number / 1_000_000:,.1f} MB"


def duration(seconds: float) -> str:
    """A duration, rounded: `less than a second`, `12 s`, `4 min`, `1 h 10 min`."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def hours_in_words(hours: Sequence[int]) -> str:
    """`11:00 to 14:00`, `07:00 to 09:00 and 22:00 to 02:00`; a run may go over midnight."""
    given = sorted(set(hours))
    if len(given) == _DAY:
        return "00:00 to 24:00"
    runs = []
    for first in (hour for hour in given if (hour - 1) % _DAY not in given):
        end = first
        while end % _DAY in given:
            end += 1
        runs.append(f"{first:02}:00 to {end if end == _DAY else end % _DAY:02}:00")
    return " and ".join([", ".join(runs[:-1]), runs[-1]] if len(runs) > 1 else runs)


def first_names(names: Sequence[str], shown: int | None) -> tuple[list[str], str]:
    """The first names, and `and 12 more` for the others (never for a single one)."""
    if shown is None or len(names) <= shown + 1:
        return list(names), ""
    return list(names[:shown]), f"and {len(names) - shown:,} more"


def wrapped_names(names: Sequence[str], indent: str, shown: int | None) -> list[str]:
    """Names as indented lines of at most 96 characters (a fixed width: pipes have none)."""
    first, more = first_names(names, shown)
    text = ", ".join(first) + (f", {more}" if more else "")
    return textwrap.wrap(
        text,
        width=96,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def show(value: Any, path: Sequence[str | int] = (), limit: int | None = None) -> str:
    """One value on one line: JSON, secrets masked, cut after `limit` characters.

    A string that holds JSON, such as `createOptions`, gets single quotes, as in
    '{"HostConfig": 1}', so that no quote needs a backslash. A reference to a secret is shown as
    `secret EDGEOPS_SECRET_ACR (version 3)`.
    """
    return _window(_texts([value], path)[0], 0, limit)


def show_each(values: Sequence[Any], path: Sequence[str | int], limit: int | None) -> list[str]:
    """Values like `show`; if they are too long, cut around the first difference between them."""
    return _windows(_texts(values, path), limit)


def show_change(
    old: Any, new: Any, path: Sequence[str | int] = (), limit: int | None = None
) -> tuple[str, str]:
    """Two values like `show_each`, which look alike only if what differs is masked.

    Where they differ in characters outside ASCII that a reader could take for each other, such as
    Cyrillic and Latin letters, these are shown as escapes.
    """
    one, other = _texts([old, new], path)
    if _confusable(one, other):
        one, other = _ascii(one), _ascii(other)
    one, other = _windows([one, other], limit)
    return one, other


def _windows(texts: list[str], limit: int | None) -> list[str]:
    start = 0
    if limit is not None and max(map(len, texts)) > limit and len(set(texts)) > 1:
        alike = takewhile(lambda each: len(set(each)) == 1, zip(*texts, strict=False))
        start = max(0, sum(1 for _ in alike) - limit // 3)
    return [_window(text, start, limit) for text in texts]


def _confusable(one: str, other: str) -> bool:
    """Whether two texts differ only in characters of which one of each pair is not ASCII."""
    if one == other or (one.isascii() and other.isascii()):
        return False
    if unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other):
        return True
    return len(one) == len(other) and all(
        a == b or not (a + b).isascii() for a, b in zip(one, other, strict=True)
    )


def _ascii(text: str) -> str:
    return "".join(character if character.isascii() else escape(character) for character in text)


def _texts(values: Sequence[Any], path: Sequence[str | int]) -> list[str]:
    keys = [key for key in path if isinstance(key, str)]
    safe = [masked(value, keys) for value in values]
    quoted = all(map(_in_single_quotes, safe))
    texts = [_text(value, quoted=quoted) for value in safe]
    before = _hint(tuple(path))
    return [_masked_after(before, text) for text in texts] if before else texts


@lru_cache(maxsize=1_000)
def _hint(path: tuple[str | int, ...]) -> str:
    """What is shown before a value, if it may make a secret of the value."""
    before = f"{show_path(path)}: "
    return before if may_hold_secret(before) else ""


def _masked_after(before: str, text: str) -> str:
    line, start = mask(before + text), mask(before)
    return line.removeprefix(start) if line.startswith(start) else MASKED


def _in_single_quotes(safe: Any) -> bool:
    return isinstance(safe, str) and '"' in safe and "'" not in safe and "\\" not in safe


def _text(safe: Any, *, quoted: bool) -> str:
    if is_secret(safe):
        return str(in_words(safe))
    if safe == MASKED:
        return MASKED
    if quoted:
        return f"'{printable(safe)}'"
    return printable(json.dumps(in_words(safe), ensure_ascii=False))


def _window(text: str, start: int, limit: int | None) -> str:
    """The part of a text from `start`, cut after `limit` characters."""
    if limit is None or len(text) <= limit:
        return text
    end = "" if len(text) <= start + limit else "…"
    return f"{'…' * bool(start)}{text[start : start + limit]}{end} ({len(text):,} chars)"
