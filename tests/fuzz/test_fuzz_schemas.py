"""Schemas that anybody wrote: checking ends within its steps, and gives mismatches only.

EDGEOPS_FUZZ_SECONDS=600 looks further; a failure shows the schema and the value.
"""

from __future__ import annotations

import json
import random
import time
from typing import Any

from fuzz_budget import rounds
from jsonschema import Draft202012Validator

from edgeops.fleet.check_schema import STEPS
from edgeops.fleet.schema_words import Mismatch
from edgeops.fleet.user_schema import compile_user_schema, schema_faults
from edgeops.source.user_schema import parse_schema

SLOW = 20  # seconds for one schema and value: far more than it takes, far less than a hang

MIDDLES = (b"", b"\xff", b"{", b"[" * 2000, b"1" * 400, b"1e999", b"NaN", b"null")
KEYS = ("a", "b", "aa", "a/b", "", "x-y")
TAME = ("^a", "a+b?$", "^[a-z]{1,3}$", "", "^(a|b)*$", r"\d")
NASTY = (
    *(r"^(a+)+$", r"(a|a)*$", r"(.*)*x", r"^(?=a)", r"(a)\1", "(", "[", "a{1000}{1000}", "a{9999}"),
    *(r"(x+x+)+y", r"[ab]*a[ab]{500}c", r"\u00e9", "\ud800", r"\p{L}+$", "a{99999999999}"),
    *("a" * 900, "a{,3}$"),
)
REFERENCES = (
    *("#", "#/$defs/a", "#/$defs/b", "#/properties/a", "#/const", "#/foo", "#/allOf/0", "#a", "b"),
    *("http://localhost/x", "file:///etc/passwd", "#/x/%zz", "http://[", "urn:a#/$defs/a"),
    *("//", ""),
)
NUMBERS = (0, 1, -1, 3, 0.5, 1e-300, 1e300, 10**25, -(10**30), 2**53)
SCALARS = (None, True, False, *NUMBERS, "", "a", "aab", "b" * 70, "é", "a" * 30 + "!")


def any_value(chance: random.Random, depth: int = 3) -> Any:
    match chance.randrange(4 if depth else 2):
        case 2:
            return [any_value(chance, depth - 1) for _ in range(chance.randrange(4))]
        case 3:
            keys = chance.sample(KEYS, chance.randrange(4))
            return {key: any_value(chance, depth - 1) for key in keys}
    return chance.choice(SCALARS)


def any_schema(chance: random.Random, depth: int, *, nasty: bool) -> Any:
    if chance.random() < 0.1:
        return chance.choice((True, False))

    def part() -> Any:
        return any_schema(chance, depth - 1, nasty=nasty)

    def many() -> list[Any]:
        return [part() for _ in range(chance.randrange(1, 3))]

    def named(names: tuple[str, ...] = KEYS) -> dict[str, Any]:
        return {name: part() for name in chance.sample(names, chance.randrange(3))}

    expressions = (*TAME, *NASTY) if nasty else TAME
    flat = {
        "type": lambda: chance.choice(("object", "array", "string", "integer", ["null", "number"])),
        "const": lambda: any_value(chance, 2),
        "enum": lambda: [any_value(chance, 1) for _ in range(chance.randrange(1, 4))],
        "required": lambda: chance.sample(KEYS, chance.randrange(3)),
        "dependentRequired": lambda: {"a": chance.sample(KEYS, 2)},
        "uniqueItems": lambda: True,
        "minimum": lambda: chance.choice(NUMBERS),
        "exclusiveMaximum": lambda: chance.choice(NUMBERS),
        "multipleOf": lambda: chance.choice((1, 3, 0.5, 1e-300, 10**25)),
        "minLength": lambda: chance.randrange(4),
        "maxItems": lambda: chance.randrange(4),
        "maxProperties": lambda: chance.randrange(4),
        "pattern": lambda: chance.choice(expressions),
        "title": lambda: "a title",
    }
    deep = {
        "properties": named,
        "patternProperties": lambda: named(expressions),
        "additionalProperties": part,
        "propertyNames": part,
        "dependentSchemas": named,
        "items": part,
        "prefixItems": many,
        "contains": part,
        "allOf": many,
        "anyOf": many,
        "oneOf": many,
        "not": part,
        "if": part,
        "then": part,
        "else": part,
    }
    strange = {
        "$ref": lambda: chance.choice(REFERENCES),
        "$dynamicRef": lambda: chance.choice(REFERENCES),
        "$defs": lambda: {"a": part(), "b": part()},
        "$id": lambda: chance.choice(("urn:a", "b", "http://localhost/", "http://[", "#", "x#")),
        "$anchor": lambda: chance.choice(("a", "b")),
        "$dynamicAnchor": lambda: "a",
        "$schema": lambda: chance.choice(
            ("http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-04/schema#")
        ),
        "unevaluatedProperties": part,
        "unevaluatedItems": part,
        "foo": lambda: chance.choice((part(), 5, {"type": "nonsense"}, {"pattern": 5}, [part()])),
        "pattern": lambda: chance.choice((5, None, [])),
        "$vocabulary": lambda: {"http://localhost/v": True},
        "minContains": lambda: chance.randrange(3),
    }
    keywords = {**flat, **(deep if depth else {}), **(strange if nasty and depth else {})}
    chosen = chance.sample(sorted(keywords), chance.choice((1, 2, 2, 3, 5)))
    return {keyword: keywords[keyword]() for keyword in chosen}


def check_mismatches(mismatches: tuple[Mismatch, ...]) -> None:
    assert list(mismatches) == sorted(set(mismatches))
    for mismatch in mismatches:
        assert mismatch.message
        assert len(mismatch.message) <= 600
        assert len(mismatch.hint) <= 600


def test_nasty_schemas_end_within_their_steps() -> None:
    used = 0
    for chance in rounds(450, seed=2):
        schema, value = any_schema(chance, 3, nasty=True), any_value(chance, 4)
        start = time.monotonic()
        try:
            faults = schema_faults(schema)
            check_mismatches(faults)
            if not faults:
                used += 1
                checked = compile_user_schema(schema).check(value, STEPS)
                check_mismatches(checked.mismatches)
                assert checked.stopped_at is not None or checked.saved >= -STEPS
        except Exception as error:
            raise AssertionError(schema, value) from error
        assert time.monotonic() - start < SLOW
    assert used


def test_tame_schemas_say_what_jsonschema_says() -> None:
    for chance in rounds(350, seed=3):
        schema, value = any_schema(chance, 3, nasty=False), any_value(chance, 4)
        try:
            assert schema_faults(schema) == ()
            checked = compile_user_schema(schema).check(value, STEPS)
            assert checked.stopped_at is None
            assert (not checked.mismatches) == Draft202012Validator(schema).is_valid(value)
        except Exception as error:
            raise AssertionError(schema, value) from error


def test_files_that_are_no_schemas() -> None:
    """Bytes of a schema, spoilt: a problem or a schema, never an error."""
    for chance in rounds(300, seed=4):
        text = json.dumps(any_schema(chance, 2, nasty=True)).encode()
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.randrange(4))
        data = text[:at] + chance.choice(MIDDLES) + text[end:]
        documents, problems = parse_schema("schemas/x.json", data)
        assert len(documents) + bool(problems) == 1, data
        assert all(len(problem.message) <= 700 for problem in problems), data
