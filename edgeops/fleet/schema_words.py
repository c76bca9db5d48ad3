"""Words the errors of `jsonschema` plainly, each with the exact path of the value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from edgeops.fleet.secrets import MASKED, masked_by_key, names_a_secret
from edgeops.fleet.shown import shown
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import pointer

_LONGEST = 500  # characters of a message, and of a hint
_ENOUGH = 8192  # characters of a value to search for secrets; far fewer are shown
_MOST_SHOWN = 20  # of allowed values, and of unknown keys with a hint

_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


class SchemaError(Protocol):
    """The part of `jsonschema.ValidationError` that is used."""

    message: str
    validator: Any  # the keyword that failed
    validator_value: Any  # its value in the schema
    instance: Any
    schema: Any
    context: Any  # the errors of each alternative
    cause: Any  # the exception of a failed format

    @property
    def path(self) -> Any:
        """Keys from the parent error's value to this one's."""

    @property
    def absolute_path(self) -> Any:
        """Keys from the root to the value."""

    @property
    def schema_path(self) -> Any:
        """Keys from the parent error's schema to the keyword that failed."""


@dataclass(frozen=True, slots=True, order=True)
class Mismatch:
    """A violation of a schema: the JSON pointer in the value, a message, and what to do."""

    pointer: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking a value.

    `saved` is the number of steps granted for a value of this size, less those taken; it may be
    negative. `stopped_at` is the pointer of the keyword in the schema where no steps were left; the
    mismatches are then those found so far.
    """

    mismatches: tuple[Mismatch, ...]
    saved: int
    stopped_at: str | None = None


OWN_REFERENCES = "a schema can only refer to its own `#/$defs/...`"
TOO_DEEP = Mismatch("", "the schema refers to itself endlessly, or is nested too deeply")


def words(errors: Iterable[SchemaError]) -> Iterator[Mismatch]:
    """The errors as mismatches; an error may become several, and there may be duplicates.

    If the type of a value is wrong, its other errors are dropped.
    """
    known = list(errors)
    of_wrong_type = {_at(error) for error in known if error.validator == "type"}
    for error in known:
        if error.validator == "type" or _of_key(error) or _at(error) not in of_wrong_type:
            for mismatch in _mismatches(error):
                message, hint = _short(mismatch.message), _short(mismatch.hint)
                yield Mismatch(mismatch.pointer, message, hint)


def _mismatches(error: SchemaError) -> Iterator[Mismatch]:
    if error.validator in ("anyOf", "oneOf"):
        return _alternatives(error)
    return _WORDS.get(str(error.validator), _other)(error)


def _shown(value: Any) -> str:
    """Like `shown`, which searches all of a value for secrets, but fast for large values."""
    if not isinstance(value, str):
        value = json.dumps(masked_by_key(value), ensure_ascii=False)
    return shown(value[:_ENOUGH])


def _value(error: SchemaError) -> str:
    """The wrong value, masked if it is under a key like `password`."""
    return MASKED if _is_secret(error) else _shown(error.instance)


def _is_secret(error: SchemaError) -> bool:
    keys = map(str, error.absolute_path)
    # connectionStringEnv and similar keys name the variable with the secret.
    return not _of_key(error) and any(names_a_secret(k) and not k.endswith("Env") for k in keys)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _at(error: SchemaError, *more: str) -> str:
    return pointer(*error.absolute_path, *more)


def _of_key(error: SchemaError) -> bool:
    """Whether the error is about the name of a member (`propertyNames`), not its value."""
    return "propertyNames" in list(error.schema_path)[-2:-1]


def _type(error: SchemaError) -> Iterator[Mismatch]:
    expected = error.validator_value
    names = [expected] if isinstance(expected, str) else expected
    hint = ""
    if "string" in names and isinstance(error.instance, (bool, int, float)):
        hint = f'quote it: "{_value(error)}"'
    elif error.instance is None:
        hint = "give it a value, or remove the line"
    yield Mismatch(_at(error), _wanted(error, names), hint)


def _wanted(error: SchemaError, types: list[str]) -> str:
    wanted = _list_of([_TYPES.get(name, name) for name in types])
    return f"is {_type_of(error)}; it must be {wanted}"


def _type_of(error: SchemaError) -> str:
    match error.instance:
        case None:
            return "null (empty)"
        case bool():
            return _shown(error.instance)
        case int() | float():
            return f"the number {_value(error)}"
        case str():
            return f"the text `{_value(error)}`"
        case list():
            return "a list"
    return "an object"


def _required(error: SchemaError) -> Iterator[Mismatch]:
    for name in error.validator_value:  # the missing ones
        yield Mismatch(_at(error), f"needs `{_shown(name)}`", _about(error, name))


def _about(error: SchemaError, name: str) -> str:
    """A hint for a property: its only value, or the first sentence of its description."""
    described = error.schema.get("properties", {}).get(name, {})
    if not isinstance(described, dict):
        return ""
    if "const" in described:
        return f"write `{name}: {_shown(described['const'])}`"
    return str(described.get("description", "")).partition(". ")[0].rstrip(".")


def _unknown_keys(error: SchemaError) -> Iterator[Mismatch]:
    known = list(error.schema.get("properties", {}))
    free = [key for key in known if key not in error.instance]
    shortlist = f"known here: {_some_of(known, 'and')}" if known else ""
    for index, name in enumerate(error.validator_value):
        hint = did_you_mean(name, free) if index < _MOST_SHOWN else ""
        yield Mismatch(_at(error, name), f"unknown key `{_shown(name)}`", hint or shortlist)


def _enum(error: SchemaError) -> Iterator[Mismatch]:
    allowed = [value for value in error.validator_value if isinstance(value, str)]
    hint = did_you_mean(error.instance, allowed) if isinstance(error.instance, str) else ""
    wanted = _some_of(error.validator_value, "or")
    yield Mismatch(_at(error), f"is `{_value(error)}`; it must be {wanted}", hint)


def _some_of(values: list[Any], word: str) -> str:
    names = [_shown(value) for value in islice(values, _MOST_SHOWN)]
    more = len(values) - len(names)
    return _list_of([*names, f"{more:,} others"] if more else names, word)


def _pattern(error: SchemaError) -> Iterator[Mismatch]:
    title = error.schema.get("title", "")
    wanted = f"valid as {title[:1].lower()}{title[1:]}" if title[1:2].islower() else "valid"
    hint = error.schema.get("description") or f"pattern: {_shown(error.validator_value)}"
    if _of_key(error):
        message = f"the key `{_value(error)}` is not {wanted}"
        yield Mismatch(_at(error, error.instance), message, hint)
    else:
        yield Mismatch(_at(error), f"`{_value(error)}` is not {wanted}", hint)


def _format(error: SchemaError) -> Iterator[Mismatch]:
    more = (error.instance,) if _of_key(error) else ()
    yield Mismatch(_at(error, *more), error.cause.message, error.cause.hint)


def _limit(text: str) -> Callable[[SchemaError], Iterator[Mismatch]]:
    def say(error: SchemaError) -> Iterator[Mismatch]:
        value = _value(error) if "{value}" in text else ""
        yield Mismatch(_at(error), text.format(value=value, limit=_shown(error.validator_value)))

    return say


def _nothing_allowed(error: SchemaError) -> Iterator[Mismatch]:
    yield Mismatch(_at(error), "is not allowed here", _description(error))


def _not(error: SchemaError) -> Iterator[Mismatch]:
    return _nothing_allowed(error) if error.validator_value == {} else _other(error)


def _other(error: SchemaError) -> Iterator[Mismatch]:
    message = f"does not meet `{error.validator}` of the schema"
    yield Mismatch(_at(error), message, _description(error))


def _description(error: SchemaError) -> str:
    return str(error.schema.get("description", "")) if isinstance(error.schema, dict) else ""


def _alternatives(error: SchemaError) -> Iterator[Mismatch]:
    """The mismatches of a value that matches no alternative, or more than one."""
    branches: dict[int, list[SchemaError]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    names = _one_required(error.validator_value) if isinstance(error.instance, dict) else []
    quoted = [f"`{_shown(name)}`" for name in names]
    right_type = [errors for errors in branches.values() if not _wrong_type(errors)]
    if quoted and not branches:
        given = [name for name, key in zip(quoted, names, strict=True) if key in error.instance]
        yield Mismatch(_at(error), f"has {_list_of(given, 'and')}; only one is allowed")
    elif quoted and not any(name in error.instance for name in names):
        yield Mismatch(_at(error), f"needs {_list_of(quoted)}")
    elif right_type:
        closest = min(right_type, key=len)
        yield from words(closest)
    elif branches:
        yield Mismatch(_at(error), _wanted(error, list(_types(branches.values()))))
    else:
        yield Mismatch(_at(error), "fits more than one alternative of the schema")


def _types(branches: Iterable[list[SchemaError]]) -> dict[str, None]:
    """The types that alternatives require, each once, in their order."""
    wanted: dict[str, None] = {}
    for errors in branches:
        for error in filter(_of_type, errors):
            types = error.validator_value
            wanted |= dict.fromkeys([types] if isinstance(types, str) else types)
    return wanted


def _one_required(branches: list[Any]) -> list[str]:
    """The names if the alternatives are "one of these keys is required", else nothing."""
    names: list[list[str]] = [
        branch.get("required", []) if isinstance(branch, dict) else [] for branch in branches
    ]
    return [name for (name,) in names] if all(len(name) == 1 for name in names) else []


def _wrong_type(errors: list[SchemaError]) -> bool:
    return any(map(_of_type, errors))


def _of_type(error: SchemaError) -> bool:
    return error.validator == "type" and not error.path


def _list_of(names: list[str], word: str = "or") -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


_WORDS: dict[str, Callable[[SchemaError], Iterator[Mismatch]]] = {
    "type": _type,
    "required": _required,
    "dependentRequired": _required,
    "additionalProperties": _unknown_keys,
    "enum": _enum,
    "pattern": _pattern,
    "format": _format,
    "not": _not,
    "const": _limit("is `{value}`; it must be `{limit}`"),
    "minimum": _limit("is {value}; it must be at least {limit}"),
    "maximum": _limit("is {value}; it must be at most {limit}"),
    "exclusiveMinimum": _limit("is {value}; it must be more than {limit}"),
    "exclusiveMaximum": _limit("is {value}; it must be less than {limit}"),
    "minLength": _limit("is shorter than {limit} characters"),
    "maxLength": _limit("is longer than {limit} characters"),
    "minItems": _limit("must have {limit} or more items"),
    "maxItems": _limit("can have at most {limit} items"),
    "minProperties": _limit("must have {limit} or more members"),
    "maxProperties": _limit("can have at most {limit} members"),
    "uniqueItems": _limit("has an item twice"),
    "None": _nothing_allowed,
}
