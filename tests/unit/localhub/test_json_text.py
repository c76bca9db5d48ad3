"""JSON of clients: what is read, and what costs too much."""

from __future__ import annotations

import pytest

from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import count_values, parse_json


def test_ordinary_json_is_read():
    assert parse_json(b'{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}
    assert parse_json(b"[" * 64 + b"]" * 64)
    assert parse_json(b'"' + b"[" * 100 + b'"') == "[" * 100


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"[" * 65 + b"]" * 65, "deeper than 64 levels"),
        (b"[" * 19_000, "not JSON"),
        (b"[" * 20_001, "more than 20,000 objects and arrays"),
        (b"[" + b"1," * 100_000 + b"1]", "more than 100,000 values"),
        (b'"\\ud800"', "not JSON"),
        (b"\xff", "not JSON"),
    ],
)
def test_harmful_json_is_refused(raw, message):
    with pytest.raises(HubFault, match=message) as caught:
        parse_json(raw)
    assert caught.value.status == 400


def test_values_are_counted_at_every_level():
    assert count_values({}) == 0
    assert count_values({"a": [1, [2, {}]], "b": "x"}) == 6
    assert count_values("x") == 0
