"""Fragments of HTML. Text is made inert and escaped here, and only here."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator, Mapping

from edgeops.report.inert import one_line
from edgeops.report.page_style import STYLE
from edgeops.report.score_tables import ScoreTable

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page without scripts or external references; ends with a newline."""
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            element("title", title),
            f"<style>{STYLE}</style>\n</head>\n<body>",
            *filter(None, parts),
            "</body>\n</html>\n",
        )
    )


def escaped(text: str) -> str:
    """Any text, escaped so that it cannot become HTML."""
    return html.escape(one_line(text))


def element(name: str, text: str, kind: str = "") -> str:
    """An element around text; `kind` is its class."""
    return f"<{name}{_class(kind)}>{escaped(text)}</{name}>"


def section(title: str, parts: Iterable[str]) -> str:
    """A heading and its content; empty without content."""
    inner = "\n".join(filter(None, parts))
    return f"<section>\n{element('h2', title)}\n{inner}\n</section>" if inner else ""


def paragraphs(text: str) -> str:
    """Free text as paragraphs, which end at an empty line."""
    blocks = (" ".join(block.split()) for block in text.split("\n\n"))
    return "\n".join(element("p", block) for block in blocks if block)


def listed(texts: Iterable[str]) -> str:
    """A list of texts."""
    items = "\n".join(element("li", text) for text in texts)
    return f"<ul>\n{items}\n</ul>" if items else ""


def facts(pairs: Iterable[tuple[str, str]], kind: str = "") -> str:
    """Names and their texts; pairs without a text are left out."""
    rows = "\n".join(
        f"<div>{element('dt', name)}{element('dd', text)}</div>" for name, text in pairs if text
    )
    return f"<dl{_class(kind)}>\n{rows}\n</dl>" if rows else ""


def table(
    shown: ScoreTable,
    marked: str = "",
    kinds: Mapping[str, str] | None = None,
    caption: str = "",
) -> str:
    """A table in its own scrolling area.

    The row whose first cell is `marked` is highlighted; `kinds` maps the text
    of a cell to its class.
    """
    if not shown.rows:
        return ""
    lines = ['<div class="scroll"><table>']
    lines += [element("caption", caption)] if caption else []
    lines.append("<thead><tr>")
    lines += [_heading(*pair) for pair in _aligned(shown.headings, shown.align)]
    lines.append("</tr></thead>\n<tbody>")
    for cells in shown.rows:
        row = "".join(
            element("td", cell, (kinds or {}).get(cell, kind))
            for cell, kind in _aligned(cells, shown.align)
        )
        lines.append(f"<tr{_class('marked' if marked and cells[0] == marked else '')}>{row}</tr>")
    return "\n".join([*lines, "</tbody></table></div>"])


def folded(title: str, inner: str) -> str:
    """Content that is shown on demand; empty without content."""
    if not inner:
        return ""
    return f"<details>\n{element('summary', title)}\n{inner}\n</details>"


def picture(png: bytes, title: str, caption: str) -> str:
    """An embedded image with its caption."""
    data = base64.b64encode(png).decode()
    return (
        f'<figure>\n<img alt="{escaped(title)}" src="data:image/png;base64,{data}">\n'
        f"<figcaption><b>{escaped(title)}.</b> {escaped(caption)}</figcaption>\n</figure>"
    )


def _heading(text: str, kind: str) -> str:
    return f'<th scope="col"{_class(kind)}>{escaped(text)}</th>'


def _aligned(cells: tuple[str, ...], align: str) -> Iterator[tuple[str, str]]:
    return zip(cells, ("number" if letter == "r" else "" for letter in align), strict=True)


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
