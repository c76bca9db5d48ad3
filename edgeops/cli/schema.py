"""`edgeops schema`: files by which editors know the names of a fleet."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api
from edgeops.cli.options import option
from edgeops.cli.settings import note, say, workspace

_SHOWN = 5


def schema(
    context: typer.Context,
    drop_comments: Annotated[
        bool,
        option(
            "Remove `# yaml-language-server: $schema=...` from the first line of manifests.",
            "--drop-comments",
        ),
    ] = False,
) -> None:
    """Write a JSON Schema that knows this fleet's names, and the settings of VS Code for it.

    Editors then complete modules, releases, hubs, parents, slots and labels, and
    mark a name that does not exist. Writes .vscode/edgeops.schema.json, and adds it
    to .vscode/settings.json for fleet/; other settings stay. Needs the YAML
    extension. Run it again when names have changed.

    \b
    Examples:
      edgeops schema
      edgeops schema --drop-comments
    """
    written = api.write_editor_files(workspace(context), drop_comments=drop_comments)
    for path in written.files:
        say(path)
    if others := written.named_otherwise:
        shown = ", ".join(others[:_SHOWN]) + (" ..." if len(others) > _SHOWN else "")
        note(
            context,
            f"{len(others)} manifests name another schema in their first line, which editors"
            f" follow instead (--drop-comments removes it): {shown}",
        )
    if written.unread:
        note(context, "names in files with problems are missing: `edgeops validate` shows them")
