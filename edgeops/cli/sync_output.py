"""What `edgeops sync` shows and saves of a plan and of its outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgeops.cli.request import Form, Request
from edgeops.cli.settings import Settings

if TYPE_CHECKING:
    from edgeops.api.plans import Planned
    from edgeops.apply.outcome import Outcome
    from edgeops.errors import EdgeOpsError
    from edgeops.plan.model import Plan


def show_plan(request: Request, options: Settings, planned: Planned) -> None:
    """Print a plan."""
    plan = planned.plan
    if request.output is Form.JSON:
        from edgeops.plan.document import to_json
        from edgeops.report.documents import dump_json

        typer.echo(dump_json(to_json(plan)), nl=False)
    elif request.output is Form.MARKDOWN:
        from edgeops.report.plan_markdown import markdown

        typer.echo(markdown(plan, planned.fleet.devices, base=planned.base))
    else:
        from edgeops.report.plan_text import text

        typer.echo(text(plan, color=options.styled(), verbose=request.verbose))


def keep_plan(request: Request, planned: Planned) -> None:
    """Write a plan to the files that were asked for."""
    if request.out is not None:
        save(planned.plan, request.out)
    if request.summary is not None:
        from edgeops.report.markdown import Room
        from edgeops.report.plan_markdown import markdown

        devices = planned.fleet.devices
        text = markdown(planned.plan, devices, base=planned.base, room=Room.SUMMARY)
        _append(request.summary, text)


def save(plan: Plan, path: Path) -> None:
    """Save a plan as JSON."""
    from edgeops.cli.files import write_atomically
    from edgeops.plan.document import to_json
    from edgeops.report.documents import dump_json

    write_atomically(path, dump_json(to_json(plan)))


def show_outcomes(
    request: Request, options: Settings, outcomes: tuple[Outcome, ...], seconds: float
) -> None:
    """Print what became of the devices, in how many seconds."""
    from edgeops.report import outcomes as report

    if request.output is Form.JSON:
        typer.echo(report.as_json(outcomes))
    elif request.output is Form.MARKDOWN:
        typer.echo(report.markdown(outcomes, seconds=seconds))
    else:
        typer.echo("\n" + report.text(outcomes, seconds=seconds, color=options.styled()))


def tell_failure(request: Request, error: EdgeOpsError) -> None:
    """Say in place of a plan why there is none.

    Markdown is for people who do not see stderr: those of a pull request.
    """
    if request.output is not Form.MARKDOWN and request.summary is None:
        return
    from edgeops.api.workspace import InvalidFleet
    from edgeops.report.failure_markdown import failure_markdown

    text = failure_markdown(error, error.problems if isinstance(error, InvalidFleet) else ())
    if request.output is Form.MARKDOWN:
        typer.echo(text)
    if request.summary is not None:
        _append(request.summary, text)


def _append(path: Path, text: str) -> None:
    from edgeops.cli.files import append

    append(path, f"{text}\n")
