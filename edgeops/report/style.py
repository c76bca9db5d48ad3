"""Lines of styled text, and their rendering: with ANSI colours on a terminal, plain elsewhere.

Plain and coloured output have the same characters, so a pipe loses nothing.
(Importing rich takes 40 ms, so only the progress bar uses it.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgeops.report.inert import one_line, without_command
from edgeops.report.words import wrapped_names

WIDTH = 110  # of a table that fits its last column (a fixed width: pipes have none)

_NAMES = 24  # listed for one reason
_NARROWEST = 20  # of the last column of such a table


class Style(StrEnum):
    """ANSI SGR codes."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line."""

    text: str
    style: Style = Style.PLAIN


Line = Sequence[Span | str]


def bold(text: str) -> Span:
    """For headings and device names."""
    return Span(text, Style.BOLD)


def dim(text: str) -> Span:
    """For details to look up."""
    return Span(text, Style.DIM)


def red(text: str) -> Span:
    """For what is removed or went wrong."""
    return Span(text, Style.RED)


def green(text: str) -> Span:
    """For what is new or went well."""
    return Span(text, Style.GREEN)


def yellow(text: str) -> Span:
    """For what changes or needs attention."""
    return Span(text, Style.YELLOW)


def cyan(text: str) -> Span:
    """For places to jump to."""
    return Span(text, Style.CYAN)


def devices_with_reason(
    title: Span, devices: Sequence[str], reason: str, hint: str, shown: int | None = _NAMES
) -> Iterator[Line]:
    """A title with the one device or the number of devices, their reason, names and hint.

    So many names are `shown`; None: all.
    """
    what = devices[0] if len(devices) == 1 else f"{len(devices):,} devices"
    yield [title, bold(what), f": {reason}" if reason else ""]
    if len(devices) > 1:
        yield from ([names] for names in wrapped_names(devices, "    ", shown))
    if hint:
        yield ["    ", dim(f"hint: {hint}")]


def render(lines: Iterable[Line], color: bool) -> str:
    """The lines as one inert text, without a newline at its end."""
    texts = ("".join(_piece(piece, color) for piece in line).rstrip() for line in lines)
    return "\n".join(without_command(text, begins=True) for text in texts)


def _piece(piece: Span | str, color: bool) -> str:
    text = _text(piece)
    style = piece.style if isinstance(piece, Span) else Style.PLAIN
    return f"\x1b[{style}m{text}\x1b[0m" if color and style and text else text


def columns(rows: Sequence[Line], *, gap: int = 3, widest: int = 72) -> list[Line]:
    """The rows with their cells (one piece each) aligned to the left.

    The last cell of a row is not padded, and a cell longer than `widest` moves
    only its own row.
    """
    widths: dict[int, int] = {}
    for row in rows:
        for index, cell in enumerate(row[:-1]):
            length = len(_text(cell))
            if length <= widest:
                widths[index] = max(length, widths.get(index, 0))
    return [
        [piece for i, cell in enumerate(row[:-1]) for piece in (cell, _space(cell, i, widths, gap))]
        + list(row[-1:])
        for row in rows
    ]


def fitted(rows: Sequence[Line], *, width: int = WIDTH) -> list[Line]:
    """The rows as `columns` aligns them, their last cells cut so that they fit into a width."""
    lines: list[Line] = []
    for *aligned, last in columns(rows):
        room = max(_NARROWEST, width - sum(len(_text(piece)) for piece in aligned))
        lines.append([*aligned, cut(last, room)])
    return lines


def cut(piece: Span | str, length: int) -> Span | str:
    """The piece with a text of at most this length, which ends with `…` if it was longer."""
    text = _text(piece)
    if len(text) <= length:
        return piece
    text = f"{text[: length - 1]}…"
    return Span(text, piece.style) if isinstance(piece, Span) else text


def _space(cell: Span | str, index: int, widths: dict[int, int], gap: int) -> str:
    return " " * (max(0, widths.get(index, 0) - len(_text(cell))) + gap)


def _text(cell: Span | str) -> str:
    return one_line(cell.text if isinstance(cell, Span) else cell)
