"""What a `sync` command line asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Form(StrEnum):
    """Forms of a plan and of a result."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    rev: str
    dry_run: bool
    detailed_exitcode: bool
    out: Path | None
    saved: Path | None
    targets: tuple[str, ...]
    prune: bool
    drift_only: bool
    create: bool | None
    changed_since: str | None
    offline: bool
    wait: bool
    timeout: float
    summary: Path | None
    output: Form
    verbose: bool
