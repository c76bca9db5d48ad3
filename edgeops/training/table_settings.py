"""The `data` of a new model.yaml from the command line: its settings, and errors that name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.fleet.schema import compile_schema
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import JsonObject
from edgeops.source.schemas import packaged_schema

_PARTS = ("site", "weather")  # other keys are of `table`
_OPTIONS = {
    "table.path": "--csv",
    "table.timestamp": "--timestamp",
    "table.columns": "--column",
    "table.combine": "--combine",
    "site.timeZone": "--time-zone",
    "events": "--events",
    "weather.path": "--weather",
}
_FILES = ("--csv", "--events", "--weather")
_RENAME = "rename it: a path may have the letters a to z, digits, spaces and _ . + -"


def with_settings(data: JsonObject, settings: Sequence[str]) -> JsonObject:
    """The `data` of a model file with settings `KEY=VALUE`; one of a list adds to it.

    A KEY is one of `data.table`, such as `decimal` or `long.series`, or has the name
    of another part before it: `site.country`, `weather.kind`. Raises `UsageError`.
    """
    schema = packaged_schema("model")["properties"]["spec"]["properties"]["data"]
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting} is not KEY=VALUE", "such as --set decimal=,")
        path = key.split(".")
        _put(data, schema, path if path[0] in _PARTS else ["table", *path], text, key)
    for mismatch in compile_schema(schema).mismatches(data):
        option = _option(mismatch.pointer.strip("/").replace("/", "."))
        hint = _RENAME if option in _FILES else mismatch.hint
        raise UsageError(f"{option}: {mismatch.message}", hint)
    return data


def _put(data: JsonObject, schema: JsonObject, path: Sequence[str], text: str, key: str) -> None:
    name, *rest = path
    known = schema["properties"]
    part = known.get(name, {})
    inner = part.get("properties", {})
    if bool(rest) is not bool(inner):
        hint = f"there are {', '.join(f'{name}.{one}' for one in inner) or ', '.join(known)}"
        hint = (name not in known and did_you_mean(name, known)) or hint
        raise UsageError(f"--set {key}: there is no such setting", hint)
    if rest:
        _put(data.setdefault(name, {}), part, rest, text, key)
    elif part.get("type") == "array":
        data[name] = [*data.get(name, []), text]
    else:
        data[name] = _number(text) if part.get("type") in ("integer", "number") else text


def _number(text: str) -> Any:
    """The number of a text; other texts as they are, for the schema to refuse."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


@contextmanager
def naming_options(part: str = "table") -> Iterator[None]:
    """For `with`: in the hints of errors, settings of this part of `data` become options."""
    try:
        yield
    except EdgeOpsError as error:
        error.hint = as_options(error.hint, part)
        raise


def as_options(text: str, part: str = "table") -> str:
    """A text with the options of `model init` in place of settings of model.yaml."""
    schema = packaged_schema("model")["properties"]["spec"]["properties"]["data"]
    keys = "|".join([*schema["properties"][part]["properties"], "timeZone"])

    def option(match: re.Match[str]) -> str:
        key, value = match[2], match[3]
        if key == "long":
            long = _option(f"{part}.long")
            given = f"{long}.series=COLUMN {long}.value=COLUMN"
        else:
            named = _option("site.timeZone" if key == "timeZone" else f"{part}.{key}")
            between = "=" if named.startswith("--set") else " "
            given = f"{named}{between}{(value or '...').strip('[]')}"
        return f"{'give ' if match[1] else ''}`{given}`"

    return re.sub(rf"(set )?`({keys})(?:: ([^`]*))?`(?: in model\.yaml)?", option, text)


def _option(path: str) -> str:
    """The option that gives the value at a path of `data`."""
    return _OPTIONS.get(path) or f"--set {path.removeprefix('table.')}"
