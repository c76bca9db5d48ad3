"""Model files (`models/<name>/model.yaml`), checked without the packages that training needs."""

from __future__ import annotations

from collections.abc import Sequence

from edgeops.fleet.kind_schemas import KindSchemas
from edgeops.fleet.manifest import parse
from edgeops.fleet.model import Document, Problem


def model_file_problems(file: str, data: bytes, schemas: KindSchemas) -> tuple[Problem, ...]:
    """What is wrong with a model file; `schemas` has the schema of `Model`."""
    documents, found = parse(file, data, schemas)
    if any(not problem.warning for problem in found):
        return found
    fault = model_file_fault(file, documents)
    return (fault,) if fault else ()


def model_file_fault(file: str, documents: Sequence[Document]) -> Problem | None:
    """The problem of a model file as a whole: it has one document, named as its folder is.

    Each document must be valid against the schema.
    """
    if len(documents) != 1:
        message = f"has {len(documents)} YAML documents; a model file must have one"
        return (documents[0] if documents else Document(file, None, {})).problem("", message)
    document, folder = documents[0], file.split("/")[1]
    name = document.value["metadata"]["name"]
    if name != folder:
        hint = f"the name must be the name of its folder, {folder}"
        return document.problem("/metadata/name", f"is `{name}`", hint)
    return None
