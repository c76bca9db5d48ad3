"""What the global options say."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

import typer


class Output(StrEnum):
    """Forms of output that every reading command has."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Settings:
    """The global options of one run."""

    repo: Path
    hub: str
    color: bool
    quiet: bool
    debug: bool

    def styled(self, stream: IO[str] | None = None) -> bool:
        """Whether a stream gets colour: it is a terminal, and nobody asked for plain."""
        terminal = (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"
        return self.color and terminal

    def note(self, text: str) -> None:
        """Tell the user something that is not data; `--quiet` silences it."""
        if not self.quiet:
            say(text, err=True)


def say(text: str, *, err: bool = False) -> None:
    """Print one line, whatever is in it; secrets masked, those of the environment as well."""
    from edgeops.fleet.secrets import mask, secrets_of
    from edgeops.report.inert import line

    typer.echo(line(mask(text, secrets_of(os.environ))), err=err)


def settings(context: typer.Context) -> Settings:
    """The global options that a command was called with."""
    found = context.obj
    assert isinstance(found, Settings)
    return found
