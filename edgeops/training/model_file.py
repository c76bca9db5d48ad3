"""`models/<name>/model.yaml`: how to train and judge a model, checked against its schema."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from edgeops.errors import EdgeOpsError, InvalidState, UsageError
from edgeops.features.explain import extended
from edgeops.features.spec import Site
from edgeops.fleet import yaml
from edgeops.fleet.model import Document, Place, Problem, split
from edgeops.fleet.model_manifest import model_file_fault
from edgeops.fleet.schema import compile_schema
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import JsonObject
from edgeops.plain_file import is_absent, read_plain
from edgeops.source.schemas import packaged_schema
from edgeops.training.data_paths import data_paths, path_fault
from edgeops.training.recipe import Recipe
from edgeops.training.records import record

_FILE = "model.yaml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")  # as in schemas/model.schema.json


@dataclass(frozen=True)
class ModelFile:
    """A valid model file: `spec` is as written, `recipe` has the defaults.

    Instead of named sets of features, and names to leave out, `spec` has the features.

    Paths in the file are relative to `newer_data`, if that has them, to `root`, the repository, or
    else to one of the `data_dirs`. `sha256` is the digest of the value, so comments and layout
    do not matter; `marks` are those of `Document`.
    """

    name: str
    root: Path
    spec: JsonObject
    sha256: str
    description: str = ""
    data_dirs: tuple[Path, ...] = ()
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    newer_data: Path | None = None

    def place(self, pointer: str) -> Place:
        """The line and column of a value in the file."""
        return Document(_path(self.name), None, self.marks).place(pointer)

    @cached_property
    def recipe(self) -> Recipe:
        """The spec with its defaults."""
        return record(Recipe, self.spec)


def name_fault(name: str) -> str | None:
    """Why this cannot be the name of a model; None if it can."""
    if _NAME.match(name):
        return None
    return "use 1 to 64 letters, digits, _ . or -, beginning with a letter or digit"


def load_model_file(root: Path, name: str, data_dirs: Sequence[Path] = ()) -> ModelFile:
    """The model file of a model. Raises `EdgeOpsError`, and `InvalidModel` with all problems."""
    if not _NAME.match(name):
        raise UsageError(f"`{name}` is not the name of a model", _known(root, name))
    shown = _path(name)
    try:
        data = read_plain(root, shown, yaml.MAX_BYTES)
    except OSError as error:
        if is_absent(error):
            raise UsageError(f"there is no {shown} in {root}", _known(root, name)) from error
        raise EdgeOpsError(
            f"cannot read {shown}: {error.strerror}",
            "a model file must be a regular file in the repository, not a link",
        ) from error
    documents, found = yaml.load(shown, data)
    problems = split(found)[0]
    if not problems:
        problems = _mismatches(shown, documents)
    if problems:
        raise InvalidModel(problems)
    document = documents[0]
    value = document.value
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
    description = value["metadata"].get("description", "")
    return ModelFile(
        name, root, _expanded(document), digest, description, tuple(data_dirs), document.marks
    )


def _expanded(document: Document) -> JsonObject:
    """The spec with the names of its features. Raises `InvalidModel`."""
    spec = document.value["spec"]
    site, written = record(Site, spec["data"]["site"]), spec["features"]
    names: tuple[str, ...] = ()
    problems = []
    for at, item in enumerate([written] if isinstance(written, str) else written):
        try:
            names = extended(names, item, site)
        except EdgeOpsError as fault:
            pointer = f"/spec/features/{at}"
            problems.append(_problem(document, pointer, fault.message, fault.hint))
    if not names and not problems:
        problems.append(_problem(document, "/spec/features", "leaves out every feature"))
    if problems:
        raise InvalidModel(tuple(problems))
    return {**spec, "features": list(names)}


class InvalidModel(InvalidState):
    """A model file is not valid; `problems` has all problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.place}: {first.pointer} {first.message}{more}", first.hint)
        self.problems = problems


def _mismatches(shown: str, documents: tuple[Document, ...]) -> tuple[Problem, ...]:
    if len(documents) != 1:
        return tuple(filter(None, [model_file_fault(shown, documents)]))
    document = documents[0]
    schema = compile_schema(packaged_schema("model"))
    problems = _bad_paths(document)
    bad_paths = {problem.pointer for problem in problems}
    problems += [
        _problem(document, mismatch.pointer, mismatch.message, mismatch.hint)
        for mismatch in schema.mismatches(document.value)
        if mismatch.pointer not in bad_paths
    ]
    return tuple(sorted(problems)) or tuple(filter(None, [model_file_fault(shown, documents)]))


def _bad_paths(document: Document) -> list[Problem]:
    value = document.value
    paths = data_paths(value.get("spec") if isinstance(value, dict) else None)
    faults = ((pointer, path, path_fault(path)) for pointer, path in paths)
    return [
        _problem(document, pointer, f"`{path}` {fault[0]}", fault[1])
        for pointer, path, fault in faults
        if fault
    ]


def _path(name: str) -> str:
    return f"models/{name}/{_FILE}"


def _problem(document: Document, pointer: str, message: str, hint: str = "") -> Problem:
    return Problem(document.place(pointer), pointer, message, hint)


def _known(root: Path, name: str) -> str:
    names = sorted(file.parent.name for file in (root / "models").glob(f"*/{_FILE}"))
    if not names:
        return f"create models/<name>/{_FILE}"
    return did_you_mean(name, names) or f"the models are {', '.join(names)}"
