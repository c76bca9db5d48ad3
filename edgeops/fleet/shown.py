r"""Text and values in a form that is safe to show in messages.

A character is shown as an escape (`\u202e`) if it could control a terminal or deceive a reviewer:
control and format characters, spaces other than the plain one, invisible characters, lone
surrogates, and characters unknown to this Python's Unicode. Joiners are kept between characters of
emoji and of Arabic and Indic scripts.
"""

from __future__ import annotations

import json
import re
from typing import Any

from edgeops.fleet.secrets import mask, masked

_LONGEST = 60

_ODD = re.compile("[^ -~]")
# Printable to Python, but invisible: fillers, variation selectors, blanks.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d159\U000e0100-\U000e01ef]"
)
_EMOJI = "\u2190-\u21ff\u2300-\u2bff\U0001f000-\U0001faff"
_JOINING = "\u0600-\u109f\u1780-\u18af"  # Arabic to Myanmar, Khmer, Mongolian
_JOINER = re.compile(
    f"(?<=[{_EMOJI}])[\ufe0e\ufe0f]"
    f"|(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])"
    f"|(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def shown(value: Any) -> str:
    """A value in one short line, secrets masked."""
    text = mask(value if isinstance(value, str) else json.dumps(masked(value), ensure_ascii=False))
    return printable(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")


def printable(text: str) -> str:
    """The text on one line, with hidden characters as escapes."""
    return text if text.isascii() and text.isprintable() else _ODD.sub(_shown, text)


def is_hidden(text: str, index: int) -> bool:
    """Whether the character at an index of a text, or its effect, is invisible."""
    character = text[index]
    if character.isprintable() and not _INVISIBLE.match(character):
        return False
    return not _JOINER.match(text, index)


def escape(character: str) -> str:
    """A character as Python and YAML write it."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _shown(odd: re.Match[str]) -> str:
    if not is_hidden(odd.string, odd.start()):
        return odd[0]
    return _NAMED.get(odd[0]) or escape(odd[0])
