"""The loader's own rules for desired properties, held against the JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.digest import digest_of_files
from edgeops.fleet.schema import compile_schema
from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.faults import Code
from edgeops.modules.model_loader.wanted import FLAT
from edgeops.release import ModelRelease, ReleaseFile, Signature

SCHEMA = json.loads(
    (Path(__file__).parents[4] / "schemas/modules/model_loader.desired.schema.json").read_bytes()
)
MODEL = SCHEMA["examples"][0]["models"]["crowdedness"]
SIGNATURE = SCHEMA["$defs"]["signature"]["examples"][0]
DIGEST = "0123456789abcdef" * 4


def several(*names: str, **more: Any) -> dict[str, Any]:
    """A model of files with these names."""
    files = [{"name": name, "url": "https://h/x", "size": 1, "sha256": DIGEST} for name in names]
    sha256 = digest_of_files((str(it["name"]), 1, DIGEST) for it in files)
    return {"name": "vision", "version": "1.0.0", "sha256": sha256, "files": files, **more}


FLAT_FORM = {
    "modelUrl": "https://contoso.example/m",
    "modelMd5": "098F6BCD4621D373CADE4E832627B4F6",
    "modelFileName": "m.tflite",
}
whole = compile_schema(SCHEMA)

strange: Any = st.sampled_from(
    [
        *(None, True, 0, 1, 1.0, 1.5, -1, "", "x", "1.0.0", "a" * 64, "A" * 32, "0" * 32, "g" * 64),
        *(
            "..",
            "../x",
            "/x",
            ".x",
            "a b",
            "Current.json",
            "OWN",
            "onnx",
            "ONNX",
            "history",
            "x" * 200,
        ),
        *("https://h", "https://h/", "http://h/x", "https://h/x#y", "https://u:p@h/x"),
        *("https://h:443/x?y=z", "https://h/x\n", "https://h/ x", "https:///x", [], {}),
        *("a/b", "a//b", "own", "a/own/b", "owner", "a.b+c", "-x", "x" * 33, {"a": "b"}, {"a": 1}),
        *({"a": "b" * 257}, {str(n): "" for n in range(21)}, {"key": "0" * 16}, [{}], [[]] * 2),
    ]
)


def changed(example: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The example with some values missing or odd."""
    return st.fixed_dictionaries(
        {}, optional={key: st.just(value) | strange for key, value in example.items()}
    )


@given(changed({**MODEL, "metadata": {"a": "b"}, "signature": SIGNATURE}))
def test_a_model_is_taken_if_and_only_if_the_schema_takes_it(value):
    desired = {"models": {"s": value}}
    assert ("s" in parse_desired(desired, FlatKeys()).models) == (not whole.mismatches(desired))


@given(
    changed(several("a.onnx", "b/c.txt", signature=SIGNATURE, metadata={"a": "b"})),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("url", "fileName", "size", "md5"), strange)),
)
def test_several_files_are_taken_if_and_only_if_the_schema_takes_them(value, more):
    desired = {"models": {"s": value | more}}
    sound = value.get("sha256") == several("a.onnx", "b/c.txt")["sha256"]
    if sound or "files" not in value:
        assert ("s" in parse_desired(desired, FlatKeys()).models) == (not whole.mismatches(desired))


file_name = st.text("aB1_.-/ö ", min_size=1, max_size=8) | st.sampled_from(
    [
        *("own", "x/own", "Own/x", "owner/x", "current.json", "a/current.json/b"),
        *("CURRENT.JSON", "a/Current.json", "x" * 128, "x" * 129),
    ]
)


@given(file_name)
def test_the_name_of_a_file_is_taken_if_and_only_if_the_schema_takes_it(name):
    desired = {"models": {"s": several("main.onnx", name)}}
    fine = not whole.mismatches(desired)
    parsed = parse_desired(desired, FlatKeys())
    assert ("s" in parsed.models) == fine
    assert fine or parsed.faults["s"].code is Code.UNSAFE_FILE_NAME


@given(changed(several("main", "b")["files"][0]))
def test_a_file_is_taken_if_and_only_if_the_schema_takes_it(file):
    value = several("main", "b")  # a name that is not a part of those generated
    value["files"][1] = file | ({"name": "c"} if file.get("name") == "main" else {})
    parts = [value["files"][0], value["files"][1]]
    if all(isinstance(it.get("size"), int) and isinstance(it.get("name"), str) for it in parts):
        listed = [(it["name"], it["size"], it.get("sha256", "")) for it in parts]
        value["sha256"] = digest_of_files(listed)
    desired = {"models": {"s": value}}
    assert ("s" in parse_desired(desired, FlatKeys()).models) == (not whole.mismatches(desired))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "a"), "`files`: a and a are the same name"),
        (("labels/en.txt", "Labels/EN.txt"), "Labels/EN.txt and labels/en.txt are the same name"),
        (("a", "a/b"), "a is a file, and a folder of a/b"),
        (("A/b/c", "a/B"), "a/B is a file, and a folder of A/b/c"),
    ],
)
def test_names_that_one_folder_cannot_hold_are_refused(names, message):
    fault = parse_desired({"models": {"s": several(*names)}}, FlatKeys()).faults["s"]
    assert fault.code is Code.UNSAFE_FILE_NAME
    assert message in fault.message


@pytest.mark.parametrize("count", [1, 2, 50, 51])
def test_two_to_fifty_files_are_taken(count):
    desired = {"models": {"s": several(*(f"f{number}" for number in range(count)))}}
    assert ("s" in parse_desired(desired, FlatKeys()).models) == (2 <= count <= 50)
    assert bool(whole.mismatches(desired)) == (not 2 <= count <= 50)


def test_what_a_release_says_is_what_the_twin_gets():
    files = (
        ReleaseFile("m.onnx", 1, DIGEST, path="v/m.onnx"),
        ReleaseFile("l/a", 2, DIGEST, path="l/a"),
    )
    signature = Signature(SIGNATURE["key"], SIGNATURE["value"])
    metadata = (("a", "b"),)
    for chosen in (files[:1], files):
        release = ModelRelease("v", "1.0.0", "x", chosen, metadata, signature)
        desired = {"models": {"s": release.twin_value("https://h/artifacts/")}}
        if len(chosen) == 1:
            desired["models"]["s"]["md5"] = "0" * 32
        assert whole.mismatches(desired) == ()
        model = parse_desired(desired, FlatKeys()).models["s"]
        assert (model.digest, model.metadata) == (release.sha256, release.metadata)
        assert model.signature == signature
        assert [(file.name, file.size, file.sha256) for file in model.files] == [
            (file.name, file.size, file.sha256) for file in chosen
        ]


def test_unknown_keys_only_warn_in_each_file():
    value = several("a", "b")
    value["files"][1]["colour"] = "red"
    parsed = parse_desired({"models": {"s": value}}, FlatKeys())
    assert parsed.warnings == ("models.s: unknown key `colour` is ignored",)
    assert "s" in parsed.models


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
    "name",
    ["../x", "/etc/passwd", "..", ".", "", ".hidden", "a/b", "a\\b", "a\0b", "current.json", "Own"],
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
