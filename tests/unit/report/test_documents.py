"""Documents as YAML and JSON."""

import json

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from edgeops.report.documents import dump_json, dump_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**52), 2**52)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(["1e3", "0o17", "0x1F", "no", "~", "2024-01-01", "1_000", "1:30", "<<", "="]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXT, children, max_size=3),
    max_leaves=8,
)


def test_yaml_keeps_the_order_of_keys_and_has_no_anchors():
    shared = {"image": "x:1"}
    assert dump_yaml({"b": shared, "a": [shared, "Kōwhai"]}) == (
        "b:\n  image: x:1\na:\n- image: x:1\n- Kōwhai\n"
    )


def test_texts_that_yaml_1_2_takes_for_numbers_are_quoted():
    assert dump_yaml(["1e3", "0o17", "1.0.0"]) == '- "1e3"\n- "0o17"\n- 1.0.0\n'


def test_long_texts_stay_on_one_line():
    assert dump_yaml({"a": "word " * 100 + "end"}).count("\n") == 1


@example({"a\x85b": "c\u2028d\ufeff"})
@given(JSON)
def test_a_yaml_document_holds_what_went_in(value):
    assert yaml.safe_load(dump_yaml(value)) == value


def test_a_json_document_can_always_be_written_to_a_terminal():
    text = dump_json("a\x9b2J\ud800é")
    assert text == '"a\\u009b2J\\ud800é"\n'
    assert json.loads(text) == "a\x9b2J\ud800é"


@given(JSON)
def test_a_json_document_holds_what_went_in(value):
    text = dump_json(value)
    assert json.loads(text) == value
    assert text.endswith("\n")
