"""Finding comments and issues again: their first line is a marker that GitHub does not show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from edgeops.errors import UsageError
from edgeops.github.workflow import BOT
from edgeops.jsonvalue import JsonObject


def marked(marker: str, text: str) -> str:
    """The text with its marker. Raises `UsageError` for an invalid marker."""
    return f"{_line(marker)}\n{text}"


# The line between the plans of several hubs in one comment. Text from a manifest or a hub can never
# form it: edgeops writes the beginning of every line of a plan.
_BETWEEN = "\n\n<!-- edgeops:next-plan -->\n"


def joined(plans: Iterable[str]) -> str:
    """Several plans, each for a hub, as one text."""
    return _BETWEEN.join(plans)


def parts(text: str) -> list[str]:
    """The plans of `joined`; the last one with what follows it."""
    return text.split(_BETWEEN)


def is_ours(thing: JsonObject, marker: str) -> bool:
    """Whether a comment or issue has the marker and was made by a workflow.

    Anybody can write a comment with the marker, but only a workflow as the bot.
    """
    user: Any = thing.get("user") or {}
    return user.get("login") == BOT and body_of(thing).startswith(f"{_line(marker)}\n")


def body_of(thing: JsonObject) -> str:
    """The body of a comment, issue or pull request, with the line breaks of Unix."""
    return str(thing.get("body") or "").replace("\r\n", "\n")


def _line(marker: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", marker):  # it may end with the name of a hub
        raise UsageError(
            f"{marker!r} is not a marker", "use letters, digits, _, . and -, as in fleet-plan"
        )
    return f"<!-- edgeops:{marker} -->"
