"""A plan as text, JSON and Markdown, or the reason why there is no plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeops.api.planned import Planned
from edgeops.api.workspace import InvalidFleet
from edgeops.errors import EdgeOpsError, InvalidState, Refused
from edgeops.fleet.model import Problem
from edgeops.plan.document import to_json
from edgeops.report import plan_markdown, plan_text
from edgeops.report.documents import dump_json
from edgeops.report.markdown import Room, code, first_fitting, hint_in_code

_PROBLEMS = (200, 50, 3)  # how many problems to list, tried in this order until the text fits
_LONGEST = 1_000  # characters of a message


def text(planned: Planned, *, color: bool = False, verbose: bool = False) -> str:
    """The plan for a terminal; `verbose` shows every device and every value in full."""
    return plan_text.text(planned.plan, color=color, verbose=verbose)


def as_json(planned: Planned) -> str:
    """The plan as it is saved; ends with a newline."""
    return dump_json(to_json(planned.plan))


def markdown(planned: Planned, room: Room = Room.COMMENT) -> str:
    """The plan for a pull request."""
    plan, devices = planned.plan, planned.fleet.devices
    return plan_markdown.markdown(plan, devices, base=planned.base, room=room)


def summary(planned: Planned) -> str:
    """The plan as Markdown for a step summary, which has more room; ends with a newline."""
    return markdown(planned, Room.SUMMARY) + "\n"


def no_plan(error: EdgeOpsError) -> str:
    """Markdown shown in place of a plan: the error, its hint, and the problems of the fleet.

    Secrets are masked.
    """
    problems = error.problems if isinstance(error, InvalidFleet) else ()
    return first_fitting("\n".join(_failure(error, problems, shown)) for shown in _PROBLEMS)


def _failure(error: EdgeOpsError, problems: Sequence[Problem], shown: int) -> Iterator[str]:
    yield f"### edgeops: {_heading(error)}"
    yield ""
    for problem in problems[:shown]:
        yield f"- {code(str(problem.place), _LONGEST)}: {_message(problem.message, problem.hint)}"
    if len(problems) > shown:
        yield f"- and {len(problems) - shown:,} more"
    if problems:
        yield ""
    yield f"> [!CAUTION]\n> {_message(error.message, error.hint)}"


def _message(message: str, hint: str) -> str:
    return f"{code(message, _LONGEST)}{hint_in_code(hint, _LONGEST)}"


def _heading(error: EdgeOpsError) -> str:
    if isinstance(error, InvalidState):
        return "the desired state is not valid"
    return "the plan is refused" if isinstance(error, Refused) else "there is no plan"
