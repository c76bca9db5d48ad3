"""Manifests and their JSON Schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeops.fleet.kind_schemas import KindSchemas
from edgeops.fleet.manifest import parse
from edgeops.source.schemas import packaged_schemas, schema_folder

LAMP = {
    "type": "object",
    "properties": {
        "apiVersion": {},
        "kind": {},
        "spec": {"type": "object", "properties": {"on": {"type": "boolean"}}},
    },
    "additionalProperties": False,
}


def lamps() -> KindSchemas:
    return KindSchemas({"Lamp": LAMP})


def test_valid_documents_are_kept_and_all_problems_of_the_others_listed_in_order() -> None:
    text = b"""\
apiVersion: edgeops/v1
kind: Lamp
spec: {on: true}
---
apiVersion: edgeops/v1
kind: Lamp
spec: {on: 1, token: ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}
colour: red
---
kind: Lmap
"""
    documents, problems = parse("fleet/a.yaml", text, lamps())
    assert [document.marks["/spec"] for document in documents] == [(3, 1)]
    assert [(str(p.place), p.pointer, p.message, p.hint) for p in problems] == [
        ("fleet/a.yaml:7:8", "/spec/on", "is the number 1; it must be true or false", ""),
        (
            "fleet/a.yaml:7:15",
            "/spec/token",
            "holds a GitHub token",
            "remove and revoke it: everyone with access to the repository can read it",
        ),
        (
            "fleet/a.yaml:8:1",
            "/colour",
            "unknown key `colour`",
            "known here: apiVersion, kind and spec",
        ),
        ("fleet/a.yaml:10:1", "/kind", "unknown kind `Lmap`", "did you mean `Lamp`?"),
    ]


def test_the_digest_is_of_the_content() -> None:
    assert lamps().digest == lamps().digest
    assert KindSchemas({"Lamp": {**LAMP, "title": "x"}}).digest != lamps().digest


def test_numbers_are_compared_as_json_schema_does() -> None:
    """An integer may be written 1.0, and true is no number."""
    schemas = KindSchemas({"N": {"properties": {"n": {"type": "integer"}}}})
    head = b"apiVersion: edgeops/v1\nkind: N\nn: "
    assert all(problem.warning for problem in parse("a", head + b"1.0", schemas)[1])
    assert parse("a", head + b"true", schemas)[1]


@pytest.mark.parametrize("kind", packaged_schemas().documents)
def test_the_example_of_each_kind_is_valid(kind: str) -> None:
    schemas = packaged_schemas()
    for example in schemas.documents[kind]["examples"]:
        documents, problems = parse("a.yaml", json.dumps(example).encode(), schemas)
        assert not problems
        assert documents[0].value == example


@pytest.mark.parametrize("path", sorted(schema_folder().rglob("*.json")), ids=lambda p: p.name)
def test_schemas_are_valid_and_their_examples_meet_them(path: Path) -> None:
    from jsonschema import Draft202012Validator

    from edgeops.fleet.schema import compile_schema

    document = json.loads(path.read_bytes())
    Draft202012Validator.check_schema(document)
    for example in document.get("examples", ()):
        assert compile_schema(document).mismatches(example) == ()


@pytest.mark.parametrize(
    "path", sorted(schema_folder().glob("modules/*.json")), ids=lambda p: p.name
)
def test_a_fleet_can_take_the_schemas_of_our_modules_as_its_own(path: Path) -> None:
    from edgeops.fleet.user_schema import compile_user_schema, schema_faults

    document = json.loads(path.read_bytes())
    assert schema_faults(document) == ()
    for example in document.get("examples", ()):
        checked = compile_user_schema(document).check(example, 0)
        assert checked.mismatches == ()
        assert checked.saved > 0


def test_the_example_of_each_part_meets_it() -> None:
    """What an editor offers for completion must be right."""
    from edgeops.fleet.schema import compile_schema

    for root in packaged_schemas().documents.values():
        for part in parts(root):
            schema = compile_schema({**part, "$defs": root.get("$defs", {})})
            for example in part.get("examples", ()):
                assert schema.mismatches(example) == (), (part.get("title"), example)


def test_parts_of_one_name_are_the_same_in_all_schemas() -> None:
    """Each file stands alone for editors, so the shared parts are copies."""
    seen: dict[str, object] = {}
    for root in packaged_schemas().documents.values():
        for name, part in root.get("$defs", {}).items():
            assert seen.setdefault(name, part) == part


def parts(schema: object) -> list[dict[str, object]]:
    titled = []
    if isinstance(schema, dict):
        if "title" in schema:
            titled.append(schema)
        for value in schema.values():
            titled += parts(value)
    elif isinstance(schema, list):
        for value in schema:
            titled += parts(value)
    return titled
