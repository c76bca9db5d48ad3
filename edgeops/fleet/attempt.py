"""Turns unexpected exceptions into problems, so that other problems are still reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import Place, Problem

T = TypeVar("T")


def attempt(
    work: Callable[[], T], place: Callable[[], Place], pointer: str = ""
) -> tuple[T | None, tuple[Problem, ...]]:
    """The result of `work`; if it fails unexpectedly, None and a problem at `place()` that says so.

    Expected errors (`EdgeOpsError`, `OSError`) are raised.
    """
    try:
        return work(), ()
    except (EdgeOpsError, OSError, MemoryError):
        raise
    except Exception as error:
        message = f"edgeops could not check this: {type(error).__name__}"
        hint = "this is a bug in edgeops; run it with --debug for details"
        return None, (Problem(place(), pointer, message, hint, error=error),)
