"""Checks the secrets in a manifest: references that cannot be used, and texts that are secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from edgeops.fleet.model import Document, Problem
from edgeops.fleet.secret_names import (
    is_key,
    is_pin,
    may_be_secret,
    may_name_secret,
    says_password,
    says_secret,
)
from edgeops.fleet.secrets import find_secret, may_have_secret_shape
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject, pointer
from edgeops.secret_reference import PREFIX, VARIABLE, VERSION, is_secret, is_variable

_EXCUSES = "notSecret"  # the key in `metadata`

_Path = tuple[str | int, ...]
_Found = tuple[_Path, str, str]  # path, what is wrong, what to do

_MOST_VERSIONS = 1_000_000

# --- where values stand -------------------------------------------------------------------

_NAMED = ("modules", "hubs", "devices")  # followed by a name or an index
_AROUND = ("spec", "defaults", "template", "edge", "agent", "hub")


def _part(path: _Path) -> tuple[str | int, _Path]:
    """The part of a device that a path is in, such as `env`, and the path below."""
    at = 0
    while at < len(path) and (path[at] in _NAMED or path[at] in _AROUND):
        at += 2 if path[at] in _NAMED else 1
    return (path[at], path[at + 1 :]) if at < len(path) else ("", ())


def _may_refer(path: _Path) -> bool:
    """Whether a reference to a secret can stand here."""
    part, below = _part(path)
    if part == "env":
        return len(below) == 1
    if part == "registryCredentials":
        return len(below) == 2 and below[1] == "password"
    return part == "desired" and bool(below) and not any(isinstance(key, int) for key in below)


# --- references -----------------------------------------------------------------------


def _refers(value: Any) -> bool:
    """Whether an object is meant as a reference, right or wrong."""
    if not isinstance(value, dict) or VARIABLE not in value:
        return False
    return value.keys() <= {VARIABLE, VERSION} or str(value[VARIABLE]).startswith(PREFIX)


def _reference_fault(path: _Path, value: JsonObject) -> _Found | None:
    name, version = value[VARIABLE], value.get(VERSION)
    if not _may_refer(path):
        return (
            path,
            "a secret cannot be used here",
            "environment variables, desired properties (not in lists) and the passwords of"
            " registryCredentials can refer to secrets",
        )
    if not is_variable(name):
        return (
            (*path, VARIABLE),
            f"`{shown(name)}` is not the variable of a secret",
            f"its name must be {PREFIX} and A-Z, 0-9 or _: no other variable is read, so that"
            " nobody's YAML can carry off the tokens of a workflow",
        )
    if VERSION not in value:
        return (
            path,
            f"the secret {name} needs `{VERSION}`",
            f"write {{{VARIABLE}: {name}, {VERSION}: 1}}, and raise it when the secret was"
            " replaced",
        )
    if extra := sorted(value.keys() - {VARIABLE, VERSION}):
        hint = f"a reference has {VARIABLE} and {VERSION} only"
        return (*path, extra[0]), f"unknown key `{shown(extra[0])}` in a secret", hint
    if not is_secret(value) or not isinstance(version, int) or version > _MOST_VERSIONS:
        wanted = f"it must be a whole number from 1 to {_MOST_VERSIONS:,}"
        return (*path, VERSION), f"is `{shown(version)}`; {wanted}", ""
    return None


# --- texts that are secrets -----------------------------------------------------------

_VARIABLES = re.compile(r"\$?\$\{[^{}]*\}|\$[A-Z_][A-Z0-9_]*|%\w+%")
_PLACE = re.compile(r"(?:/|\.{1,2}/|~/|[A-Za-z]:[\\/]|file:)[\w.$~ \\/@:-]*")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s@]*", re.IGNORECASE)
_NOTHING = frozenset(
    ["true", "false", "yes", "no", "on", "off", "none", "null", "enabled", "disabled"]
)
_NUMBER = re.compile(r"[-+]?[0-9.]+")
_CONNECTION = re.compile(
    r"(?:^|[;?&,\s\"'])(?:password|pwd|accountkey|sharedaccesskey)\s{0,4}=\s{0,4}"
    r"(?P<value>\"[^\"]+|'[^']+|[^;&,\s\"']+)",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"(?P<dashes>-{0,2})(?P<name>[A-Za-z_][\w.:-]*)(?:=(?P<value>.*))?", re.DOTALL
)


def _is_secret_text(name: str, value: Any) -> bool:
    """Whether the value of this name is a secret that somebody typed."""
    if not may_be_secret(name):
        return False
    if isinstance(value, int) and not isinstance(value, bool):
        return is_pin(name, value)
    if not isinstance(value, str):
        return False
    text = _VARIABLES.sub("", value).strip()
    if not text or text.lower() in _NOTHING or _PLACE.fullmatch(text) or _URL.fullmatch(text):
        return False
    if _NUMBER.fullmatch(text):
        return says_password(name) or is_pin(name, text)
    return says_secret(name) or is_key(name, text)


def _holds_password(text: str) -> bool:
    """Whether a text is like a connection string with a password or a key."""
    if "=" not in text:
        return False
    values = (match["value"].strip("\"'") for match in _CONNECTION.finditer(text))
    return any(_is_secret_text("password", value) and value != "..." for value in values)


def literal_secrets(value: Any, name: str = "") -> Iterator[tuple[str | int, ...]]:
    """The paths of the texts in a value of this name that a manifest must not have."""
    yield from _literals(value, (), name)


def _literals(value: Any, path: _Path, name: str) -> Iterator[_Path]:
    """The paths of the texts that are secrets; `name` is that of the value, "" for none."""
    if _refers(value):
        return
    if isinstance(value, dict):
        label = value.get("name")
        for key, item in value.items():
            called = key
            if key == "value" and (name or isinstance(label, str)):
                called = label if isinstance(label, str) else name
            yield from _literals(item, (*path, key), called)
    elif isinstance(value, list):
        yield from _literals_of_list(value, path, name)
    elif _is_secret_text(name, value) or (isinstance(value, str) and _holds_password(value)):
        yield path


def _literals_of_list(items: list[Any], path: _Path, name: str) -> Iterator[_Path]:
    """Also finds `NAME=text` as in the environment of a container, and options of a command."""
    name = name.removesuffix("s") if says_secret(name.removesuffix("s")) else name
    option = ""  # the name of the option before, if this may be its value
    for index, item in enumerate(items):
        at, called, option = (*path, index), option or name, ""
        match = _ASSIGNED.fullmatch(item) if isinstance(item, str) else None
        if match and match["value"] is not None:
            if _is_secret_text(match["name"], match["value"]) or _holds_password(match["value"]):
                yield at
        elif match and match["dashes"]:
            option = match["name"]
        else:
            yield from _literals(item, at, called)


def _literal_fault(path: _Path) -> _Found:
    part, below = _part(path)
    names = [key for key in below if isinstance(key, str)] or [str(part)]
    name = names[0 if part == "registryCredentials" else -1]
    variable = PREFIX + (re.sub(r"[^A-Z0-9]+", "_", _snake(name)).strip("_") or "X")[:100]
    wanted = f"{{{VARIABLE}: {variable}, {VERSION}: 1}}"
    if _may_refer(path):
        what = f"write {wanted}, and give the value to the sync in this environment variable"
    elif part == "createOptions":
        what = f"move it to `env` of the module as {wanted}"
    elif part == "variables":
        what = f"write {wanted} where the variable is used"
    else:
        what = f"env and desired properties can refer to a secret as {wanted}"
    excuse = f"if it is not a secret, list {pointer(*path)} in metadata.{_EXCUSES}"
    return path, "holds a secret, which git must not have", f"{what}; {excuse}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


# --- a whole manifest -----------------------------------------------------------------


def mentions_secrets(text: str) -> bool:
    """Whether a manifest may have problems or warnings about secrets, by its text; fast.

    Every key and text of the manifest must be a part of the text.
    """
    lowered = text.lower()
    return VARIABLE.lower() in lowered or may_name_secret(lowered) or may_have_secret_shape(lowered)


def secret_problems(document: Document) -> tuple[tuple[Problem, ...], frozenset[str]]:
    """The problems and warnings about secrets in a manifest, whether it is valid or not.

    Also gives the pointers of values of which nothing else need be said.
    """
    value = document.value
    spec = value.get("spec") if isinstance(value, dict) else None
    excuses = _excuses(value)
    used: set[str] = set()

    def excused(at: str) -> bool:
        matching = {entry for entry in excuses if _matches(entry, at)}
        used.update(matching)
        return bool(matching)

    shapes = [problem for problem in _shapes(document) if not excused(problem.pointer)]
    told = {problem.pointer for problem in shapes}
    faults = [*_reference_faults(spec, ("spec",))]
    faults += [
        _literal_fault(path)
        for path in _literals(spec, ("spec",), "")
        if (at := pointer(*path)) not in told and not excused(at)
    ]
    problems = [document.problem(pointer(*path), *words) for path, *words in faults]
    warnings = [
        document.warning(
            f"/metadata/{_EXCUSES}/{index}",
            f"`{shown(entry)}` matches nothing that looks like a secret",
            "remove it",
        )
        for index, entry in enumerate(excuses)
        if entry not in used
    ]
    return (*shapes, *problems, *warnings), frozenset(problem.pointer for problem in problems)


def _reference_faults(value: Any, path: _Path) -> Iterator[_Found]:
    if _refers(value):
        if fault := _reference_fault(path, value):
            yield fault
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _reference_faults(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _reference_faults(item, (*path, index))


def _excuses(value: Any) -> list[str]:
    """The pointers in `metadata.notSecret`; anything else there is a problem of the schema."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    entries = metadata.get(_EXCUSES) if isinstance(metadata, dict) else None
    return [str(entry) for entry in entries] if isinstance(entries, list) else []


def _matches(entry: str, at: str) -> bool:
    """Whether a pointer, in which `*` stands for any one key, is that of a value."""
    wanted, keys = entry.split("/"), at.split("/")
    return len(wanted) == len(keys) and all(
        want in ("*", key) for want, key in zip(wanted, keys, strict=True)
    )


def _shapes(document: Document) -> Iterator[Problem]:
    """Texts that are secrets by their shape, wherever they are."""
    for path, text in _texts(document.value, ""):
        kind = find_secret(text)
        if kind:
            hint = "remove and revoke it: everyone with access to the repository can read it"
            yield document.problem(path, f"holds {kind}", hint)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path, key  # the path of the object: a path must not contain a secret
            yield from _texts(item, path + pointer(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}/{index}")
