"""Numbers and booleans that are text, or that would not print as they are written.

YAML reads an unquoted 1.10 as a number, and a number has no spelling. Where it becomes text in
the end, in environment variables and in variables, a value that would print differently is kept as
text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from edgeops.fleet.model import Document, Place, Problem
from edgeops.jsonvalue import keys_of

_LEVEL = "/spec(?:/defaults|/template/spec|/hubs/[^/]+(?:/defaults)?|/devices/[0-9]+)?"
_ENV = re.compile(rf"(?:/spec|{_LEVEL}/(?:modules/[^/]+|edge/(?:agent|hub)))/env/[^/]+")
_VARIABLE = re.compile(rf"{_LEVEL}/variables/[^/]+")
_LIKELY_TEXT = re.compile(r"\+.*|0[xo].*|[-+]?0[0-9].*")

_LONG = 16  # characters from which on IoT Hub may not take a number
_SHOWN = 40  # characters of a number

# Kinds whose numbers are calculated with; another spelling of one means nothing.
_CALCULATED = ("Model", "ModelRelease", "Context")


def as_written(document: Document) -> tuple[Document, tuple[Problem, ...]]:
    """The document with the texts in place of numbers, and what is wrong with other numbers."""
    if not document.written:
        return document, ()
    texts: dict[str, str] = {}
    found: dict[Place, Problem] = {}
    for path, text in document.written.items():
        short = len(text) < _LONG
        if text.isdecimal() and text[0] != "0" and short:  # as nearly all are
            continue
        becomes_text = _ENV.fullmatch(path) or _VARIABLE.fullmatch(path)
        if becomes_text and not (short and _print_of(text) == text):
            texts[path] = text
        elif problem := _problem(document, path, text):
            found.setdefault(problem.place, problem)  # what an alias repeats has the same place
    value = _with_texts(document.value, texts) if texts else document.value
    return replace(document, value=value, written={}), tuple(found.values())


def prints_as_written(text: str) -> bool:
    """Whether nothing need be said of a number or boolean, wherever it stands."""
    return len(text) < _LONG and _print_of(text) == text


def _problem(document: Document, path: str, text: str) -> Problem | None:
    printed = _print_of(text)
    if printed in (text, "true", "false"):
        return None
    message = f"is written {text[:_SHOWN]}, but is the number {printed}"
    hint = f"put it in quotes if it is text, or write {printed}"
    if _LIKELY_TEXT.fullmatch(text) or _loses_digits(text):
        return document.problem(path, message, hint)
    if isinstance(document.value, dict) and document.value.get("kind") in _CALCULATED:
        return None
    return document.warning(path, message, hint)


def _print_of(text: str) -> str:
    """How a plain scalar that is a number or a boolean prints."""
    if text.lower() in ("true", "false"):
        return text.lower()
    if text.startswith(("0x", "0o")):
        return str(int(text, 0))
    if re.fullmatch("[-+]?[0-9]+", text):
        return str(int(text))
    value = float(text)
    if value.is_integer() and abs(value) < 10**15:
        return str(int(value))
    shortest = _exponent(repr(value))
    return text if _exponent(text) == shortest else shortest


def _exponent(text: str) -> str:
    """The number with its exponent as people write it: 1e-7, not 1E-07."""
    return re.sub("e([-+]?)0*(?=[0-9])", lambda e: "e" + e[1].strip("+"), text.lower())


def _loses_digits(text: str) -> bool:
    return "x" not in text and Decimal(text) != Decimal(repr(float(text)))


def _with_texts(value: Any, texts: dict[str, str]) -> Any:
    """The value with texts at these pointers; what aliases share with other places is copied."""
    root = {"": value}
    fresh: dict[str, Any] = {}
    for path, text in texts.items():
        keys = keys_of(path)
        holder: Any = root
        at = ""
        for key, escaped in zip(("", *keys[:-1]), path.split("/"), strict=False):
            at = f"{at}/{escaped}"
            if at not in fresh:
                fresh[at] = _copied(holder, key)
            holder = fresh[at]
        holder[keys[-1]] = text
    return root[""]


def _copied(holder: Any, key: str) -> Any:
    """A copy of a member, put in its place."""
    at = int(key) if isinstance(holder, list) else key
    holder[at] = holder[at].copy()
    return holder[at]
