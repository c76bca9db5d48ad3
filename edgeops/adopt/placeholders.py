"""Placeholders of deployment templates become variables of edgeops.

Tools for IoT Edge and pipelines fill `${NAME}`, `$NAME`, `${MODULES.camera.amd64}`, `{{name}}`,
`#{NAME}#`, `__NAME__` and `<name>` before they deploy. In edgeops a variable is `${name}`, and
`$${` is a literal `${`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgeops.adopt.found import Placeholder, Use
from edgeops.fleet.secrets import names_a_secret

_LONGEST_NAME = 48

_BRACES = r"\$\{(?P<braces>[A-Za-z_][\w.-]*(?:<[^<>{}]*>[\w.]*)?)\}"
_BARE = r"\$(?P<bare>[A-Za-z_]\w*)"
_DOUBLE = r"\{\{\s*(?P<double>[A-Za-z_][\w.-]*)\s*\}\}"
_HASHES = r"#\{(?P<hashes>[A-Za-z_][\w.-]*)\}#"
_UNDERSCORES = (
    r"(?<![A-Za-z0-9_])__(?P<underscores>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)__(?![A-Za-z0-9_])"
)
_ANGLES = r"<(?P<angles>[A-Za-z_](?:[\w .-]*\w)?)>"
_PLACEHOLDER = re.compile("|".join((_BRACES, _BARE, _DOUBLE, _HASHES, _UNDERSCORES, _ANGLES)))
_ONE_IN_ANGLES = re.compile(r"<(?P<angles>[^<>]+)>\Z")
_MARKUP = re.compile(r"</|/>")
_UPPER = re.compile(r"[A-Z](?![a-z])")  # $NAME, but neither $upstream nor $Default
ALL = frozenset({"braces", "bare", "double", "hashes", "underscores", "angles"})
SURE = frozenset({"braces", "double", "hashes"})  # hardly ever meant as they stand
_ROUTES = re.compile(r"(?:\A|\.)routes(?:\.|\Z)")  # their conditions compare with < and >
_SHELL = frozenset({"Cmd", "Entrypoint"})

_REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def escape(text: str) -> str:
    """The text for a manifest of edgeops, where it stands for itself: `${` is written `$${`."""
    return text.replace("${", "$${")


def fill(text: str, values: Mapping[str, Any]) -> Any:
    """What a text of a manifest says: variables replaced, escapes undone; the inverse of `escape`.

    A text that is one variable takes the type of its value; a variable without value stays.
    """
    whole = _REFERENCE.fullmatch(text)
    if whole and whole[1] in values:
        return values[whole[1]]
    return _REFERENCE.sub(lambda found: _filled(found, values), text)


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A JSON value with all its texts filled; keys are never variables."""
    if isinstance(value, dict):
        return {key: filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    return fill(value, values) if isinstance(value, str) else value


def _filled(found: re.Match[str], values: Mapping[str, Any]) -> str:
    if found[1] is None:
        return "${"
    return str(values[found[1]]) if found[1] in values else found[0]


@dataclass(frozen=True, slots=True)
class Rules:
    """Which spellings count in a file.

    `given` are the values that its tools would fill in, None for a secret. `template` says that the
    file is surely one, where also the shell texts of a container are filled.
    """

    given: Mapping[str, str | None] = field(default_factory=dict)
    spellings: frozenset[str] = ALL
    template: bool = False

    @property
    def live(self) -> bool:
        """Whether nothing is a placeholder, as in what a hub returned."""
        return not self.spellings


@dataclass(slots=True)
class Variables:
    """Gives every placeholder a variable: the same for the same spelling, value and kind of use."""

    _known: dict[tuple[str, str, str | None, bool], Placeholder] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _uses: dict[str, dict[Use, None]] = field(default_factory=dict)  # ordered sets

    def translate(
        self,
        text: str,
        rules: Rules,
        use: Callable[[], Use],
        path: tuple[str, ...],
        *,
        quoted: bool = True,
    ) -> str:
        """The text with placeholders as variables, and every other `${` escaped.

        `path` are the keys above the text; they say where a placeholder is unlikely.
        """
        pieces, at = [], 0
        for found in _placeholders(text, rules, path):
            start = found.start()
            while start > at and text[start - 1] == "$":  # `$${` would be an escape
                start -= 1
            name = self._name(text[start : found.start()], found, rules, use(), quoted)
            pieces += [escape(text[at:start]), "${", name, "}"]
            at = found.end()
        return "".join([*pieces, escape(text[at:])])

    def in_key(self, key: str, rules: Rules, path: tuple[str, ...]) -> tuple[str, bool]:
        """The key with placeholders as their values or else as names, and whether one has none."""
        pieces, at, unknown = [], 0, False
        for found in _placeholders(key, rules, path):
            inner = found[str(found.lastgroup)]
            value = rules.given.get(inner)
            unknown |= value is None
            pieces += [key[at : found.start()], _identifier(inner) if value is None else value]
            at = found.end()
        return "".join([*pieces, key[at:]]), unknown

    def found(self) -> dict[str, Placeholder]:
        """All variables by name."""
        return {
            entry.name: replace(entry, uses=tuple(self._uses[entry.name]))
            for entry in self._known.values()
        }

    def _name(self, before: str, found: re.Match[str], rules: Rules, use: Use, quoted: bool) -> str:
        """The variable of a placeholder with the `$` before it, which belong to its value."""
        kind = str(found.lastgroup)
        inner = found[kind]
        secret = names_a_secret(inner)
        value = None if secret else rules.given.get(inner)
        original = before + found[0]
        if kind == "double" and before == "$":  # ${{ name }}, as pipelines write it
            before = ""
        if value is not None:
            value = before + value
        # `$NAME` and `${NAME}` are one; other spellings stand for themselves.
        spelling = (before, inner if kind in ("braces", "bare") else found[0], value, quoted)
        if spelling not in self._known:
            name = self._free(_identifier(inner))
            self._known[spelling] = Placeholder(name, original, value, secret, quoted)
        name = self._known[spelling].name
        self._uses.setdefault(name, {})[use] = None
        return name

    def _free(self, name: str) -> str:
        """The name, or with a number behind it if a name differs from it in case only or not."""
        number, free = 1, name
        while free.lower() in self._names:
            number += 1
            free = f"{name}_{number}"
        self._names.add(free.lower())
        return free


def _placeholders(text: str, rules: Rules, path: tuple[str, ...]) -> list[re.Match[str]]:
    whole = _ONE_IN_ANGLES.match(text) if "angles" in rules.spellings else None
    if whole and not _MARKUP.search(text):
        return [whole]
    return [found for found in _PLACEHOLDER.finditer(text) if _counts(found, rules, path)]


def _counts(found: re.Match[str], rules: Rules, path: tuple[str, ...]) -> bool:
    """Whether a spelling is a placeholder here rather than text of the module itself."""
    kind = found.lastgroup
    if kind not in rules.spellings:
        return False
    if kind in ("braces", "bare"):
        name = found[kind]
        if name in rules.given:
            return True
        if not rules.template and not _SHELL.isdisjoint(path):
            return False  # a shell in the container expands it
        return kind == "braces" or bool(_UPPER.match(name))
    if kind == "angles":
        return not any(map(_ROUTES.search, path)) and not _MARKUP.search(found.string)
    return True


def _identifier(inner: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_]+", "_", inner).strip("_")[:_LONGEST_NAME].rstrip("_")
    if not name:
        return "placeholder"
    return name if not name[0].isdigit() else f"_{name}"
