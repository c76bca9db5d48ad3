"""A fleet repository with the chosen hub, the environment, an observer and a clock."""

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
    from edgeops.source.again import Resolved
    from edgeops.source.cache import Cache
    from edgeops.source.listing import Listing

LOCAL = "local"  # the local IoT Hub emulator
HUB_DIR = "EDGEOPS_HUB_DIR"  # the folder of a local hub that is not in the state folder
_PORT = "EDGEOPS_HTTPS_PORT"


class InvalidFleet(InvalidState):
    """The desired state of a revision is not valid; `problems` has all problems."""

    def __init__(self, message: str, hint: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(message, hint)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Clock:
    """The current time in UTC, and a monotonic clock in seconds."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic


def utc(moment: datetime) -> str:
    """A time in UTC as documents have it: `2026-06-01T12:00:00Z`."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Workspace:
    """A fleet repository and the chosen hub. Files are read only when needed.

    `root` contains `fleet/`; `environ` has the variables of credentials and artifact
    stores, and HOME for the user's cache. `debug` raises internal errors of edgeops,
    which are otherwise listed as problems. In a `rehearsal` the local clone of the
    hub is read and written in its place.
    """

    root: Path
    hub: str = LOCAL
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    observer: Observer = field(default_factory=Silent, repr=False)
    clock: Clock = field(default_factory=Clock, repr=False)
    debug: bool = False
    rehearsal: bool = False

    @classmethod
    def find(
        cls,
        start: Path | str = ".",
        *,
        hub: str = LOCAL,
        environ: Mapping[str, str] | None = None,
        observer: Observer | None = None,
        debug: bool = False,
        new: bool = False,
    ) -> Workspace:
        """The workspace of the repository that contains a folder; if `new`, else of that folder.

        Raises `EdgeOpsError` if there is none, `Refused` if its `.edgeops` came with the
        checkout, and `UsageError` if EDGEOPS_HUB_DIR is a folder of other things.
        """
        from edgeops.source.root import find_root
        from edgeops.source.state import refuse_foreign_state

        root = find_root(Path(start), new=new)
        refuse_foreign_state(root)
        found = cls(root, hub, environ or {}, observer or Silent(), debug=debug)
        if found.hub_dir != found.state:
            from edgeops.localhub.files import refuse_other_folder

            refuse_other_folder(found.hub_dir)
        return found

    @property
    def state(self) -> Path:
        """The folder for everything that is not in git: model builds, devices, the local hub."""
        from edgeops.source.state import STATE

        return self.root / STATE

    @property
    def hub_dir(self) -> Path:
        """The folder of the local hub: the one that EDGEOPS_HUB_DIR names, else `state`."""
        chosen = self.environ.get(HUB_DIR)
        return Path(chosen).absolute() if chosen else self.state

    def cache(self) -> Cache:
        """The cache of parsed files."""
        from edgeops.source.cache import Cache, cache_folder

        return Cache(cache_folder(self.root, self.environ))

    def at(self, rev: str | None = "HEAD", *, remembered: bool = True) -> Revision:
        """The fleet at a revision, or on disk (None), read when needed.

        If it is `remembered`, the next run resolves only what differs from it. An old commit that
        is compared with is not: the newest is what the next run needs.
        """
        return Revision(self, rev, remembered=remembered)

    @property
    def ca_file(self) -> str | None:
        """The file of trusted CAs, if the user has set one."""
        return self.environ.get("SSL_CERT_FILE") or None

    @property
    def https_port(self) -> int:
        """The port of the local hub, from the environment or the default. Raises `UsageError`."""
        from edgeops.localhub.access import DEFAULT_PORT

        chosen = self.environ.get(_PORT, str(DEFAULT_PORT))
        if not chosen.isdecimal() or not chosen.isascii() or not 0 < int(chosen) < 65536:
            raise UsageError(f"{_PORT} is {chosen!r}, not a port number")
        return int(chosen)

    @property
    def local_artifacts_url(self) -> str:
        """The URL of the artifacts on the local hub, with the port of a running one."""
        from edgeops.localhub.access import running

        endpoint = running(self.hub_dir)
        hostname = endpoint.hostname if endpoint else f"localhost:{self.https_port}"
        return f"https://{hostname}/artifacts"


class Revision:
    """A fleet at one commit, or on disk; each property is computed once.

    All raise `EdgeOpsError` if there is no fleet, no git repository or no such revision.
    """

    def __init__(self, workspace: Workspace, rev: str | None, *, remembered: bool = True) -> None:
        self.workspace = workspace
        self.rev = rev
        self._remembered = remembered

    @cached_property
    def snapshot(self) -> Snapshot:
        """Its manifests and schemas, with the problems of their files."""
        listing = self.listing
        with self.workspace.cache() as cache:
            return listing.snapshot(cache)

    @cached_property
    def listing(self) -> Listing:
        """Its files."""
        root = self.workspace.root
        if self.rev is None:
            from edgeops.source.worktree import list_worktree

            with self.workspace.cache() as cache:
                return list_worktree(root, cache)
        from edgeops.source.revision import list_revision

        return list_revision(root, self.rev)

    @cached_property
    def catalog(self) -> Catalog:
        """Its manifests by kind and name, as far as they are readable."""
        from edgeops.fleet.catalog import read_catalog

        return read_catalog(self.snapshot)[0]

    @property
    def resolution(self) -> Resolution:
        """The devices of the hub with all overlays merged, and all problems."""
        return self._here.resolution

    @property
    def on_every_hub(self) -> Resolution:
        """As `resolution`, with the problems that devices have on other hubs only."""
        return self._everywhere.resolution

    @property
    def model_problems(self) -> tuple[Problem, ...]:
        """The problems of its model files."""
        return self._everywhere.model_problems

    @cached_property
    def _here(self) -> Resolved:
        return self._resolve(every_hub=False)

    @cached_property
    def _everywhere(self) -> Resolved:
        return self._resolve(every_hub=True)

    def _resolve(self, *, every_hub: bool) -> Resolved:
        from edgeops.source.again import Wanted, resolve_listing

        of = self.workspace
        wanted = Wanted(of.root, of.hub, every_hub, of.local_artifacts_url, self._remembered)
        resolved = resolve_listing(self.listing, wanted, of.cache, lambda: self.snapshot)
        if of.debug:
            for bug in filter(None, (each.error for each in resolved.resolution.problems)):
                raise bug
        return resolved

    @property
    def fleet(self) -> DesiredFleet:
        """The desired fleet. Raises `InvalidFleet` with the problems."""
        resolved = self.resolution
        if resolved.fleet is None:
            where = "the working tree" if self.rev is None else self.rev
            raise InvalidFleet(
                f"the desired state in {where} is not valid",
                "fix the problems listed above, and commit",
                tuple(resolved.problems),
            )
        return resolved.fleet
