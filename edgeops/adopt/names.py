"""Names that manifests take, made from texts that they may not take."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_LONGEST = 63  # characters of a label's value, and one less than of a name


def slug(text: str, longest: int = _LONGEST) -> str:
    """The text with `-` in place of what names do not take; may be empty."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-._")[:longest].rstrip("-._")


def is_name(text: str) -> bool:
    """Whether a manifest can have this name."""
    return bool(_NAME.match(text))


class Names:
    """Gives names that are different from each other, also where case does not count."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}

    def new(self, text: str, otherwise: str = "unnamed") -> str:
        """The text as a name, as it is if it can be, with a number if it is taken."""
        base = text if _NAME.match(text) else slug(text) or otherwise
        name, number = base, 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{base[: _LONGEST - 8]}-{number}"
        self._taken.add(name.casefold())
        return name

    def below(self, folder: str, text: str) -> str:
        """The path of a text as a name in a folder; other folders may have the same name."""
        own = Names(t.rpartition("/")[2] for t in self._taken if t.rpartition("/")[0] == folder)
        path = f"{folder}/{own.new(text)}"
        self._taken.add(path.casefold())
        return path


def label_values(texts: Iterable[str]) -> dict[str, str]:
    """The value of a label for each text: the text itself, if it can be one."""
    names = Names()
    return {text: names.new(text) for text in sorted(set(texts), key=lambda t: (slug(t) != t, t))}
