"""Foreign text in GitHub Markdown, so that it stays text.

Nothing that comes from a manifest or a hub may end a code span, a fence or a
table cell, become HTML, or mention (and so notify) anybody. GitHub makes no
mentions inside code.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from enum import IntEnum

from edgeops.report.style import printable

# What GitHub takes in a comment body, in characters.
COMMENT_LIMIT = 65_536

_BACKTICKS = re.compile("`+")


class Room(IntEnum):
    """How many bytes of UTF-8 a text may have; leaves something for what is put around it.

    GitHub takes comments of 65,536 characters, of which there are at most as
    many as bytes, and 1 MiB from each step of a job for its summary.
    """

    COMMENT = COMMENT_LIMIT - 1_000
    SUMMARY = 1_000_000


def code(text: str, limit: int = 200) -> str:
    """A code span that holds any text; cut after `limit` characters."""
    inner = _one_line(text, limit) or " "
    fence = "`" * (max(map(len, _BACKTICKS.findall(inner)), default=0) + 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def html_code(text: str, limit: int = 200) -> str:
    """The same inside HTML, as in `<summary>`."""
    return f"<code>{html.escape(_one_line(text, limit))}</code>"


def _one_line(text: str, limit: int) -> str:
    shown = printable(text)
    return shown if len(shown) <= limit else f"{shown[:limit]}…"


def diff_fence(lines: list[str]) -> str:
    """A fenced diff. Every line begins with `+`, `-`, `@` or `#`: none can close the fence."""
    assert all(line[:1] in {"+", "-", "@", "#"} for line in lines)
    return "\n".join(["```diff", *map(printable, lines), "```"])


def first_fitting(texts: Iterable[str], room: Room = Room.COMMENT) -> str:
    """The first of ever shorter texts that fits; the last one must."""
    for text in texts:  # made one by one, as they are needed
        if fits(text, room):
            return text
    raise AssertionError(f"the shortest text is longer than {room:,} bytes")


def fits(text: str, room: Room) -> bool:
    """Whether there is room for a text."""
    return len(text) < room and len(text.encode(errors="surrogatepass")) < room
