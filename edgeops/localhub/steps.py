"""Long operations as generators that yield wherever other requests may be served.

At a `yield` no transaction or cursor of the store may be open.
`service/scheduler.py` decides how many steps are run in one turn.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Steps = Generator[None, None, Result]


def finish(steps: Steps[Result]) -> Result:
    """Run all steps at once, where no other request waits; gives their result."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result
