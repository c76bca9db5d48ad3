"""The steps of `edgeops sync`: desired fleet, live twins, plan, apply, report."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edgeops.cli.grants import read_grants
from edgeops.cli.load import desired_fleet, repository
from edgeops.cli.request import Form, Request
from edgeops.cli.session import open_session
from edgeops.cli.settings import Settings
from edgeops.cli.sync_output import keep_plan, save, show_outcomes, show_plan

if TYPE_CHECKING:
    from edgeops.apply.access import Grants
    from edgeops.apply.outcome import Outcome
    from edgeops.fleet.model import DesiredFleet
    from edgeops.hub.port import Hub
    from edgeops.plan.document import SavedPlan
    from edgeops.plan.model import Plan
    from edgeops.plan.options import PlanOptions
    from edgeops.twin import LiveDevice

EXIT_CHANGES = 2
EXIT_PARTLY = 4
EXIT_REFUSED = 5
EXIT_INTERRUPTED = 130


async def synchronize(request: Request, options: Settings) -> int:
    """Carry out the request; gives the exit code."""
    from edgeops.plan.document import check_fresh

    saved = _saved(request)
    rev = saved.commit if saved and saved.commit else request.rev
    fleet = desired_fleet(options, rev)
    if not saved:
        _note_uncommitted(request, options)
    target = fleet.hubs[options.hub]
    covers = saved.options if saved else _options(request, options, fleet)
    if request.offline:
        base, plan = _offline_plan(request, options, fleet, covers)
        return _finish_dry_run(request, options, fleet, plan, base=base.commit)
    async with open_session(target, repository(options), options) as hub:
        live, plan = await _live_plan(hub, fleet, covers, options)
        if saved:
            check_fresh(saved, plan)
        if request.dry_run:
            return _finish_dry_run(request, options, fleet, plan)
        if request.out is not None:
            save(plan, request.out)
        if request.output is Form.TEXT:
            show_plan(request, options, fleet, plan)
        grants = read_grants(fleet, plan, live, target)
        started = time.monotonic()
        outcomes, interrupted = await _apply(hub, fleet, plan, grants, options)
        if outcomes or request.output is not Form.TEXT:
            show_outcomes(request, options, outcomes, time.monotonic() - started)
        code = _exit_code(outcomes, interrupted=interrupted)
        if request.wait and code == 0:
            from edgeops.cli.watch import wait_until_converged
            from edgeops.plan.targets import covered

            await wait_until_converged(hub, fleet, covered(fleet, covers), request.timeout, options)
        return code


def _saved(request: Request) -> SavedPlan | None:
    from edgeops.plan.document import read_saved

    if request.saved is None:
        return None
    from edgeops.cli.files import read_text

    hint = "save one with `edgeops sync --dry-run --out`"
    return read_saved(read_text(request.saved, "the plan", hint))


def _note_uncommitted(request: Request, options: Settings) -> None:
    from edgeops.source.revision import uncommitted

    paths = uncommitted(repository(options)) if request.rev == "HEAD" else ()
    if paths:
        shown = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        options.note(f"note: not committed, so not part of HEAD: {shown}")


def _options(request: Request, options: Settings, fleet: DesiredFleet) -> PlanOptions:
    from edgeops.plan.options import PlanOptions
    from edgeops.plan.targets import changed_devices

    target = fleet.hubs[options.hub]
    only = None
    if request.changed_since:
        only = changed_devices(desired_fleet(options, request.changed_since), fleet)
    return PlanOptions(
        targets=request.targets,
        prune=request.prune,
        create=target.create_devices if request.create is None else request.create,
        only=only,
        drift_only=request.drift_only,
    )


def _offline_plan(
    request: Request, options: Settings, fleet: DesiredFleet, covers: PlanOptions
) -> tuple[DesiredFleet, Plan]:
    """The fleet of the revision to compare with, and what turns it into the wanted one."""
    from edgeops.plan.offline import offline_live
    from edgeops.plan.plan import make_plan

    assert request.changed_since is not None
    base = desired_fleet(options, request.changed_since)
    return base, make_plan(
        fleet,
        offline_live(base),
        hub=fleet.hubs[options.hub],
        options=covers,
        managed=tuple(base.devices),
        created_at=_now(),
    )


async def _live_plan(
    hub: Hub, fleet: DesiredFleet, covers: PlanOptions, options: Settings
) -> tuple[dict[str, LiveDevice], Plan]:
    """The devices as they are on the hub, and what to write to them."""
    from edgeops.cli.reading import read
    from edgeops.plan.plan import make_plan
    from edgeops.plan.targets import covered

    managed = tuple(await hub.devices_of(fleet.name)) if covers.prune else ()
    live = await read(hub, fleet, {*covered(fleet, covers), *managed}, options)
    plan = make_plan(
        fleet,
        live,
        hub=fleet.hubs[options.hub],
        options=covers,
        managed=managed,
        created_at=_now(),
    )
    return live, plan


async def _apply(
    hub: Hub, fleet: DesiredFleet, plan: Plan, grants: Grants | None, options: Settings
) -> tuple[tuple[Outcome, ...], bool]:
    from edgeops.apply.apply import apply
    from edgeops.report.progress import progress

    written = {change.device for change in plan.changes} | (grants.devices if grants else set())
    devices = len(written) + len(plan.refusals)
    done = 0
    with (
        _stop_on_interrupt(options) as stop,
        progress(
            "syncing",
            sys.stderr,
            clock=time.monotonic,
            quiet=options.quiet or not written,
            color=options.color,
        ) as told,
    ):

        def observe(_: Outcome) -> None:
            nonlocal done
            done += 1
            told(done, devices)

        return await apply(
            plan, fleet, hub, grants=grants, observer=observe, stop=stop
        ), stop.is_set()


@contextlib.contextmanager
def _stop_on_interrupt(options: Settings) -> Iterator[asyncio.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C ends the program at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        options.note("interrupted: finishing the devices in flight (Ctrl-C again ends at once)")
        stop.set()

    loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _finish_dry_run(
    request: Request,
    options: Settings,
    fleet: DesiredFleet,
    plan: Plan,
    base: str | None = None,
) -> int:
    keep_plan(request, fleet, plan, base)
    show_plan(request, options, fleet, plan, base)
    if not request.detailed_exitcode:
        return 0
    if plan.changes:
        return EXIT_CHANGES
    return EXIT_REFUSED if plan.refusals else 0


def _exit_code(outcomes: tuple[Outcome, ...], *, interrupted: bool) -> int:
    from edgeops.apply.outcome import Status

    ends = {outcome.status for outcome in outcomes}
    if interrupted and Status.SKIPPED in ends:
        return EXIT_INTERRUPTED
    if ends & {Status.FAILED, Status.CONFLICT, Status.SKIPPED}:
        return EXIT_PARTLY
    return EXIT_REFUSED if Status.REFUSED in ends else 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
