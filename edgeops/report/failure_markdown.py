"""Why there is no plan, as Markdown for where the plan would be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeops.errors import EdgeOpsError, InvalidState, Refused
from edgeops.fleet.model import Problem
from edgeops.report.markdown import code, first_fitting

_PROBLEMS = (200, 50, 3)  # at most so many, until they fit
_LONGEST = 1_000


def failure_markdown(error: EdgeOpsError, problems: Sequence[Problem] = ()) -> str:
    """What went wrong and what to do, with the problems of an invalid state; secrets masked."""
    return first_fitting("\n".join(_lines(error, problems, shown)) for shown in _PROBLEMS)


def _lines(error: EdgeOpsError, problems: Sequence[Problem], shown: int) -> Iterator[str]:
    yield f"### edgeops: {_what(error)}"
    yield ""
    for problem in problems[:shown]:
        yield f"- {_text(str(problem.place))}: {_text(problem.message)}{_hint(problem.hint)}"
    if len(problems) > shown:
        yield f"- and {len(problems) - shown:,} more"
    if problems:
        yield ""
    yield f"> [!CAUTION]\n> {_text(error.message)}{_hint(error.hint)}"


def _text(foreign: str) -> str:
    return code(foreign, _LONGEST)


def _hint(hint: str) -> str:
    return f" (hint: {_text(hint)})" if hint else ""


def _what(error: EdgeOpsError) -> str:
    if isinstance(error, InvalidState):
        return "the desired state is not valid"
    return "the plan is refused" if isinstance(error, Refused) else "there is no plan"
