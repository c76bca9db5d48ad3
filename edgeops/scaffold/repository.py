"""The files of a new fleet repository: manifests, schemas, workflows.

There is one copy of each: what only a new repository has is in `files/`;
schemas and workflows are those of edgeops itself (a wheel holds them too).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from edgeops import __version__
from edgeops.source.schemas import schema_folder

OWNER = "example"  # on GitHub, of edgeops
WORKFLOWS = ("fleet-pr.yml", "fleet-sync.yml", "model.yml", "promote.yml")

_ACTION = ".github/actions/edgeops"
_OURS = re.compile(r"^.*# only in the repository of edgeops\n", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")  # as in schemas/fleet.schema.json
_PACKAGE = Path(__file__).parent
# Without the dot: they would mean something to the tools of this repository.
_DOTTED = {"gitignore": ".gitignore", "github": ".github"}


def new_repository(name: str) -> dict[str, bytes]:
    """Every file by its path. The fleet gets the name, if it can be one of a fleet."""
    words = {
        "FLEET_NAME": name if _NAME.match(name) else "fleet",
        "EDGEOPS_OWNER": OWNER,
        "EDGEOPS_VERSION": __version__,
    }
    files = {}
    for path, text in _own():
        for word, value in words.items():
            text = text.replace(word, value)
        files[path] = text.encode()
    schemas = schema_folder()
    for file in schemas.rglob("*.json"):
        files[f"schemas/{file.relative_to(schemas).as_posix()}"] = file.read_bytes()
    for workflow in WORKFLOWS:
        files[f".github/workflows/{workflow}"] = _workflow(workflow).encode()
    return dict(sorted(files.items()))


def _own() -> Iterator[tuple[str, str]]:
    folder = _PACKAGE / "files"
    for file in folder.rglob("*"):
        if file.is_file():
            first, *rest = file.relative_to(folder).parts
            path = PurePosixPath(_DOTTED.get(first, first), *rest)
            yield str(path), file.read_text(encoding="utf-8")


def _workflow(name: str) -> str:
    """A workflow as others need it: with the published action, without what concerns only us."""
    inside = _PACKAGE / "workflows"
    folder = inside if inside.is_dir() else _PACKAGE.parents[1] / ".github/workflows"
    text = _OURS.sub("", (folder / name).read_text(encoding="utf-8"))
    return text.replace(f"./{_ACTION}", f"{OWNER}/edgeops/{_ACTION}@v{__version__}")
