"""One schema for many values: what it may cost altogether."""

from __future__ import annotations

from typing import Any

import pytest

from edgeops.fleet.check_schema import SchemaChecker

LINKS = 24
BRANCHING = {
    "$defs": {
        **{f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(LINKS)},
        f"d{LINKS}": {},
    },
    "properties": {"slow": {"$ref": "#/$defs/d0"}, "some": {"$ref": "#/$defs/d12"}},
    "additionalProperties": {"type": "integer"},
}


class Memo(dict[str, bytes]):
    def put(self, key: str, value: bytes) -> None:
        self[key] = value


def messages_of(checker: SchemaChecker, values: list[Any]) -> list[list[str]]:
    return [
        [mismatch.message for mismatch in checker.mismatches(value, BRANCHING)] for value in values
    ]


@pytest.mark.slow
def test_a_schema_that_takes_too_many_steps_is_reported_once() -> None:
    values = [{"a": "x"}, {"slow": 1}, {"slow": 2}, {"a": "y"}]
    first, slow, *others = messages_of(SchemaChecker(), values)
    assert first == ["is the text `x`; it must be a whole number"]
    (message,) = slow
    assert message.startswith(
        "the schema takes too many steps to check this value; it stopped at `/$defs"
    )
    assert others == [[], []]


@pytest.mark.slow
def test_what_is_remembered_counts_as_if_it_was_found_now() -> None:
    """The answer must not depend on what this machine has checked before."""
    values = [{"some": number} for number in range(20)]
    memo = Memo()
    alone = messages_of(SchemaChecker(), values)
    assert sum(map(bool, alone)) == 1
    assert messages_of(SchemaChecker(memo), values) == alone
    assert messages_of(SchemaChecker(memo), values) == alone
    assert len(memo) == alone.index(next(filter(None, alone)))


def test_any_number_of_modest_values_is_fine() -> None:
    values = [{"a": number, **{f"k{n}": n for n in range(20)}} for number in range(1000)]
    assert not any(messages_of(SchemaChecker(), values))
