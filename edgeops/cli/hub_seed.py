"""`edgeops hub seed`: fill the local hub from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeops import api
from edgeops.cli.hub_dir import DirOption, hub_workspace
from edgeops.cli.options import argument
from edgeops.cli.settings import say


def seed(
    context: typer.Context,
    file: Annotated[Path, argument("YAML or JSON file with devices and their twins.")],
    directory: DirOption = None,
) -> None:
    """Create devices, modules and twins of a file on the local hub: all of them, or none.

    Tags and desired properties that the file gives become exactly those; what it
    does not name stays, so the same file can be seeded again. Uses the running
    hub, or starts one for this command. A fleet is put on the hub by `edgeops sync`.

    \b
    A file:
      devices:
        thermostat-1: {tags: {site: north}, desired: {interval: 60}}

    \b
    Examples:
      edgeops hub seed devices.yaml
      edgeops hub seed devices.json --dir /tmp/hub
    """
    done = api.hub_seeds.seed(hub_workspace(context, directory), file)
    say(f"{done.created} created, {done.changed} changed, {done.unchanged} unchanged")
