"""Why onnxruntime does not take a model, in one short line. Pure.

Its own messages hold paths of this machine, and names that whoever made the
model chose: what helps is kept of these, printable and short.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

_MOST = 200  # characters of a reason
_MOST_OF_A_NAME = 60


def onnx_reason(message: str) -> str:
    """The reason in a message of onnxruntime: at most 200 printable characters, no folders."""
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    for pattern, reason in _REASONS:
        if found := pattern.search(line):
            return _cut(reason(found), _MOST)
    return _cut(_without_places(line), _MOST) or "it does not say why"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _name(text: str) -> str:
    return _cut(text, _MOST_OF_A_NAME)


def _operator(name: str, domain: str | None = None) -> str:
    of = f" of the domain {_name(domain)}" if domain else ""
    return f"the operator {_name(name)}{of}"


def _missing(found: re.Match[str]) -> str:
    file = PurePosixPath(found[1].replace("\\", "/")).name
    return f"it keeps weights in a second file, {_name(file)}, which is missing"


_NODE = r'In Node, \("[^"]*", ([^",]+), "([^"]*)",.*? Error '

_REASONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (
            r"Unsupported model IR version: (\d+), max supported IR version: (\d+)",
            lambda found: f"its IR version is {found[1]}, the newest known here is {found[2]}",
        ),
        (
            r"Opset (\d+) is under development.* for domain (\S+) is till opset (\d+)",
            lambda found: (
                f"its opset of {_name(found[2])} is {found[1]}, the newest known here is {found[3]}"
            ),
        ),
        (
            _NODE + r"No Op registered for .* with domain_version of (\d+)",
            lambda found: f"{_operator(found[1], found[2])} is not known in opset {found[3]}",
        ),
        (
            _NODE + "No opset import for domain",
            lambda found: (
                f"{_operator(found[1], found[2])} is not known: no opset of it is imported"
            ),
        ),
        (
            r"(?:([^\s:]+):)?([^\s:]+)\(-?\d+\) is not a registered function/op",
            lambda found: f"{_operator(found[2], found[1])} is not known here",
        ),
        (
            r"Could not find an implementation for ([^\s(]+)\((\d+)\)",
            lambda found: (
                f"{_operator(found[1])} of opset {found[2]} cannot run here on its types of values"
            ),
        ),
        (r'External data path does not exist: "([^"]*)"', _missing),
        (r"No such file or directory \[([^\]]*)\]", _missing),  # onnxruntime 1.20
        (
            "External data path.* escapes",
            lambda _: "it keeps weights in a second file outside of its folder",
        ),
        (
            r"External initializer: (.*?) offset: .* out of bounds",
            lambda found: f"the second file with its weights is too short for {_name(found[1])}",
        ),
        ("[Pp]rotobuf parsing failed", lambda _: "it is not an ONNX file, or not a whole one"),
        ("No graph was found", lambda _: "it is not an ONNX file with a graph"),
        (
            "bad_alloc|bad allocation|Failed to allocate memory",
            lambda _: "there is not enough memory for it",
        ),
    )
)

_PLACES = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"^\[ONNXRuntimeError\] : \d+ : \w+ : ?", ""),
        (r"^Load model from .*? failed: ?", ""),
        (r"\S*\.(?:cc|h):\d+ (?:\S+ \S+\(.*?\) (?=\S)|\w+ )?", ""),  # with a function
        (r"([\"'])[^\"']*[/\\]([^\"'/\\]*)\1", r"\1\2\1"),
        (r"[^\s\"'(\[]*[/\\]([^\s\"'/\\]*)", r"\1"),
    )
)


def _without_places(line: str) -> str:
    """The message without the code of its kind, source files and folders."""
    for pattern, instead in _PLACES:
        line = pattern.sub(instead, line)
    return line.strip()
