"""Snapshots from YAML text, as the tests of the fleet write them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from edgeops.fleet.model import Document, Problem, Snapshot, split
from edgeops.fleet.yaml import load

FLEET = "kind: Fleet\nmetadata: {name: test}\nspec: {}\n"


@pytest.fixture
def snapshot_of() -> Callable[..., Snapshot]:
    """Makes a snapshot from file names and texts; adds a plain Fleet when none is given."""

    def make(files: Mapping[str, str], schemas: Mapping[str, Any] | None = None) -> Snapshot:
        if not any("kind: Fleet" in text for text in files.values()):
            files = {"fleet.yaml": FLEET, **files}
        documents: list[Document] = []
        problems: list[Problem] = []
        for name, text in files.items():
            loaded, found = load(name, text.encode())
            documents += loaded
            problems += found
        wrong, warnings = split(problems)
        return Snapshot("c0ffee", tuple(documents), wrong, schemas or {}, warnings)

    return make
