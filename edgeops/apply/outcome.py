"""The outcome of a sync for one device."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The result for one device."""

    APPLIED = "applied"
    ACCESS = "access"  # no changes, only read access to artifacts
    FAILED = "failed"  # the hub returned an error, or did not answer
    CONFLICT = "conflict"  # the device changed on the hub, so that the plan no longer applies
    REFUSED = "refused"  # a safety check failed
    SKIPPED = "skipped"  # the run ended before the device was started


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one device; `written` counts successful writes, whatever the status."""

    device: str
    status: Status
    written: int = 0
    message: str = ""
    hint: str = ""
