"""Decides whether a value is valid against a schema of ours, without saying why it is not.

`jsonschema` walks the schema for each value; here each schema becomes functions, once. Schemas with
keywords that this does not know are left to `jsonschema`, which takes long to import as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sized
from functools import partial
from operator import ge, gt, le, lt
from typing import Any

Check = Callable[[Any], bool]

_SAY_NOTHING = frozenset(
    ["$schema", "$defs", "title", "description", "default", "examples", "format", "then", "else"]
)


class Unknown(Exception):
    """The schema has a keyword, or a form of one, that is left to `jsonschema`."""


def compile_quick(schema: Any) -> Check | None:
    """The check of a schema (2020-12), None if it is left to `jsonschema`; `format` is ignored."""
    try:
        return _Compiler(schema).of(schema)
    except (Unknown, KeyError, re.error):
        return None


def strict_end(expression: str) -> str:
    """The expression with `$` as in JSON Schema; Python's also matches before a last newline."""
    if expression.endswith("$") and not expression.endswith(r"\$"):
        return expression[:-1] + r"\Z"
    return expression


def same_text(value: Any) -> str:
    """The same text for equal values (as in JSON Schema: 1 is 1.0 and not true)."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Compiler:
    """Compiles the parts of one document; each `$ref` once, as they may go in circles."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._referred: dict[str, Check] = {}

    def of(self, schema: Any) -> Check:
        """The check of one schema in the document. Raises `Unknown`."""
        if isinstance(schema, bool):
            return lambda _: schema
        checks = [
            _KEYWORDS[keyword](self, said, schema)
            for keyword, said in schema.items()
            if keyword not in _SAY_NOTHING and _is_known(keyword)
        ]
        return checks[0] if len(checks) == 1 else partial(_all, checks)

    def reference(self, said: str, _: Any) -> Check:
        """The check of another part of the document."""
        if not re.fullmatch(r"#/\$defs/\w+", said):
            raise Unknown(said)
        if said not in self._referred:
            self._referred[said] = lambda value: self._referred[said](value)  # for circles
            self._referred[said] = self.of(self._root["$defs"][said.rpartition("/")[2]])
        return self._referred[said]

    def each(self, said: list[Any]) -> list[Check]:
        """The checks of several schemas."""
        return [self.of(schema) for schema in said]


def _is_known(keyword: str) -> bool:
    if keyword not in _KEYWORDS:
        raise Unknown(keyword)
    return True


def _all(checks: list[Check], value: Any) -> bool:
    for check in checks:  # noqa: SIM110 - a generator costs more than most checks
        if not check(value):
            return False
    return True


# --- types ----------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


_TYPES: Mapping[str, Check] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "number": _is_number,
    "integer": _is_integer,
}


def _type(_: _Compiler, said: str | list[str], __: Any) -> Check:
    if isinstance(said, str):
        return _TYPES[said]
    types = [_TYPES[name] for name in said]
    return lambda value: any(is_type(value) for is_type in types)


def _enum(_: _Compiler, said: list[Any], __: Any) -> Check:
    if all(isinstance(item, str) for item in said):
        return lambda value: isinstance(value, str) and value in said
    texts = frozenset(map(same_text, said))
    return lambda value: same_text(value) in texts


def _const(compiler: _Compiler, said: Any, schema: Any) -> Check:
    return _enum(compiler, [said], schema)


# --- of one type ----------------------------------------------------------------------


def _number(compare: Callable[[Any, Any], bool]) -> _Maker:
    return lambda _, said, __: lambda value: not _is_number(value) or compare(value, said)


def _size(of: type[Sized], compare: Callable[[int, Any], bool]) -> _Maker:
    return lambda _, said, __: lambda value: not isinstance(value, of) or compare(len(value), said)


def _pattern(_: _Compiler, said: str, __: Any) -> Check:
    search = re.compile(strict_end(said)).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _unique(_: _Compiler, said: bool, __: Any) -> Check:
    def check(value: Any) -> bool:
        return not isinstance(value, list) or len(set(map(same_text, value))) == len(value)

    return check if said else lambda _: True


def _items(compiler: _Compiler, said: Any, __: Any) -> Check:
    check = compiler.of(said)
    return lambda value: not isinstance(value, list) or all(map(check, value))


def _contains(compiler: _Compiler, said: Any, __: Any) -> Check:
    check = compiler.of(said)
    return lambda value: not isinstance(value, list) or any(map(check, value))


# --- objects --------------------------------------------------------------------------


def _properties(compiler: _Compiler, said: Mapping[str, Any], _: Any) -> Check:
    checks = {name: compiler.of(schema) for name, schema in said.items()}

    return lambda value: (
        not isinstance(value, dict)
        or all(checks[name](item) for name, item in value.items() if name in checks)
    )


def _additional(compiler: _Compiler, said: Any, schema: Mapping[str, Any]) -> Check:
    known = frozenset(schema.get("properties", ()))
    if said is False:
        return lambda value: not isinstance(value, dict) or value.keys() <= known
    check = compiler.of(said)
    return lambda value: (
        not isinstance(value, dict)
        or all(check(item) for name, item in value.items() if name not in known)
    )


def _names(compiler: _Compiler, said: Any, _: Any) -> Check:
    check = compiler.of(said)
    return lambda value: not isinstance(value, dict) or all(map(check, value))


def _required(_: _Compiler, said: list[str], __: Any) -> Check:
    names = frozenset(said)
    return lambda value: not isinstance(value, dict) or value.keys() >= names


def _dependent_required(_: _Compiler, said: Mapping[str, list[str]], __: Any) -> Check:
    return lambda value: (
        not isinstance(value, dict)
        or all(name in value for key, names in said.items() if key in value for name in names)
    )


def _dependent_schemas(compiler: _Compiler, said: Mapping[str, Any], _: Any) -> Check:
    checks = {key: compiler.of(schema) for key, schema in said.items()}
    return lambda value: (
        not isinstance(value, dict)
        or all(check(value) for key, check in checks.items() if key in value)
    )


# --- combinations ---------------------------------------------------------------------


def _all_of(compiler: _Compiler, said: list[Any], _: Any) -> Check:
    return partial(_all, compiler.each(said))


def _any_of(compiler: _Compiler, said: list[Any], _: Any) -> Check:
    checks = compiler.each(said)
    return lambda value: any(check(value) for check in checks)


def _one_of(compiler: _Compiler, said: list[Any], _: Any) -> Check:
    checks = compiler.each(said)
    return lambda value: sum(check(value) for check in checks) == 1


def _not(compiler: _Compiler, said: Any, _: Any) -> Check:
    check = compiler.of(said)
    return lambda value: not check(value)


def _if(compiler: _Compiler, said: Any, schema: Mapping[str, Any]) -> Check:
    condition = compiler.of(said)
    then, otherwise = (compiler.of(schema.get(branch, True)) for branch in ("then", "else"))
    return lambda value: then(value) if condition(value) else otherwise(value)


_Maker = Callable[[_Compiler, Any, Any], Check]

_KEYWORDS: Mapping[str, _Maker] = {
    "$ref": _Compiler.reference,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _number(ge),
    "maximum": _number(le),
    "exclusiveMinimum": _number(gt),
    "exclusiveMaximum": _number(lt),
    "minLength": _size(str, ge),
    "maxLength": _size(str, le),
    "minItems": _size(list, ge),
    "maxItems": _size(list, le),
    "minProperties": _size(dict, ge),
    "maxProperties": _size(dict, le),
    "pattern": _pattern,
    "uniqueItems": _unique,
    "items": _items,
    "contains": _contains,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "required": _required,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
}
