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
from urllib.parse import quote

from edgeops.report.inert import one_line

# What GitHub takes in a comment body, in characters.
COMMENT_LIMIT = 65_536

_BACKTICKS = re.compile("`+")
# cmark-gfm takes 80 backticks and more for no delimiter of code (MAXBACKTICKS in its inlines.c).
_MANY_BACKTICKS = re.compile("`{20,}")

# What Markdown takes as it is: no emphasis, links, mentions, emoji or cells can be made of it ...
_HARMLESS = re.compile(
    r"(?:[A-Za-z0-9 ,;%()+–-]|\.(?=[\d\s]|\Z)|:(?=\s|\Z)|(?<=\d\d):(?=\d\d(?!\d)))*"
)
# ... but of these GitHub makes links to issues and commits.
_REFERENCE = re.compile(r"\bGH-\d|\b[0-9a-f]{7,40}\b", re.IGNORECASE)
_LIVE_IN_HTML = re.compile(r"[@#$]|\bGH-\d|:[\w+-]+:|://|\bwww\.", re.IGNORECASE)
_OUR_REFERENCE = re.compile(r"(?<= )#\d+")

_TITLE = 200  # GitHub takes 256 characters
# Not in titles: what is Markdown, mentions, references, links, or an order as `[skip ci]` is.
_NOT_IN_TITLES = re.compile(r"[^\w .,:;+()/'=%@-]|(?<!\w)@|(?<=:)//|(?<=\bGH)-(?=\d)")
_URL = re.compile(r"https?://[A-Za-z0-9.:/_~%?&=#-]+")


class Room(IntEnum):
    """How many bytes of UTF-8 a text may have; leaves something for what is put around it.

    GitHub takes comments of 65,536 characters, of which there are at most as
    many as bytes, and 1 MiB from each step of a job for its summary.
    """

    COMMENT = COMMENT_LIMIT - 1_000
    SUMMARY = 1_000_000


def code(text: str, limit: int = 200) -> str:
    """A code span that holds any text, secrets masked; cut after `limit` characters."""
    inner = _MANY_BACKTICKS.sub(lambda run: f"({len(run[0])} backticks)", one_line(text, limit))
    fence = "`" * (max(map(len, _BACKTICKS.findall(inner)), default=0) + 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner or ' '}{pad}{fence}"


def cell(text: str, limit: int = 200) -> str:
    """The same as a cell of a table, whose end no code span would hide."""
    return code(text, limit).replace("|", r"\|")


def plain(text: str, limit: int = 200, *, references: bool = False) -> str:
    """Text as it is where Markdown makes nothing of it, else as code.

    With `references`, a `#7` of ours may be in it.
    """
    words = _OUR_REFERENCE.sub("", text) if references else text
    harmless = len(text) <= limit and _HARMLESS.fullmatch(words) and not _REFERENCE.search(words)
    return text if harmless and one_line(text) == text else cell(text, limit)


def html_code(text: str, limit: int = 200) -> str:
    """Code inside a block of HTML, as in `<summary>`."""
    return f"<code>{html.escape(one_line(text, limit))}</code>"


def html_plain(text: str, limit: int = 200) -> str:
    """Text inside a block of HTML, as code only where GitHub would make something of it."""
    shown = one_line(text, limit)
    return html_code(text, limit) if _LIVE_IN_HTML.search(shown) else html.escape(shown)


def title(text: str) -> str:
    """The title of an issue or pull request, or the subject of a commit: words, no Markdown."""
    return _NOT_IN_TITLES.sub("_", one_line(text, _TITLE))


def link(text: str, url: str) -> str:
    """A link; text alone where the URL is not a plain one."""
    return f"[{code(text)}]({url})" if _URL.fullmatch(url) else f"{code(text)} {code(url)}"


def image(name: str, url: str) -> str:
    """A picture, whose URL may have any characters in its path."""
    place = quote(url, safe="/:", errors="replace")
    return f"![{_NOT_IN_TITLES.sub('_', one_line(name, _TITLE))}]({place})"


def diff_fence(lines: list[str]) -> str:
    """A fenced diff. Every line begins with `+`, `-`, `@` or `#`: none can close the fence."""
    assert all(line[:1] in {"+", "-", "@", "#"} for line in lines)
    return "\n".join(["```diff", *map(one_line, lines), "```"])


def first_fitting(texts: Iterable[str], room: Room = Room.COMMENT) -> str:
    """The first of ever shorter texts that fits; the last one must."""
    for text in texts:  # made one by one, as they are needed
        if fits(text, room):
            return text
    raise AssertionError(f"the shortest text is longer than {room:,} bytes")


def fits(text: str, room: Room) -> bool:
    """Whether there is room for a text."""
    return len(text) < room and len(text.encode(errors="surrogatepass")) < room
