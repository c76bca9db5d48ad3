"""Gives every secret that was found the name of an environment variable."""

from __future__ import annotations

import json
import re
from typing import Any

from edgeops.adopt.found import Placeholder
from edgeops.fleet.check_secrets import literal_secrets
from edgeops.fleet.secret_names import says_password
from edgeops.fleet.secrets import find_secret, mask, names_a_secret
from edgeops.jsonvalue import JsonObject
from edgeops.secret_reference import PREFIX, Secret, reference

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LONGEST = 60

# Keys whose value says where a secret is, rather than the secret.
_PLACE = re.compile(
    r"(?:_(?i:file|path|dir|url|uri|name|id)|(?<=[a-z])(?:File|Path|Dir|Url|Uri|Name|Id))\Z"
)


class SecretNames:
    """The variables of secrets: equal secrets share one; `found` maps each to where it was first.

    `placeholders` are the variables of the files that were read; those that are secrets stay
    secrets under their own name.
    """

    def __init__(self, placeholders: dict[str, Placeholder]) -> None:
        self.found: dict[str, tuple[str, ...]] = {}
        self._placeholders = placeholders
        self._names: dict[str, str] = {}

    def is_secret(self, text: str, at: tuple[str, ...]) -> bool:
        """Whether a text at a path must not stand in git."""
        if any(self._is_secret_variable(name) for name in _VARIABLE.findall(text)):
            return True
        return _looks_secret(text, at)

    def reference(self, text: str, at: tuple[str, ...]) -> JsonObject:
        """The reference to write in place of a secret."""
        if text not in self._names:
            self._names[text] = self._new_name(text, at)
            self.found[self._names[text]] = at
        return reference(Secret(self._names[text], 1))

    def _new_name(self, text: str, at: tuple[str, ...]) -> str:
        whole = _VARIABLE.fullmatch(text)
        words = [whole[1]] if whole else [key for key in at if key not in _SILENT]
        slug = re.sub(r"[^A-Z0-9]+", "_", "_".join(words[-2:]).upper()).strip("_") or "VALUE"
        name = base = PREFIX + slug[:_LONGEST]
        number = 1
        while name in self.found:
            number += 1
            name = f"{base}_{number}"
        return name

    def _is_secret_variable(self, name: str) -> bool:
        return name in self._placeholders and self._placeholders[name].secret


# Keys that say nothing of what a secret is.
_SILENT = frozenset({"registry", "modules", "desired", "env", "password", "edge"})


def hides_a_secret(value: Any, at: tuple[str, ...]) -> bool:
    """Whether a value at a path, or anything in it, is a secret that no reference can replace.

    A placeholder is none: its value is not there.
    """
    if any(True for _ in literal_secrets(value, at[-1])):
        return True
    if not isinstance(value, (dict, list, str)):
        return not isinstance(value, bool | None) and says_password(at[-1])
    return find_secret(json.dumps(value, ensure_ascii=False)) is not None


def _keys(at: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of a path that name values: those within a section, not the name of a module."""
    for section in ("desired", "tags"):
        if section in at[:2]:
            return at[at.index(section) + 1 :]
    return at[-1:]


def _looks_secret(text: str, at: tuple[str, ...]) -> bool:
    if not text or _VARIABLE.fullmatch(text):
        return False
    if hides_a_secret(text, at) or mask(text) != text:
        return True
    return any(map(_tells_a_secret, _keys(at)))


def _tells_a_secret(key: str) -> bool:
    return names_a_secret(key) and not _PLACE.search(key)
