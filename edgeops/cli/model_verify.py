"""`edgeops model verify`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.api.stores import artifact_store, artifact_target
from edgeops.cli.settings import Output, Settings, settings, workspace
from edgeops.errors import EdgeOpsError, InvalidState, UsageError

if TYPE_CHECKING:
    from edgeops.artifacts.store import Store
    from edgeops.artifacts.verify import Check
    from edgeops.fleet.model import ArtifactTarget
    from edgeops.release import ModelRelease
    from edgeops.report.verify_text import Verified
    from edgeops.source.releases import Releases


def verify(
    context: typer.Context,
    releases: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models or releases, as NAME or NAME@VERSION; all by default.", metavar="RELEASE"
        ),
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the output.")
    ] = Output.TEXT,
) -> None:
    """Read published artifacts again: are they still what their release files say?

    Looks at the copy in git, and at the store of the hub (--hub) or the URL of
    the release. Exit code 1: something changed, is missing, or cannot be
    reached.

    \b
    Examples:
      edgeops model verify
      edgeops model verify crowdedness-24h@1.0.0 --hub production
    """
    options = settings(context)
    rows = _verify(options, releases or [])
    from edgeops.report import verify_text as report

    if output is Output.JSON:
        typer.echo(report.as_json(rows), nl=False)
    else:
        typer.echo(report.text(rows, color=options.styled()))
    if not all(row.good for row in rows):
        raise EdgeOpsError(report.summary(rows), _hint(rows))


def _verify(options: Settings, names: list[str]) -> list[Verified]:
    from edgeops.artifacts.verify import check_copy, is_good
    from edgeops.fleet.model import StoreKind
    from edgeops.report.verify_text import Verified
    from edgeops.source.releases import load_releases

    where = workspace(options)
    found = load_releases(where.root)
    if found.problems:
        first = found.problems[0]
        raise InvalidState(f"{first.place}: {first.message}", first.hint)
    target = artifact_target(where)
    store = artifact_store(where, target) if target.store else None
    rows = []
    for name in _chosen(found, names):
        release = found.releases[name].spec
        checks = (check_copy(release, found.copy(name)), _elsewhere(release, target, store))
        seeded = target.store is StoreKind.LOCAL
        rows.append(Verified(name, checks, is_good(checks, seeded=seeded)))
    return rows


def _hint(rows: list[Verified]) -> str:
    from edgeops.artifacts.verify import Found

    found = {check.found for row in rows for check in row.checks}
    if Found.CHANGED in found:
        return "bring the published file back, or publish another one under a new version"
    return "was it published to the store of this hub?" if Found.ABSENT in found else ""


def _elsewhere(release: ModelRelease, target: ArtifactTarget, store: Store | None) -> Check:
    from edgeops.artifacts.verify import check_stored, check_url

    if release.url is None and store is not None:
        return check_stored(release, store)
    ca_file = os.environ.get("SSL_CERT_FILE") or None
    return check_url(release, release.location(target.url), ca_file=ca_file)


def _chosen(found: Releases, names: list[str]) -> list[str]:
    """The references of the releases that were named, sorted. Raises `UsageError`."""
    from edgeops.fleet.suggest import did_you_mean

    if not names:
        return sorted(found.releases)
    chosen: set[str] = set()
    for name in names:
        some = {name} & found.releases.keys() or {one.reference for one in found.of(name)}
        if not some:
            models = {one.spec.name for one in found.releases.values()}
            hint = did_you_mean(name, {*found.releases, *models})
            raise UsageError(f"there is no release `{name}` in models/", hint)
        chosen |= some
    return sorted(chosen)
