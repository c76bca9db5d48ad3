"""Long work as steps: a generator that yields wherever others may go on.

Nothing half done may be left at a `yield`: no open transaction, no cursor of
the store. Who runs the steps decides how many make a turn (`service/turns.py`).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Steps = Generator[None, None, Result]


def finish(steps: Steps[Result]) -> Result:
    """All steps at once, where nobody else waits; gives their result."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result
