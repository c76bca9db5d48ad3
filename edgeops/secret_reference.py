"""References to secrets: what stands in git, plans and stamps in place of a secret.

A reference names an environment variable and a version. The variable is read where a sync writes,
and nowhere else; a new version in git says that the secret was replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from edgeops.jsonvalue import JsonObject, TheVery

VARIABLE, VERSION = "fromEnv", "version"
PREFIX = "EDGEOPS_SECRET_"  # of the only variables that a manifest can name

_NAME = re.compile(rf"{PREFIX}[A-Z0-9_]{{1,100}}")


class Secret(NamedTuple):
    """A secret by the name of its environment variable, and its version."""

    variable: str
    version: int

    def __str__(self) -> str:
        return f"{self.variable} (version {self.version})"


def is_variable(name: Any) -> bool:
    """Whether this is the name of a variable that may hold a secret."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def is_secret(value: Any) -> bool:
    """Whether a JSON value is a reference to a secret."""
    return (
        isinstance(value, dict)
        and len(value) == 2
        and is_variable(value.get(VARIABLE))
        and isinstance(version := value.get(VERSION), int)
        and not isinstance(version, bool)
        and version > 0
    )


def secrets_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Secret]]:
    """The references in a JSON value, each with its path."""
    if is_secret(value):
        yield path, Secret(value[VARIABLE], value[VERSION])
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from secrets_in(item, (*path, key))


@lru_cache(256)  # as similar devices share a few
def secrets_of_shared(section: TheVery) -> Mapping[tuple[str, ...], Secret]:
    """`secrets_in` of a value that nobody changes."""
    return dict(secrets_in(section.value))


def values_in(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is not an object, or is a reference or an empty one, with its path."""
    if isinstance(tree, dict) and tree and not is_secret(tree):
        for key, value in tree.items():
            yield from values_in(value, (*path, key))
    elif path:
        yield path, tree


def with_secrets(value: Any, read: Callable[[Secret], str]) -> Any:
    """The JSON value with each reference replaced by what `read` gives for it."""
    if is_secret(value):
        return read(Secret(value[VARIABLE], value[VERSION]))
    if isinstance(value, dict):
        return {key: with_secrets(item, read) for key, item in value.items()}
    return value


def reference(secret: Secret) -> JsonObject:
    """The JSON value that refers to a secret."""
    return {VARIABLE: secret.variable, VERSION: secret.version}


def in_words(value: Any) -> Any:
    """The JSON value with each reference as the text `secret NAME (version 3)`."""
    return with_secrets(value, lambda secret: f"secret {secret}")
