"""What GitHub's own Markdown parser (cmark-gfm) makes of a text, and whether anything got out."""

from __future__ import annotations

from collections.abc import Collection
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

_OURS = {
    "h3", "p", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "details", "summary",
    "b", "strong", "blockquote", "ul", "li", "br",
}  # fmt: skip
_ATTRIBUTES = {"open", "align", "lang"}


def html_of(markdown: str) -> str:
    """The HTML that GitHub begins with; raw HTML stays in it."""
    options = Options.CMARK_OPT_UNSAFE
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown, options=options))


def escapes(markdown: str, links: Collection[str] = (), images: Collection[str] = ()) -> list[str]:
    """What is in the HTML of a text that only foreign text can have brought there."""
    seen = _Seen(links, images)
    seen.feed(html_of(markdown))
    seen.close()
    if seen.folded:
        seen.bad.append(f"{seen.folded} <details> not closed")
    return seen.bad


class _Seen(HTMLParser):
    def __init__(self, links: Collection[str], images: Collection[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []
        self.folded = 0
        self._code = 0
        self._allowed = {"a": ("href", set(links)), "img": ("src", set(images))}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in self._allowed:
            name, urls = self._allowed[tag]
            if given.get(name) not in urls:
                self.bad.append(f"<{tag}> of {given}")
        elif tag not in _OURS or set(given) - _ATTRIBUTES:
            self.bad.append(f"<{tag}> with {given}")
        self._code += tag in {"code", "pre"}
        self.folded += tag == "details"

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in {"code", "pre"}
        self.folded -= tag == "details"
        if self.folded < 0:
            self.bad.append("<details> closed too often")

    def handle_data(self, data: str) -> None:
        if not self._code and ("@" in data):
            self.bad.append(f"text outside of code: {data[:80]!r}")

    def handle_comment(self, data: str) -> None:
        self.bad.append(f"comment {data[:80]!r}")
