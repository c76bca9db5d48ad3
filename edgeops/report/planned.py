"""A plan as text, JSON and Markdown, and why there is none."""

from __future__ import annotations

from edgeops.api.plans import Planned
from edgeops.api.workspace import InvalidFleet
from edgeops.errors import EdgeOpsError
from edgeops.plan.document import to_json
from edgeops.report import plan_markdown, plan_text
from edgeops.report.documents import dump_json
from edgeops.report.failure_markdown import failure_markdown
from edgeops.report.markdown import Room


def text(planned: Planned, *, color: bool = False, verbose: bool = False) -> str:
    """For a terminal; `verbose` shows every device and value in full."""
    return plan_text.text(planned.plan, color=color, verbose=verbose)


def as_json(planned: Planned) -> str:
    """The plan as it is saved; ends with a newline."""
    return dump_json(to_json(planned.plan))


def markdown(planned: Planned) -> str:
    """For a pull request."""
    return _markdown(planned, Room.COMMENT)


def summary(planned: Planned) -> str:
    """As Markdown for the summary of a step, which has more room; ends with a newline."""
    return _markdown(planned, Room.SUMMARY) + "\n"


def no_plan(error: EdgeOpsError) -> str:
    """Markdown that says in place of a plan why there is none, with the problems of the fleet."""
    return failure_markdown(error, error.problems if isinstance(error, InvalidFleet) else ())


def _markdown(planned: Planned, room: Room) -> str:
    plan, devices = planned.plan, planned.fleet.devices
    return plan_markdown.markdown(plan, devices, base=planned.base, room=room)
