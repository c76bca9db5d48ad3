"""The steps of `edgeops sync`: show a plan, or apply it and show the outcomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import typer

from edgeops import api, report
from edgeops.cli.confirm import confirm_plan
from edgeops.cli.settings import has_color, settings, show, workspace
from edgeops.errors import EdgeOpsError, ExitCode
from edgeops.user_files import append, write_atomically


@dataclass(frozen=True, slots=True)
class Display:
    """Shows plans and outcomes in the chosen form, and writes plans to `out` and `summary`.

    With `rehearse` they are those of the local clone of the hub.
    """

    context: typer.Context
    output: str
    verbose: bool
    out: Path | None
    summary: Path | None
    rehearse: bool = False

    @property
    def workspace(self) -> api.Workspace:
        """The workspace of the command. Raises `EdgeOpsError`."""
        return replace(workspace(self.context), rehearsal=self.rehearse)

    def plan(self, planned: api.Planned) -> None:
        """Print a plan."""
        show(self.context, report.planned, planned, self.output, verbose=self.verbose)

    def keep(self, planned: api.Planned) -> None:
        """Write a plan to the requested files."""
        if self.out is not None:
            write_atomically(self.out, report.planned.as_json(planned))
        if self.summary is not None:
            append(self.summary, report.planned.summary(planned))

    def outcomes(self, done: api.Synced) -> None:
        """Print the outcomes of the devices."""
        if self.output == "json":
            typer.echo(report.outcomes.as_json(done.outcomes))
        elif self.output == "markdown":
            typer.echo(report.outcomes.markdown(done.outcomes, seconds=done.seconds))
        elif done.outcomes:
            color = has_color(self.context)
            typer.echo(
                "\n" + report.outcomes.text(done.outcomes, seconds=done.seconds, color=color)
            )

    def failure(self, error: EdgeOpsError) -> None:
        """Print an error as Markdown too: a pull request does not show stderr."""
        if self.output == "markdown":
            typer.echo(report.planned.no_plan(error))
        if self.summary is not None:
            append(self.summary, f"{report.planned.no_plan(error)}\n")


def dry_run(display: Display, request: api.PlanRequest) -> api.Planned:
    """Show what a sync would write."""
    planned = api.plan(display.workspace, request)
    display.keep(planned)
    display.plan(planned)
    return planned


def exit_code(planned: api.Planned, *, detailed: bool) -> int:
    """The exit code of a dry run. Raises `Refused` for a plan that must not be written."""
    api.plans.check_allowed(planned)
    if not detailed:
        return 0
    if planned.plan.changes:
        return ExitCode.CHANGES
    return ExitCode.REFUSED if planned.plan.refusals else 0


def write(
    display: Display, request: api.PlanRequest | Path, wait: float | None, *, yes: bool
) -> int:
    """Apply a request or a saved plan, then wait up to `wait` seconds; gives the exit code.

    Asks first, unless `yes`, in a rehearsal, or for a saved plan, which somebody has seen.
    """

    def before(planned: api.Planned) -> None:
        display.keep(planned)
        if display.output == "text":
            display.plan(planned)
        asked_before = yes or display.rehearse or isinstance(request, Path)
        confirm_plan(planned, yes=asked_before, shown=display.output == "text")

    where = display.workspace
    done = api.sync(
        where,
        api.plans.saved_plan(request) if isinstance(request, Path) else request,
        before_writing=before,
        stopping=api.stop_on_interrupt(settings(display.context).note),
    )
    display.outcomes(done)
    if wait is not None and done.exit_code == 0:
        api.wait_until_converged(where, done.planned.fleet, done.planned.devices, wait)
    return done.exit_code
