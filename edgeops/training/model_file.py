"""`models/<name>/model.yaml`: how a model is made and judged, checked against its schema."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from edgeops.errors import EdgeOpsError, InvalidState
from edgeops.fleet import yaml
from edgeops.fleet.model import Document, Problem
from edgeops.fleet.schema import compile_schema
from edgeops.fleet.suggest import did_you_mean
from edgeops.source.schemas import schema_folder
from edgeops.twin import JsonObject

_FILE = "model.yaml"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A valid model file: `spec` is as it was written, without defaults.

    `root` is the folder of the repository, which paths in the file start at;
    `sha256` is of the value, so that comments and layout do not matter.
    """

    name: str
    root: Path
    spec: JsonObject
    sha256: str
    description: str = ""

    def section(self, name: str) -> JsonObject:
        """One part of the spec; empty when it was left out."""
        part: JsonObject = self.spec.get(name, {})
        return part


def load_model_file(root: Path, name: str) -> ModelFile:
    """The model of a name. Raises `EdgeOpsError`; `InvalidModel` with all that is wrong in it."""
    path = root / "models" / name / _FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EdgeOpsError(
            f"there is no models/{name}/{_FILE} in {root}", _known(root, name)
        ) from error
    shown = path.relative_to(root).as_posix()
    documents, problems = yaml.load(shown, data)
    if not problems:
        problems = _mismatches(shown, documents, name)
    if problems:
        raise InvalidModel(problems)
    value = documents[0].value
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
    description = value["metadata"].get("description", "")
    return ModelFile(name, root, value["spec"], digest, description)


class InvalidModel(InvalidState):
    """A model file is not valid; `problems` says where and why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
        super().__init__(f"{first.place}: {first.pointer} {first.message}{more}", first.hint)
        self.problems = problems


def _mismatches(shown: str, documents: tuple[Document, ...], name: str) -> tuple[Problem, ...]:
    if len(documents) != 1:
        message = f"has {len(documents)} documents; a model is one"
        return (_problem(documents[0] if documents else Document(shown, None, {}), "", message),)
    document = documents[0]
    schema = compile_schema(json.loads((schema_folder() / "model.schema.json").read_bytes()))
    found = schema.mismatches(document.value)
    if found:
        return tuple(_problem(document, one.pointer, one.message, one.hint) for one in found)
    if document.value["metadata"]["name"] != name:
        hint = f"the name must be that of its folder, {name}"
        message = f"is `{document.value['metadata']['name']}`"
        return (_problem(document, "/metadata/name", message, hint),)
    return ()


def _problem(document: Document, pointer: str, message: str, hint: str = "") -> Problem:
    return Problem(document.place(pointer), pointer, message, hint)


def _known(root: Path, name: str) -> str:
    names = sorted(file.parent.name for file in (root / "models").glob(f"*/{_FILE}"))
    if not names:
        return f"a model is a folder models/<name>/ with a {_FILE}"
    return did_you_mean(name, names) or f"the models are {', '.join(names)}"
