"""The steps of `edgeops sync`: a plan that is shown, or carried out and told."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from edgeops.cli.files import read_text
from edgeops.cli.request import Form, Request
from edgeops.cli.settings import Settings, workspace
from edgeops.cli.sync_output import keep_plan, save, show_outcomes, show_plan
from edgeops.errors import ExitCode

if TYPE_CHECKING:
    from edgeops.api.plans import Planned, PlanRequest, Synced
    from edgeops.api.workspace import Workspace
    from edgeops.plan.document import SavedPlan


def synchronize(request: Request, options: Settings) -> int:
    """Carry out the request; gives the exit code."""
    from edgeops.api.plans import plan, sync

    where = workspace(options)
    saved = _saved(request)
    if request.dry_run:
        return _finish_dry_run(request, options, plan(where, _asked(request)))

    def show(planned: Planned) -> None:
        if request.out is not None:
            save(planned.plan, request.out)
        if request.output is Form.TEXT:
            show_plan(request, options, planned)

    done = sync(
        where,
        saved or _asked(request),
        before_writing=show,
        stopping=_on_interrupt(options),
    )
    if done.outcomes or request.output is not Form.TEXT:
        show_outcomes(request, options, done.outcomes, done.seconds)
    code = _exit_code(done)
    if request.wait and code == 0:
        _wait(request, where, done)
    return code


def _asked(request: Request) -> PlanRequest:
    from edgeops.api.plans import PlanRequest

    return PlanRequest(
        rev=request.rev,
        targets=request.targets,
        prune=request.prune,
        drift_only=request.drift_only,
        create=request.create,
        changed_since=request.changed_since,
        offline=request.offline,
    )


def _saved(request: Request) -> SavedPlan | None:
    from edgeops.plan.document import read_saved

    if request.saved is None:
        return None
    hint = "save one with `edgeops sync --dry-run --out`"
    return read_saved(read_text(request.saved, "the plan", hint))


def _on_interrupt(
    options: Settings,
) -> Callable[[asyncio.Event], contextlib.AbstractContextManager[None]]:
    """Lets Ctrl-C finish the devices in flight; a second one ends the program at once."""

    @contextlib.contextmanager
    def stopping(stop: asyncio.Event) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def interrupted() -> None:
            loop.remove_signal_handler(signal.SIGINT)
            options.note("interrupted: finishing the devices in flight (Ctrl-C again ends at once)")
            stop.set()

        loop.add_signal_handler(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    return stopping


def _wait(request: Request, where: Workspace, done: Synced) -> None:
    from edgeops.api.statuses import wait_until_converged
    from edgeops.plan.targets import covered

    fleet = done.planned.fleet
    names = covered(fleet, done.planned.plan.options)
    wait_until_converged(where, fleet, names, request.timeout)


def _finish_dry_run(request: Request, options: Settings, planned: Planned) -> int:
    keep_plan(request, planned)
    show_plan(request, options, planned)
    if not request.detailed_exitcode:
        return 0
    if planned.plan.changes:
        return ExitCode.CHANGES
    return ExitCode.REFUSED if planned.plan.refusals else 0


def _exit_code(done: Synced) -> int:
    from edgeops.apply.outcome import Status

    ends = {outcome.status for outcome in done.outcomes}
    if done.interrupted and Status.SKIPPED in ends:
        return ExitCode.INTERRUPTED
    if ends & {Status.FAILED, Status.CONFLICT, Status.SKIPPED}:
        return ExitCode.PARTLY
    return ExitCode.REFUSED if Status.REFUSED in ends else 0
