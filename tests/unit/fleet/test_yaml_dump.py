"""What is written reads back alike, by parsers of YAML 1.1 and 1.2."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.yaml_dump import dump_block, dump_flow
from edgeops.fleet.yaml_scalar import NotJson, plain_value

NUMBERS = ["1e3", "0o17", "0x1F", "1.", ".5", "3.10", "007", "-1", "1" * 40]
WORDS = ["true", "NULL", "~", "", "no", ".inf", "1:30", "2024-01-02", "<<", "="]


def test_the_order_stays_and_nothing_is_an_anchor():
    same = {"b": 1, "a": "text"}
    assert dump_block({"z": same, "y": [same]}) == (
        "z:\n  b: 1\n  a: text\ny:\n- b: 1\n  a: text\n"
    )


def test_numbers_that_are_text_stand_in_double_quotes():
    assert dump_block(NUMBERS) == "".join(f'- "{number}"\n' for number in NUMBERS)


@given(st.sampled_from(NUMBERS + WORDS) | st.text("0123456789.eExo+-_:~nul", max_size=8))
def test_text_is_text_in_yaml_1_1_and_in_1_2(text):
    document = dump_block({"text": text})
    assert yaml.safe_load(document) == {"text": text}
    plain = document.removeprefix("text:").strip()
    if plain[:1] not in ('"', "'", "|", ">", "?"):
        assert read_as(plain) == text


def read_as(scalar: str) -> object:
    try:
        return plain_value(scalar)
    except NotJson:
        return None


def test_text_is_quoted_where_the_caller_asks_for_it():
    assert dump_block(["a", "b"], quoted=lambda text: text == "b") == '- a\n- "b"\n'


def test_one_line_with_one_kind_of_quotes():
    value = {"name": "gw:*?", "labels": {"floor": "1", "a": "[x]"}, "say": 'a "b": c', "no": None}
    text = dump_flow(value)
    assert text == (
        '{name: "gw:*?", labels: {floor: "1", a: "[x]"}, say: \'a "b": c\', "no": null}'
    )
    assert yaml.safe_load(text) == value
