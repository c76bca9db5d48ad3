"""Every kind of manifest ends up in the catalog."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from edgeops.fleet.catalog import KINDS, Catalog, read_catalog
from edgeops.fleet.model import Document, Snapshot
from edgeops.source.schemas import packaged_schemas, schema_folder


@pytest.mark.parametrize("declared", fields(Catalog), ids=lambda declared: declared.name)
def test_the_example_of_each_kind_is_in_its_field(declared) -> None:
    examples = packaged_schemas().documents[declared.metadata["kind"]]["examples"]
    documents = tuple(Document(f"{at}.yaml", value, {}) for at, value in enumerate(examples))
    catalog, problems = read_catalog(Snapshot(None, documents, ()))
    assert [problem for problem in problems if problem.message != "there is no Fleet"] == []
    manifests = getattr(catalog, declared.name).values()
    assert {id(manifest.document) for manifest in manifests} == set(map(id, documents))


def test_each_schema_of_a_manifest_is_of_a_kind_that_is_read() -> None:
    schemas = [json.loads(path.read_bytes()) for path in schema_folder().glob("*.json")]
    of_manifests = [schema for schema in schemas if "apiVersion" in schema.get("required", ())]
    kinds = {schema["properties"]["kind"]["const"] for schema in of_manifests}
    # A model.yaml, a scorecard and a saved plan are not part of a fleet: others read them.
    assert kinds - {"Model", "Scorecard", "Plan"} == set(KINDS)


def test_a_manifest_of_a_kind_that_nobody_reads_is_not_ignored() -> None:
    lamp = Document("a.yaml", {"kind": "Lamp", "metadata": {"name": "a"}}, {})
    _, problems = read_catalog(Snapshot(None, (lamp,), ()))
    assert [problem.place.file for problem in problems if problem.error] == ["a.yaml"]
