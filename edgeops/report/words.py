"""Counts, lists and durations in words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence


def count(number: int, noun: str) -> str:
    """`1 device`, `1,200 devices`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: int) -> str:
    """A number of bytes as a person says it: `820 bytes`, `131 KB`, `2.4 MB`."""
    if number < 1000:
        return count(number, "byte")
    return f"{number / 1000:,.0f} KB" if number < 1_000_000 else f"{number / 1_000_000:,.1f} MB"


def duration(seconds: float) -> str:
    """A duration as a person says it: `less than a second`, `12 s`, `4 min`, `1 h 10 min`."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def about(seconds: float) -> str:
    """A duration that is an estimate: `less than a second`, `about 12 s`."""
    return duration(seconds) if seconds < 1 else f"about {duration(seconds)}"


def short_commit(commit: str | None) -> str:
    """`1a2b3c4`, or "the working tree" where there is no commit."""
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
