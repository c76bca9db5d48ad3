"""The global options, and the output that depends on them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import typer

from edgeops import api, report


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The global options of one run."""

    repo: Path
    hub: str
    color: bool
    quiet: bool
    debug: bool

    def note(self, text: str) -> None:
        """Show a note on stderr, unless `--quiet`."""
        if not self.quiet:
            say(text, err=True)


def settings(context: typer.Context) -> GlobalOptions:
    """The global options that a command was called with."""
    assert isinstance(context.obj, GlobalOptions)
    return context.obj


def has_color(context: typer.Context) -> bool:
    """Whether standard output gets colour."""
    return is_styled(sys.stdout, settings(context).color)


def note(context: typer.Context, text: str) -> None:
    """Show a note on stderr, unless `--quiet`."""
    settings(context).note(text)


def workspace(
    context: typer.Context, *, new: bool = False, environ: Mapping[str, str] | None = None
) -> api.Workspace:
    """The workspace of a command; a `new` one may be an empty folder. Raises `EdgeOpsError`."""
    options = settings(context)
    return api.Workspace.find(
        options.repo,
        new=new,
        hub=options.hub,
        environ=os.environ if environ is None else environ,
        observer=report.progress.Screen(options.note, options.quiet, options.color),
        debug=options.debug,
    )


_MADE_BY = {
    "json": "as_json",
    "yaml": "as_yaml",
    "csv": "as_csv",
    "html": "as_html",
    "markdown": "markdown",
}


def show(context: typer.Context, report: Any, value: object, output: str, **more: bool) -> None:
    """Print a value in a form of output, made by a module of `edgeops.report`."""
    if output in _MADE_BY:
        text = getattr(report, _MADE_BY[output])(value)
    else:
        text = report.text(value, color=has_color(context), **more)
    typer.echo(text.removesuffix("\n"))


def is_styled(stream: IO[str], color: bool) -> bool:
    """Whether a stream gets colour, if the user allows it."""
    return color and stream.isatty() and os.environ.get("TERM") != "dumb"


def say(text: str, *, err: bool = False) -> None:
    """Print one line without control characters, with secrets masked."""
    from edgeops.fleet.secrets import mask, secrets_of

    typer.echo(report.inert.line(mask(text, secrets_of(os.environ))), err=err)
