"""`edgeops model list`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeops.cli.settings import Output, Settings, settings, workspace
from edgeops.errors import EdgeOpsError, Interrupted, UsageError

if TYPE_CHECKING:
    from edgeops.api.workspace import Workspace
    from edgeops.fleet.model import DesiredFleet
    from edgeops.promotion.deployed import Mention
    from edgeops.report.release_text import ReleaseRow, Spread
    from edgeops.source.releases import Releases


def list_releases(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Only the releases of this model.", metavar="NAME")
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the output.")
    ] = Output.TEXT,
) -> None:
    """Show the releases: how good they are, who names them in git, and where they run.

    What runs where is asked from the hub (--hub), if that can be reached.

    \b
    Examples:
      edgeops model list
      edgeops model list crowdedness-24h -o json
    """
    options = settings(context)
    rows = _rows(options, name)
    from edgeops.report import release_text as report

    if output is Output.JSON:
        typer.echo(report.as_json(rows), nl=False)
    else:
        typer.echo(report.text(rows, color=options.styled()))


def _rows(options: Settings, name: str | None) -> list[ReleaseRow]:
    from edgeops.artifacts.version import precedence
    from edgeops.report.release_text import Place, ReleaseRow
    from edgeops.source.releases import load_releases

    where = workspace(options)
    found = load_releases(where.root)
    for problem in found.problems:
        options.note(f"left out: {problem.place}: {problem.message}")
    if name is not None and not any(found.of(name)):
        raise _unknown(found, name)
    fleet, named = _in_git(where)
    spreads = _on_hub(where, fleet) if fleet and found.releases else None
    rows = []
    for reference, one in found.releases.items():
        if name in (None, one.spec.name):
            spec: dict[str, Any] = one.document.value["spec"]
            row = ReleaseRow(
                one.spec,
                wape=spec.get("metrics", {}).get("wape"),
                passed=True if spec.get("gates") else None,  # a gate that says no has no release
                in_git=tuple(
                    Place(mention.kind, mention.name, mention.slot)
                    for mention in named.get(reference, ())
                ),
                on_hub=spreads.get(reference, _nowhere()) if spreads is not None else None,
            )
            rows.append(row)
    rows.sort(key=lambda row: precedence(row.release.version), reverse=True)
    return sorted(rows, key=lambda row: row.release.name)


def _in_git(where: Workspace) -> tuple[DesiredFleet | None, Mapping[str, list[Mention]]]:
    """The desired fleet on disk if it is valid, and who names which release."""
    from edgeops.promotion.deployed import mentions

    tree = where.at(None)
    try:
        catalog = tree.catalog
    except EdgeOpsError as error:  # no fleet/ yet
        where.observer.note(f"note: {error.message}")
        return None, {}
    fleet = tree.resolution.fleet
    if fleet is None:
        where.observer.note("note: the desired state is not valid, see `edgeops validate`")
    return fleet, mentions(catalog)


def _on_hub(where: Workspace, fleet: DesiredFleet) -> Mapping[str, Spread] | None:
    """Where each release runs; None, and why, when the hub cannot be asked."""
    from edgeops.api.running import complete
    from edgeops.localhub.access import running

    target = fleet.hubs[where.hub]
    if target.local and running(where.state) is None:
        where.observer.note("note: the local hub is not running, so nobody knows what runs where")
        return None
    try:
        return complete(_ask(where, fleet))
    except Interrupted:
        raise
    except EdgeOpsError as error:
        where.observer.note(f"note: hub {where.hub} was not asked: {error.message}")
        return None


async def _ask(where: Workspace, fleet: DesiredFleet) -> Mapping[str, Spread]:
    from edgeops.api.session import open_session
    from edgeops.api.statuses import statuses
    from edgeops.plan.health import State
    from edgeops.promotion.deployed import wanted_on
    from edgeops.report.release_text import Spread

    wanted = wanted_on(fleet)
    names = {name for devices in wanted.values() for name in devices}
    async with open_session(where, fleet.hubs[where.hub]) as hub:
        rows = await statuses(where, hub, fleet, names)
    converged = {row.device for row in rows if row.health.state is State.CONVERGED}
    return {
        reference: Spread(len(converged & set(devices)), len(devices))
        for reference, devices in wanted.items()
    }


def _nowhere() -> Spread:
    from edgeops.report.release_text import Spread

    return Spread(0, 0)


def _unknown(found: Releases, name: str) -> EdgeOpsError:
    from edgeops.fleet.suggest import did_you_mean

    models = {one.spec.name for one in found.releases.values()}
    hint = did_you_mean(name, models) or "`edgeops model publish` makes releases"
    return UsageError(f"there is no release of `{name}` in models/", hint)
