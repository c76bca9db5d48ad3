"""Plans and writes the changes that make a hub agree with git."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.planned import Planned, PlanRequest, Synced
from edgeops.api.session import left_to_configurations, on_hub, read
from edgeops.api.workspace import Workspace, utc
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.apply.access import Grants
    from edgeops.apply.history import KeptHistory
    from edgeops.apply.outcome import Outcome
    from edgeops.apply.secrets import SecretValues
    from edgeops.fleet.model import DesiredFleet
    from edgeops.hub.port import Hub
    from edgeops.plan.agreement import Agreed
    from edgeops.plan.document import SavedPlan
    from edgeops.plan.model import Plan, PlanOptions
    from edgeops.source.listing import Listing
    from edgeops.twin import LiveDevice


def plan(workspace: Workspace, request: PlanRequest | None = None) -> Planned:
    """The changes that a sync would write; nothing is written.

    A plan that would delete too many devices is `blocked`. Raises `InvalidFleet`,
    `UsageError` for targets that do not exist, and `HubError`.
    """
    from edgeops.api.recording import read_kept

    request = request or PlanRequest()
    fleet, listing = _desired(workspace, request)
    since = request.changed_since
    base = workspace.at(since, remembered=False).fleet if since else None
    options = _options(workspace, request, fleet, base)
    if request.offline:
        if base is None:
            raise UsageError(
                "an offline plan needs a revision to compare with", "give changed_since"
            )
        return Planned(_offline_plan(workspace, fleet, base, options), fleet, base.commit)

    async def read_only(hub: Hub) -> Planned:
        last = (listing, await read_kept(hub, fleet)) if request.since_last else None
        return (await _live_plan(workspace, hub, fleet, options, last))[1]

    return on_hub(workspace, fleet, read_only)


def sync(
    workspace: Workspace,
    request: PlanRequest | SavedPlan | None = None,
    *,
    before_writing: Callable[[Planned], None] = lambda _: None,
    at_last: Callable[[], None] = lambda: None,
    stopping: Callable[[asyncio.Event], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Synced:
    """Make a hub agree with git, or execute a saved plan exactly; gives the outcomes.

    `before_writing` gets the plan and can raise to prevent all writes; `at_last` can, too, when
    nothing else could any more. `stopping` is entered while devices are written and can set its
    event to let those in flight finish and skip the others. The failure of a device is an outcome.
    The history on the hub gets a record of it. Before that, the files of Contexts that the store of
    the hub lacks are uploaded. Raises like `plan`, `Refused` for a blocked
    plan or a stale saved one, and `EdgeOpsError` before anything is written if the environment
    lacks a secret that is to be written, or the store cannot take a file. A rehearsal needs no
    secrets, writes `***` for them, and neither reads nor writes the store.
    """
    from edgeops.api.grants import downloading, read_grants
    from edgeops.api.recording import Recording
    from edgeops.api.uploads import read_uploads
    from edgeops.apply.secrets import masked_secrets, read_secrets
    from edgeops.plan.document import SavedPlan, check_fresh
    from edgeops.plan.held import check_not_held

    saved = request if isinstance(request, SavedPlan) else None
    head: DesiredFleet | None = None
    scope = request if isinstance(request, PlanRequest) else PlanRequest()
    if saved:
        revision, options = workspace.at(saved.commit or "HEAD"), saved.options
        fleet, listing = revision.fleet, revision.listing
        with suppress(EdgeOpsError):  # an invalid HEAD cannot say what it leaves alone
            head = workspace.at("HEAD").fleet
    else:
        fleet, listing = _desired(workspace, scope)
        options = _options(workspace, scope, fleet, None)

    async def write(hub: Hub) -> Synced:
        recording = await Recording.open(workspace, hub, fleet)
        last = (listing, recording.kept) if scope.since_last else None
        live, planned = await _live_plan(workspace, hub, fleet, options, last, writes=True)
        if saved:
            check_fresh(saved, planned.plan)
            check_not_held(planned.plan, fleet, head or fleet)
        before_writing(planned)
        check_allowed(planned)
        changes = planned.plan.changes
        secrets = (
            masked_secrets(changes)
            if workspace.rehearsal
            else read_secrets(changes, workspace.environ)
        )
        grants = read_grants(workspace, planned.fleet, planned.plan, live)
        loading = downloading(workspace, planned.fleet, planned.plan, live)
        uploads = read_uploads(workspace, planned.fleet, planned.plan)
        at_last()
        uploads.go()
        stop, started = asyncio.Event(), workspace.clock.monotonic()
        with stopping(stop):
            if written := _written(planned, grants):
                await recording.begin(planned, written)
            outcomes = await _apply(workspace, hub, planned, secrets, grants, stop)
            stopped = stop.is_set()
            await recording.end(planned, outcomes, stopped=stopped, downloading=loading)
        seconds = workspace.clock.monotonic() - started
        return Synced(planned, outcomes, seconds, stop.is_set())

    return on_hub(workspace, fleet, write, writes=True)


def check_allowed(planned: Planned) -> None:
    """Raise `Refused` if the plan is blocked, so that a sync would write nothing."""
    from edgeops.plan.budget import check_allowed

    check_allowed(planned.plan)


def saved_plan(file: Path) -> SavedPlan:
    """The plan that `sync` saved in a file. Raises `EdgeOpsError`."""
    from edgeops.plan.document import read_saved
    from edgeops.source.schemas import packaged_schema
    from edgeops.user_files import read_text

    hint = "save one with `edgeops sync --dry-run --out`"
    return read_saved(read_text(file, "the plan", hint), packaged_schema("plan"))


def _desired(workspace: Workspace, request: PlanRequest) -> tuple[DesiredFleet, Listing]:
    """The fleet of the request and its files; notes warnings, and files that are not committed."""
    from edgeops.source.revision import uncommitted

    revision = workspace.at(request.rev)
    with workspace.observer.progress("reading the fleet"):
        fleet, warnings = revision.fleet, len(revision.resolution.warnings)
    if warnings:
        found, them = ("1 warning", "it") if warnings == 1 else (f"{warnings:,} warnings", "them")
        workspace.observer.note(f"{found}: `edgeops validate --rev {request.rev}` shows {them}")
    paths = uncommitted(workspace.root) if request.rev == "HEAD" else ()
    if paths:
        shown = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        workspace.observer.note(f"note: not committed, so not included in HEAD: {shown}")
    return fleet, revision.listing


def _options(
    workspace: Workspace, request: PlanRequest, fleet: DesiredFleet, base: DesiredFleet | None
) -> PlanOptions:
    from edgeops.plan.model import PlanOptions
    from edgeops.plan.targets import changed_devices

    create = fleet.hubs[workspace.hub].create_devices if request.create is None else request.create
    only = None if base is None else changed_devices(base, fleet)
    targets, prune, drift_only = request.targets, request.prune, request.drift_only
    return PlanOptions(targets, prune=prune, create=create, only=only, drift_only=drift_only)


def _offline_plan(
    workspace: Workspace, fleet: DesiredFleet, base: DesiredFleet, options: PlanOptions
) -> Plan:
    """The changes from the twins of one revision to those of another."""
    from edgeops.plan.offline import offline_live
    from edgeops.plan.plan import make_plan

    made = make_plan(
        fleet,
        offline_live(base),
        hub=fleet.hubs[workspace.hub],
        options=options,
        managed=tuple(base.devices),
        created_at=utc(workspace.clock.now()),
        labels={device.name: device.labels for device in base.devices.values()},
    )
    return replace(made, not_compared=())  # two revisions are compared completely


async def _live_plan(
    workspace: Workspace,
    hub: Hub,
    fleet: DesiredFleet,
    options: PlanOptions,
    last: tuple[Listing, KeptHistory] | None,
    *,
    writes: bool = False,
) -> tuple[dict[str, LiveDevice], Planned]:
    """The live devices, and the plan for them.

    It is for those that the history leaves, if it is given as the `last`, with the files of the
    fleet. Devices that agree with git are not among the live ones, unless it `writes` access for
    those that have downloads to do.
    """
    from edgeops.api.since_last import since_last
    from edgeops.plan.agreement import Agreed
    from edgeops.plan.plan import make_plan
    from edgeops.plan.removals import gone_from_git
    from edgeops.plan.targets import covered

    since = since_last(workspace, fleet, *last, prune=options.prune) if last else None
    managed: tuple[str, ...] = ()
    if since:  # git alone says which devices may differ, and which it has no more
        options = replace(options, only=since.devices)
        managed = tuple(sorted(since.gone)) if options.prune else ()
    elif options.prune:
        managed = tuple(await hub.devices_of(fleet.name))
    agreed, target = Agreed(fleet), fleet.hubs[workspace.hub]
    every = writes and target.artifacts is not None and target.artifacts.private

    def keep(name: str, device: LiveDevice) -> bool:
        return every or not agreed.take(name, device)

    names = {*covered(fleet, options), *managed}
    live = await read(workspace, hub, fleet, names, keep=keep)
    gone = gone_from_git(fleet, live, managed)
    known = _known_commits(workspace, live, agreed) if options.prune else None
    by_label = any("=" in each for each in options.targets)
    fleet, overlaps, notes = await left_to_configurations(hub, fleet, live)
    with workspace.observer.progress("planning"):
        made = make_plan(
            fleet,
            live,
            hub=target,
            options=options,
            managed=managed,
            managed_in_all=since.managed if since else None,
            created_at=utc(workspace.clock.now()),
            labels=_last_labels(workspace, live, gone) if by_label else {},
            overlaps=overlaps,
            notes=notes,
            known=known,
            agreed=agreed.commits,
        )
    return live, Planned(made, fleet, since_last=since)


def _known_commits(
    workspace: Workspace, live: Mapping[str, LiveDevice], agreed: Agreed
) -> frozenset[str]:
    """Those commits of the stamps on these devices that this clone has."""
    from edgeops.source.commits import found_commits
    from edgeops.stamp import commit_in

    stamped = {commit_in(device.twin.tags) for device in live.values()}
    stamped.update(agreed.commits.values())
    return frozenset(found_commits(workspace.root, {commit for commit in stamped if commit}))


def _last_labels(
    workspace: Workspace, live: Mapping[str, LiveDevice], names: Iterable[str]
) -> dict[str, Mapping[str, str]]:
    """The labels of devices in git at the commit of their stamps, where this clone has it."""
    from edgeops.stamp import commit_in

    names_by_commit: dict[str, list[str]] = {}
    for name in names:
        if commit := commit_in(live[name].twin.tags):
            names_by_commit.setdefault(commit, []).append(name)
    labels: dict[str, Mapping[str, str]] = {}
    for commit, of_commit in names_by_commit.items():
        with suppress(EdgeOpsError):
            devices = workspace.at(commit).catalog.devices
            labels |= {name: devices[name].spec.labels for name in of_commit if name in devices}
    return labels


async def _apply(
    workspace: Workspace,
    hub: Hub,
    planned: Planned,
    secrets: SecretValues,
    grants: Grants | None,
    stop: asyncio.Event,
) -> tuple[Outcome, ...]:
    from edgeops.apply.apply import apply

    written = _written(planned, grants)
    devices, done = len(written | {refusal.device for refusal in planned.plan.refusals}), 0
    with workspace.observer.progress("syncing", quiet=not written) as progress:

        def observe(_: Outcome) -> None:
            nonlocal done
            done += 1
            progress(done, devices)

        return await apply(
            planned.plan,
            planned.fleet,
            hub,
            secrets=secrets,
            grants=grants,
            observer=observe,
            stop=stop,
        )


def _written(planned: Planned, grants: Grants | None) -> set[str]:
    """The devices that are written, be it in part."""
    changed = {change.device for change in planned.plan.changes}
    return changed | grants.devices if grants else changed
