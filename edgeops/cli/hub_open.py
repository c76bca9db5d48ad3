"""`edgeops hub open`: the web page of the running local hub."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from edgeops import api
from edgeops.cli.hub_dir import DirOption, hub_workspace
from edgeops.cli.options import option
from edgeops.cli.settings import note

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def open_page(
    context: typer.Context,
    no_browser: Annotated[bool, option("Only print the link.", "--no-browser")] = False,
    directory: DirOption = None,
) -> None:
    """Open the web page of the running local hub: devices, events, conditions.

    It prints a link, which works once and within five minutes, and opens it in the
    browser where there is a display. The page then lasts for twelve hours, or as
    long as the hub runs.

    \b
    Examples:
      edgeops hub open
      edgeops hub open --no-browser
    """
    where = hub_workspace(context, directory)
    link = api.hub_page.page_link(where)
    typer.echo(link)
    note(context, "The link works once. A browser warns about the certificate, which is the hub's")
    note(context, f"own: trust {where.hub_dir / 'ca.pem'}, or continue to localhost.")
    if not no_browser and has_display(os.environ, sys.platform):
        import webbrowser

        webbrowser.open(link)


def has_display(environ: Mapping[str, str], platform: str) -> bool:
    """Whether a browser can show itself, rather than take over the terminal."""
    return platform == "darwin" or any(environ.get(name) for name in _DISPLAYS)
