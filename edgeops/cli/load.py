"""From the repository to a desired fleet, for every command that needs one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgeops.cli.settings import Settings
from edgeops.errors import InvalidState, UsageError

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet, Problem, Snapshot
    from edgeops.fleet.resolve import Resolution
    from edgeops.source.cache import Cache


class InvalidFleet(InvalidState):
    """The desired state of a revision is not valid: it has these problems."""

    def __init__(self, message: str, hint: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(message, hint)
        self.problems = problems


def repository(options: Settings) -> Path:
    """The folder that holds `fleet/`. Raises `Refused` for state that is not this machine's."""
    from edgeops.source.root import find_root
    from edgeops.source.state import refuse_foreign_state

    root = find_root(options.repo)
    refuse_foreign_state(root)
    return root


def state_dir(root: Path) -> Path:
    """Where edgeops keeps what is not in git: the local hub, artifacts, builds of models."""
    from edgeops.source.state import STATE

    return root / STATE


def parse_cache(root: Path) -> Cache:
    """What is remembered of files that were read before."""
    from edgeops.source.cache import Cache, cache_folder

    return Cache(cache_folder(root, os.environ))


def https_port() -> int:
    """The port of the local hub that this user has chosen."""
    from edgeops.localhub.access import DEFAULT_PORT

    chosen = os.environ.get("EDGEOPS_HTTPS_PORT", str(DEFAULT_PORT))
    if not chosen.isdecimal() or not chosen.isascii() or not 0 < int(chosen) < 65536:
        raise UsageError(f"EDGEOPS_HTTPS_PORT is {chosen!r}, not a port number")
    return int(chosen)


def snapshot(root: Path, rev: str | None, cache: Cache) -> Snapshot:
    """The manifests of a revision, or of the working tree when there is none."""
    if rev is None:
        from edgeops.source.worktree import load_worktree

        return load_worktree(root, cache)
    from edgeops.source.revision import load_revision

    return load_revision(root, rev, cache)


def resolution(options: Settings, rev: str | None) -> Resolution:
    """The desired fleet of a revision with every problem that was found."""
    from edgeops.fleet.resolve import resolve

    root = repository(options)
    with parse_cache(root) as cache:
        found = resolve(
            snapshot(root, rev, cache),
            hub=options.hub,
            local_artifacts_url=local_artifacts_url(state_dir(root)),
            memo=cache,
        )
    if options.debug:
        for error in filter(None, (problem.error for problem in found.problems)):
            raise error
    return found


def local_artifacts_url(state: Path) -> str:
    """Where devices find artifacts on the local hub: on the one that runs, wherever it listens."""
    from edgeops.localhub.access import running

    endpoint = running(state)
    hostname = endpoint.hostname if endpoint else f"localhost:{https_port()}"
    return f"https://{hostname}/artifacts"


def desired_fleet(options: Settings, rev: str | None) -> DesiredFleet:
    """The desired fleet; raises `InvalidFleet` after printing what is wrong with it."""
    found = resolution(options, rev)
    if found.fleet is None:
        from edgeops.report.problems import text

        typer.echo(text(found.problems, color=options.styled(sys.stderr)), err=True)
        where = "the working tree" if rev is None else rev
        raise InvalidFleet(
            f"the desired state in {where} is not valid",
            "fix what is listed above and commit",
            tuple(found.problems),
        )
    return found.fleet
