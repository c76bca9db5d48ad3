"""One thing that edgeops itself fails to check must not hide what is wrong with the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import Place, Problem

T = TypeVar("T")


def attempt(
    work: Callable[[], T], place: Place, pointer: str = ""
) -> tuple[T | None, tuple[Problem, ...]]:
    """What `work` gives; where it fails as nobody expected, None and a problem that says so.

    The problem stands at the place of what was to be checked. Errors that have
    a meaning of their own (`EdgeOpsError`, `OSError`) are raised.
    """
    try:
        return work(), ()
    except (EdgeOpsError, OSError, MemoryError):
        raise
    except Exception as error:
        message = f"edgeops could not check this: {type(error).__name__}"
        hint = "this is a bug in edgeops; --debug shows where"
        return None, (Problem(place, pointer, message, hint, error=error),)
