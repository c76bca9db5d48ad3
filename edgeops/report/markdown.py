"""Foreign text made inert in GitHub Markdown.

Text from a manifest or a hub must never end a code span, a fence or a table
cell, become HTML, or mention (and so notify) anybody. GitHub makes no mentions
inside code.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from urllib.parse import quote

from edgeops.report.inert import one_line
from edgeops.report.style import Line, render
from edgeops.report.words import first_names

# The longest comment body that GitHub accepts, in characters.
COMMENT_LIMIT = 65_536

_BACKTICKS = re.compile("`+")
# cmark-gfm does not treat 80 or more backticks as a code delimiter (MAXBACKTICKS in inlines.c).
_MANY_BACKTICKS = re.compile("`{20,}")

# Text that Markdown shows unchanged: it cannot form emphasis, links, mentions, emoji or cells ...
_HARMLESS = re.compile(
    r"(?:[A-Za-z0-9 ,;%()+–-]|\.(?=[\d\s]|\Z)|:(?=\s|\Z)|(?<=\d\d):(?=\d\d(?!\d)))*"
)
# ... but GitHub turns these into links to issues and commits.
_REFERENCE = re.compile(r"\bGH-\d|\b[0-9a-f]{7,40}\b", re.IGNORECASE)
_LIVE_IN_HTML = re.compile(r"[@#$]|\bGH-\d|:[\w+-]+:|://|\bwww\.", re.IGNORECASE)
_OUR_REFERENCE = re.compile(r"(?<= )#\d+")

_TITLE = 200  # GitHub accepts 256 characters
# Not allowed in titles: Markdown, mentions, references, links, and commands such as `[skip ci]`.
_NOT_IN_TITLES = re.compile(r"[^\w .,:;+()/'=%@-]|(?<!\w)@|(?<=:)//|(?<=\bGH)-(?=\d)")
_URL = re.compile(r"https?://[A-Za-z0-9.:/_~%?&=#-]+")


class Room(IntEnum):
    """The longest text in bytes of UTF-8, with a reserve for what is added around it.

    GitHub accepts comments of 65,536 characters (never more than the bytes) and
    1 MiB of summary from each step of a job.
    """

    COMMENT = COMMENT_LIMIT - 1_000
    SUMMARY = 1_000_000


def code(text: str, limit: int = 200) -> str:
    """Any text as a code span; secrets masked, cut after `limit` characters."""
    inner = _MANY_BACKTICKS.sub(lambda run: f"({len(run[0])} backticks)", one_line(text, limit))
    fence = "`" * (max(map(len, _BACKTICKS.findall(inner)), default=0) + 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner or ' '}{pad}{fence}"


def cell(text: str, limit: int = 200) -> str:
    """Any text as a code span in a table cell, where a `|` needs an escape even inside code."""
    return code(text, limit).replace("|", r"\|")


def plain(text: str, limit: int = 200, *, references: bool = False) -> str:
    """Text unchanged where it has no meaning in Markdown, else as code.

    With `references`, the text may hold a `#7` that edgeops wrote.
    """
    words = _OUR_REFERENCE.sub("", text) if references else text
    harmless = len(text) <= limit and _HARMLESS.fullmatch(words) and not _REFERENCE.search(words)
    return text if harmless and one_line(text) == text else cell(text, limit)


def code_list(names: Sequence[str], shown: int) -> str:
    """The first names as code, and `and 12 more` for the others."""
    first, more = first_names(names, shown)
    return ", ".join([*map(code, first), *([more] if more else [])])


def hint_in_code(hint: str, limit: int = 200) -> str:
    """` (hint: ...)` to follow a message; empty without a hint."""
    return f" (hint: {code(hint, limit)})" if hint else ""


def html_code(text: str, limit: int = 200) -> str:
    """Code inside a block of HTML, as in `<summary>`."""
    return f"<code>{html.escape(one_line(text, limit))}</code>"


def html_plain(text: str, limit: int = 200) -> str:
    """Text inside a block of HTML, as code only where GitHub would interpret it."""
    shown = one_line(text, limit)
    return html_code(text, limit) if _LIVE_IN_HTML.search(shown) else html.escape(shown)


def title(text: str) -> str:
    """Text as the title of an issue or pull request, or the subject of a commit: no Markdown."""
    return _NOT_IN_TITLES.sub("_", one_line(text, _TITLE))


def link(text: str, url: str) -> str:
    """A link, or the text and the URL as code where the URL has unusual characters."""
    return f"[{code(text)}]({url})" if _URL.fullmatch(url) else f"{code(text)} {code(url)}"


def image(name: str, url: str) -> str:
    """An image; the path of its URL may contain any characters."""
    place = quote(url, safe="/:", errors="replace")
    return f"![{_NOT_IN_TITLES.sub('_', one_line(name, _TITLE))}]({place})"


def diff_fence(lines: Iterable[str | Line]) -> str:
    """A fenced diff. Every line begins with `+`, `-`, `@` or `#`, so none can close the fence."""
    shown = [render([[line] if isinstance(line, str) else line], color=False) for line in lines]
    assert all(line[:1] in {"+", "-", "@", "#"} for line in shown)
    return "\n".join(["```diff", *shown, "```"])


def first_fitting(texts: Iterable[str], room: Room = Room.COMMENT) -> str:
    """The first text that fits, from texts ordered by decreasing length; the last must fit."""
    for text in texts:  # made lazily
        if fits(text, room):
            return text
    raise AssertionError(f"the shortest text is longer than {room:,} bytes")


def fits(text: str, room: Room) -> bool:
    """Whether a text fits."""
    return len(text) < room and len(text.encode(errors="surrogatepass")) < room
