"""The steps of `edgeops sync`: a plan that is shown, or carried out and told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from edgeops.api import plans
from edgeops.api.running import stop_on_interrupt
from edgeops.cli.options import Document
from edgeops.cli.settings import Settings, show, workspace
from edgeops.errors import EdgeOpsError, ExitCode
from edgeops.user_files import append, write_atomically


@dataclass(frozen=True, slots=True)
class Told:
    """How a sync tells of its plan and outcomes, and the files that get the plan as well."""

    options: Settings
    output: Document
    verbose: bool
    out: Path | None
    summary: Path | None

    def plan(self, planned: plans.Planned) -> None:
        """Print a plan."""
        from edgeops.report import planned as report

        if self.verbose and self.output is Document.TEXT:
            typer.echo(report.text(planned, color=self.options.styled(), verbose=True))
        else:
            show(self.options, report, planned, self.output)

    def keep(self, planned: plans.Planned) -> None:
        """Write a plan to the files that were asked for."""
        from edgeops.report import planned as report
        from edgeops.report.markdown import Room

        if self.out is not None:
            write_atomically(self.out, report.as_json(planned))
        if self.summary is not None:
            append(self.summary, report.markdown(planned, Room.SUMMARY) + "\n")

    def outcomes(self, done: plans.Synced) -> None:
        """Print what became of the devices."""
        from edgeops.report import outcomes as report

        outcomes, seconds = done.outcomes, done.seconds
        if self.output is Document.JSON:
            typer.echo(report.as_json(outcomes))
        elif self.output is Document.MARKDOWN:
            typer.echo(report.markdown(outcomes, seconds=seconds))
        else:
            color = self.options.styled()
            typer.echo("\n" + report.text(outcomes, seconds=seconds, color=color))

    def failure(self, error: EdgeOpsError) -> None:
        """Say in place of a plan why there is none, in Markdown.

        It is for people who do not see stderr: those of a pull request.
        """
        if self.output is not Document.MARKDOWN and self.summary is None:
            return
        from edgeops.report.planned import no_plan

        text = no_plan(error)
        if self.output is Document.MARKDOWN:
            typer.echo(text)
        if self.summary is not None:
            append(self.summary, f"{text}\n")


def dry_run(told: Told, request: plans.PlanRequest, *, detailed: bool) -> int:
    """Show what a sync would write; gives the exit code."""
    planned = plans.plan(workspace(told.options), request)
    told.keep(planned)
    told.plan(planned)
    if not detailed:
        return 0
    if planned.plan.changes:
        return ExitCode.CHANGES
    return ExitCode.REFUSED if planned.plan.refusals else 0


def write(told: Told, request: plans.PlanRequest | Path, wait: float | None) -> int:
    """Carry out a request or a saved plan, then wait so many seconds; gives the exit code."""

    def before(planned: plans.Planned) -> None:
        told.keep(planned)
        if told.output is Document.TEXT:
            told.plan(planned)

    where = workspace(told.options)
    done = plans.sync(
        where,
        plans.saved_plan(request) if isinstance(request, Path) else request,
        before_writing=before,
        stopping=stop_on_interrupt(told.options.note),
    )
    if done.outcomes or told.output is not Document.TEXT:
        told.outcomes(done)
    if wait is not None and done.exit_code == 0:
        from edgeops.api.statuses import wait_until_converged

        wait_until_converged(where, done.planned.fleet, done.planned.devices, wait)
    return done.exit_code
