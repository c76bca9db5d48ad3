"""What became of one device in a sync."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a device ended."""

    APPLIED = "applied"
    ACCESS = "access"  # nothing to change; only given read access to artifacts
    FAILED = "failed"  # the hub said no, or did not answer
    CONFLICT = "conflict"  # the twin changed since the plan, and the plan no longer fits
    REFUSED = "refused"  # a guard left it alone
    SKIPPED = "skipped"  # the run ended before its turn; nothing was written


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one device: `written` counts the writes the hub took, whatever the status."""

    device: str
    status: Status
    written: int = 0
    message: str = ""
    hint: str = ""
