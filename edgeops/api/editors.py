"""Files by which editors know the names of a fleet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeops.api.workspace import Workspace
from edgeops.errors import Refused

FOLDER = ".vscode"
SCHEMA = f"{FOLDER}/edgeops.schema.json"
SETTINGS = f"{FOLDER}/settings.json"
_FILES = "fleet/**/*.yaml"
# What `init` and `import` write; editors follow it before their settings.
_COMMENT = re.compile(rb"# yaml-language-server: \$schema=[\w./-]*schemas/\w+\.schema\.json\r?\n")


@dataclass(frozen=True, slots=True)
class EditorFiles:
    """The files that were written, and manifests whose first line names another schema.

    `unread` is the number of problems of files, whose names the schema lacks.
    """

    files: tuple[str, ...]
    named_otherwise: tuple[str, ...]
    unread: int


def write_editor_files(workspace: Workspace, *, drop_comments: bool = False) -> EditorFiles:
    """Write the schema of the fleet on disk, and the settings of VS Code that name it.

    Other settings stay. With `drop_comments`, comments in the first line of manifests that name a
    schema are removed. Raises `Refused` for settings that cannot be read without losing something
    (nothing is written then), and `EdgeOpsError`.
    """
    from edgeops.fleet.editor_schema import editor_schema
    from edgeops.source.schemas import packaged_schemas
    from edgeops.user_files import write_atomically

    root, revision = workspace.root, workspace.at(None)
    for path in (FOLDER, SCHEMA, SETTINGS):
        if (root / path).is_symlink():
            raise Refused(f"{path} is a link", "nothing was written; replace it by what it names")
    schema = editor_schema(packaged_schemas().documents, revision.catalog)
    settings = _settings(root / SETTINGS)
    write_atomically(root / SCHEMA, _dump(schema))
    written = [SCHEMA]
    if settings is not None:
        write_atomically(root / SETTINGS, settings)
        written.append(SETTINGS)
    others = [*_with_comment(root)]
    if drop_comments:
        for file in others:
            text = file.read_bytes()
            write_atomically(file, _COMMENT.sub(b"", text, count=1).decode())
            written.append(file.relative_to(root).as_posix())
        others = []
    named = tuple(file.relative_to(root).as_posix() for file in others)
    return EditorFiles(tuple(written), named, len(revision.snapshot.problems))


def _settings(file: Path) -> str | None:
    """The settings with the schema in them; None if it is there. Raises `Refused`."""
    from edgeops.user_files import read_text

    path = f"./{SCHEMA}"
    line = f'"yaml.schemas": {{"{path}": "{_FILES}"}}'
    settings: dict[str, Any] = {}
    if file.exists():
        text = read_text(file, "the settings", "nothing was written; make it a plain file")
        if f'"{path}"' in text:
            return None  # perhaps added by hand, as the error below says
        try:
            settings = json.loads(text, object_pairs_hook=_once)
            schemas = settings.get("yaml.schemas", {})
        except (ValueError, AttributeError, RecursionError):
            raise _not_plain(line) from None
        if not isinstance(schemas, dict):
            raise _not_plain(line)
    schemas = {**settings.get("yaml.schemas", {}), path: _FILES}
    return _dump({**settings, "yaml.schemas": schemas})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; raises `ValueError` for a key that is there twice, of which one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _not_plain(line: str) -> Refused:
    return Refused(
        f"{SETTINGS} is not a plain JSON object, such as one with comments",
        f"nothing was written; add {line} to it by hand, and run this again",
    )


def _with_comment(root: Path) -> Iterator[Path]:
    for file in sorted((root / "fleet").rglob("*.y*ml")):
        if file.is_file() and not file.is_symlink() and _COMMENT.match(file.read_bytes()):
            yield file


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
