"""Checks values of a deployment again that the schema could not see: variables stood in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from edgeops.fleet.finding import Finding
from edgeops.fleet.layers import Path
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject

_IMAGE = re.compile(r"(\$upstream(:[0-9]{1,5})?/)?[A-Za-z0-9][A-Za-z0-9._/:@-]*\Z")
_ROUTE = re.compile(r"(?is)\s*from\s+\S.*\sinto\s+\S.*\Z")
_FOLDER = re.compile(r"/[^:\n]*\Z")
_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]{1,3})?\Z")
_TEXT = re.compile(r"(?s).+\Z")
_ANY_TEXT = re.compile("")
_PLACEHOLDER = re.compile(r"\$\{|\$[A-Za-z_]|<|\{\{|#\{|__")
_MOST_SECONDS = 2**31


class _Checked(NamedTuple):
    path: Path
    value: Any
    form: re.Pattern[str]
    expected: str


def replaced_findings(
    modules: JsonObject, edge: JsonObject, failed: Collection[Path]
) -> Iterator[Finding]:
    """Values of modules and of the runtime that are of another form than their schema asks for.

    `failed` are the paths of values whose variables are reported already.
    """
    for path, value, form, expected in _checked(modules, edge):
        if path in failed or value is None:
            continue
        if not isinstance(value, str) or not form.match(value):
            yield _finding(path, value, expected)
    seconds = edge.get("timeToLiveSecs")
    if ("edge", "timeToLiveSecs") not in failed and seconds is not None:
        whole = isinstance(seconds, int) and not isinstance(seconds, bool)
        if not whole or not -_MOST_SECONDS <= seconds < _MOST_SECONDS:
            yield _finding(("edge", "timeToLiveSecs"), seconds, "a whole number of seconds")


def _finding(path: Path, value: Any, expected: str) -> Finding:
    if isinstance(value, str) and _PLACEHOLDER.search(value):
        # As an import leaves it: the template was never filled in.
        message = f"is `{shown(value)}` with its variables: a placeholder without a value"
        return Finding(path, message, "give its variable a value", warning=True)
    message = f"is `{shown(value)}` with its variables; it must be {expected}"
    return Finding(path, message, "change the text or the value of a variable in it")


def _checked(modules: JsonObject, edge: JsonObject) -> Iterator[_Checked]:
    for name, spec in modules.items():
        at = ("modules", name)
        yield from _container(at, spec)
        for index, mount in enumerate(spec.get("storage", ())):
            for side in ("source", "target"):
                of_side = (*at, "storage", str(index), side)
                yield _Checked(of_side, mount[side], _FOLDER, "an absolute path without a colon")
        yield from _routes((*at, "routes"), spec.get("routes", {}))
    for key in ("agent", "hub"):
        yield from _container(("edge", key), edge.get(key, {}))
    yield from _routes(("edge", "routes"), edge.get("routes", {}))
    for key in ("minDockerVersion", "loggingOptions"):
        yield _Checked(("edge", key), edge.get(key), _ANY_TEXT, "text")
    for name, credentials in edge.get("registryCredentials", {}).items():
        for key in ("address", "username"):
            of_key = ("edge", "registryCredentials", name, key)
            yield _Checked(of_key, credentials[key], _TEXT, "text")


def _container(at: Path, spec: JsonObject) -> Iterator[_Checked]:
    image, version = spec.get("image"), spec.get("version")
    yield _Checked((*at, "image"), image, _IMAGE, "an image, such as registry/name:tag")
    yield _Checked((*at, "version"), version, _TEXT, "text")
    schema = spec.get("schemaVersion")
    yield _Checked((*at, "schemaVersion"), schema, _VERSION, "a version, such as 1.1")
    options = spec.get("createOptions")
    if not isinstance(options, dict):
        yield _Checked((*at, "createOptions"), options, _TEXT, "an object or text")


def _routes(at: Path, routes: JsonObject) -> Iterator[_Checked]:
    for name, route in routes.items():
        inside = isinstance(route, dict)
        path = (*at, name, "route") if inside else (*at, name)
        text = route["route"] if inside else route
        yield _Checked(path, text, _ROUTE, "a route: FROM <source> INTO <sink>")
