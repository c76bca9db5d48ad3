"""The loader's own rules for desired properties, held against the JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.schema import compile_schema
from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.faults import Code
from edgeops.modules.model_loader.wanted import FLAT

SCHEMA = json.loads(
    (Path(__file__).parents[4] / "schemas/modules/model_loader.desired.schema.json").read_bytes()
)
MODEL = SCHEMA["examples"][0]["models"]["crowdedness"]
FLAT_FORM = {
    "modelUrl": "https://contoso.example/m",
    "modelMd5": "098F6BCD4621D373CADE4E832627B4F6",
    "modelFileName": "m.tflite",
}
whole = compile_schema(SCHEMA)

strange: Any = st.sampled_from(
    [
        *(None, True, 0, 1, 1.0, 1.5, -1, "", "x", "1.0.0", "a" * 64, "A" * 32, "0" * 32, "g" * 64),
        *("..", "../x", "/x", ".x", "a b", "current.json", "onnx", "ONNX", "history", "x" * 200),
        *("https://h", "https://h/", "http://h/x", "https://h/x#y", "https://u:p@h/x"),
        *("https://h:443/x?y=z", "https://h/x\n", "https://h/ x", "https:///x", [], {}),
    ]
)


def changed(example: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The example with some values missing or odd."""
    return st.fixed_dictionaries(
        {}, optional={key: st.just(value) | strange for key, value in example.items()}
    )


@given(changed(MODEL))
def test_a_model_is_taken_if_and_only_if_the_schema_takes_it(value):
    desired = {"models": {"s": value}}
    assert ("s" in parse_desired(desired, FlatKeys()).models) == (not whole.mismatches(desired))


@given(changed(FLAT_FORM))
def test_the_single_model_form_is_taken_if_and_only_if_the_schema_takes_it(desired):
    parsed = parse_desired(desired, FlatKeys())
    assert (not parsed.faults) == (not whole.mismatches(desired))
    assert (FLAT in parsed.models) == (bool(desired) and not parsed.faults)


@given(st.dictionaries(st.sampled_from(["a", "a b", "history", "x" * 65, "Street_1-b"]) | st.text(),
                       st.just(MODEL)))  # fmt: skip
def test_a_slot_name_is_taken_if_and_only_if_the_schema_takes_it(models):
    parsed = parse_desired({"models": models}, FlatKeys())
    for slot, value in models.items():
        fine = not whole.mismatches({"models": {slot: value}})
        assert (slot in parsed.models) == fine
    assert bool(parsed.warnings) == (len(parsed.models) < len(models))


@given(strange | st.integers(-5, 30))
def test_keep_versions_is_taken_if_and_only_if_the_schema_takes_it(value):
    parsed = parse_desired({"keepVersions": value}, FlatKeys())
    assert (not parsed.warnings) == (not whole.mismatches({"keepVersions": value}))
    assert 1 <= parsed.keep_versions <= 20


json_value = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=10,
)
keys = st.sampled_from(["models", "keepVersions", "access", *FLAT_FORM])


@given(json_value | st.dictionaries(keys, json_value))
def test_no_input_raises(desired):
    parse_desired(desired, FlatKeys())


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "..", ".", "", ".hidden", "a/b", "a\\b", "a\0b", "current.json"]
)
def test_file_names_that_lead_elsewhere_are_refused(name):
    fault = parse_desired({"models": {"s": MODEL | {"fileName": name}}}, FlatKeys()).faults["s"]
    assert fault.code is Code.UNSAFE_FILE_NAME


def test_many_warnings_are_cut_short():
    warnings = parse_desired({str(number): 1 for number in range(30)}, FlatKeys()).warnings
    assert len(warnings) == 11
    assert warnings[-1] == "and 20 more"


def test_a_url_is_in_no_text():
    value = MODEL | {"url": "https://h/x?sig=secret"}
    wanted = parse_desired(
        {"models": {"s": value, "t": value | {"url": "x?sig=secret"}}}, FlatKeys()
    )
    assert "secret" not in repr(wanted)
