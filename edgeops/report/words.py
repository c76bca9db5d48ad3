"""Counts, lists, durations, twin values and paths as short, safe text."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from edgeops.fleet.secrets import MASKED, masked
from edgeops.fleet.shown import printable
from edgeops.fleet.value_path import show_path as show_path
from edgeops.secret_reference import in_words, is_secret


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


def short_commit(commit: str | None) -> str:
    """`1a2b3c4`, or "the working tree" without a commit."""
    return commit[:7] if commit else "the working tree"


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
    safe = _safe(value, path)
    return _window(_text(safe, quoted=_in_single_quotes(safe)), 0, limit)


def show_change(
    old: Any, new: Any, path: Sequence[str | int] = (), limit: int | None = None
) -> tuple[str, str]:
    """Two values like `show`, which never look alike: long ones are cut around their difference."""
    safe_old, safe_new = _safe(old, path), _safe(new, path)
    quoted = _in_single_quotes(safe_old) and _in_single_quotes(safe_new)
    one, other = _text(safe_old, quoted=quoted), _text(safe_new, quoted=quoted)
    if one == other:  # only what is masked differs
        return _window(one, 0, limit), f"{_window(other, 0, limit)} (another value)"
    start = 0
    if limit is not None and max(len(one), len(other)) > limit:
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
        start = max(0, sum(1 for _ in alike) - limit // 3)
    return _window(one, start, limit), _window(other, start, limit)


def _safe(value: Any, path: Sequence[str | int]) -> Any:
    return masked(value, [key for key in path if isinstance(key, str)])


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
