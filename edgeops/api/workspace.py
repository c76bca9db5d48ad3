"""A fleet repository, one of its hubs, and the world around them: what every verb works on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.observer import Observer, Silent
from edgeops.errors import InvalidState, UsageError

if TYPE_CHECKING:
    from edgeops.fleet.catalog import Catalog
    from edgeops.fleet.model import DesiredFleet, Problem, Snapshot
    from edgeops.fleet.resolve import Resolution
    from edgeops.source.cache import Cache

LOCAL = "local"  # the local IoT Hub
_PORT = "EDGEOPS_HTTPS_PORT"


class InvalidFleet(InvalidState):
    """The desired state of a revision is not valid: it has these problems."""

    def __init__(self, message: str, hint: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(message, hint)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day in UTC, and seconds that only ever go on."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Workspace:
    """Where a fleet is, and which hub is meant. Nothing is read before a verb needs it.

    `root` holds `fleet/`; `environ` has what credentials and artifact stores
    look for, and HOME, where the cache of this user lies. `debug` raises what
    edgeops itself fails at, where else that is one of the problems.
    """

    root: Path
    hub: str = LOCAL
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    observer: Observer = field(default_factory=Silent, repr=False)
    clock: Clock = field(default_factory=Clock, repr=False)
    debug: bool = False

    @classmethod
    def find(
        cls,
        start: Path | str = ".",
        *,
        hub: str = LOCAL,
        environ: Mapping[str, str] | None = None,
        observer: Observer | None = None,
        debug: bool = False,
    ) -> Workspace:
        """The workspace of the repository around a folder.

        Raises `EdgeOpsError` where there is none, and `Refused` when its
        `.edgeops` came with the checkout.
        """
        from edgeops.source.root import find_root
        from edgeops.source.state import refuse_foreign_state

        root = find_root(Path(start))
        refuse_foreign_state(root)
        return cls(root, hub, environ or {}, observer or Silent(), debug=debug)

    @property
    def state(self) -> Path:
        """Where is what is not in git: the local hub, artifacts, builds of models."""
        from edgeops.source.state import STATE

        return self.root / STATE

    def cache(self) -> Cache:
        """What is remembered of files that were read before."""
        from edgeops.source.cache import Cache, cache_folder

        return Cache(cache_folder(self.root, self.environ))

    def at(self, rev: str | None = "HEAD") -> Revision:
        """The fleet at a revision, or as it is on disk (None). It is read once, when needed."""
        return Revision(self, rev)

    @property
    def ca_file(self) -> str | None:
        """The CAs to trust, where the user has others than the system's."""
        return self.environ.get("SSL_CERT_FILE") or None

    @property
    def https_port(self) -> int:
        """The port of the local hub that this user has chosen. Raises `UsageError`."""
        from edgeops.localhub.access import DEFAULT_PORT

        chosen = self.environ.get(_PORT, str(DEFAULT_PORT))
        if not chosen.isdecimal() or not chosen.isascii() or not 0 < int(chosen) < 65536:
            raise UsageError(f"{_PORT} is {chosen!r}, not a port number")
        return int(chosen)

    @property
    def local_artifacts_url(self) -> str:
        """Where devices find artifacts on the local hub: on the one that runs, if one does."""
        from edgeops.localhub.access import running

        endpoint = running(self.state)
        hostname = endpoint.hostname if endpoint else f"localhost:{self.https_port}"
        return f"https://{hostname}/artifacts"


class Revision:
    """A fleet at one commit, or as it is on disk: each form of it is made once.

    All raise `EdgeOpsError` where there is no fleet, no git or no such revision.
    """

    def __init__(self, workspace: Workspace, rev: str | None) -> None:
        self.workspace = workspace
        self.rev = rev

    @cached_property
    def snapshot(self) -> Snapshot:
        """Its manifests and schemas, and what is wrong with their files."""
        root = self.workspace.root
        with self.workspace.cache() as cache:
            if self.rev is None:
                from edgeops.source.worktree import load_worktree

                return load_worktree(root, cache)
            from edgeops.source.revision import load_revision

            return load_revision(root, self.rev, cache)

    @cached_property
    def catalog(self) -> Catalog:
        """Its manifests by kind and name, as far as they can be read."""
        from edgeops.fleet.catalog import read_catalog

        return read_catalog(self.snapshot)[0]

    @cached_property
    def resolution(self) -> Resolution:
        """Its devices with all overlays merged, and every problem that was found."""
        from edgeops.fleet.resolve import resolve

        snapshot = self.snapshot
        with self.workspace.cache() as cache:
            resolved = resolve(
                snapshot,
                hub=self.workspace.hub,
                local_artifacts_url=self.workspace.local_artifacts_url,
                memo=cache,
            )
        if self.workspace.debug:
            for bug in filter(None, (problem.error for problem in resolved.problems)):
                raise bug
        return resolved

    @property
    def fleet(self) -> DesiredFleet:
        """The desired fleet. Raises `InvalidFleet`, which has the problems."""
        resolved = self.resolution
        if resolved.fleet is None:
            where = "the working tree" if self.rev is None else self.rev
            raise InvalidFleet(
                f"the desired state in {where} is not valid",
                "fix what is listed above and commit",
                tuple(resolved.problems),
            )
        return resolved.fleet
