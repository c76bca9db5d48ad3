"""A hub for the length of one verb; the local hub is started when none runs."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet, HubTarget
    from edgeops.hub.open import LocalAccess
    from edgeops.hub.port import Hub
    from edgeops.twin import LiveDevice


@contextlib.asynccontextmanager
async def open_session(workspace: Workspace, target: HubTarget) -> AsyncIterator[Hub]:
    """The hub of this target, connected; closed again, and stopped if it was started for us."""
    from edgeops.hub.open import open_hub

    with _local_hub(workspace) if target.local else contextlib.nullcontext() as local:
        async with open_hub(target, environ=workspace.environ, local=local) as hub:
            yield hub


@contextlib.contextmanager
def _local_hub(workspace: Workspace) -> Iterator[LocalAccess]:
    """Access to the running local hub, or to one that runs until this ends.

    Commands that use the hub at the same time share a lock, so that the one
    that started it stops it only after the last of them is done.
    """
    from edgeops.hub.open import LocalAccess
    from edgeops.localhub.access import connection_string
    from edgeops.localhub.files import StateFiles

    files = StateFiles(workspace.state)
    files.make_directory()
    with _lock_file(files.directory / "session.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        child = _start_unless_running(workspace)
        try:
            yield LocalAccess(connection_string(files.directory), str(files.ca))
        finally:
            if child is not None:
                _wait_for_others(lock.fileno(), workspace)
                _stop(child)


def _lock_file(path: Path) -> IO[str]:
    with doing(f"write {path}", "the local hub keeps its state there"):
        return path.open("a")


def _start_unless_running(workspace: Workspace) -> subprocess.Popen[str] | None:
    from edgeops.localhub.access import running

    with _lock_file(workspace.state / "start.lock") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)  # of two commands at once, one starts the hub
        return None if running(workspace.state) else _start(workspace)


def _start(workspace: Workspace) -> subprocess.Popen[str]:
    """A hub of our own; it ends when our end of its standard input closes, whatever ends us."""
    # -P: a folder `edgeops` where the user stands is not our program.
    root, port = str(workspace.root), str(workspace.https_port)
    command = [sys.executable, "-P", "-m", "edgeops", "--repo", root, "hub", "serve"]
    child = subprocess.Popen(  # noqa: S603 - our own program
        [*command, "--port", port, "--mqtt-port", "0", "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C must reach us alone: writes in flight need the hub
    )
    assert child.stdout is not None
    if not child.stdout.readline():  # it says that it is ready, or ends
        _, words = child.communicate()
        why = words.strip().removeprefix("error: ").partition("\n")[0]
        raise EdgeOpsError(
            f"the local hub did not start: {why or 'it says nothing more'}",
            "EDGEOPS_HTTPS_PORT chooses another port; `edgeops hub serve` runs the hub alone",
        )
    return child


def _wait_for_others(lock: int, workspace: Workspace) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        workspace.observer.note("waiting: another edgeops command still uses the local hub")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _stop(child: subprocess.Popen[str]) -> None:
    try:
        child.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()


async def read(
    workspace: Workspace, hub: Hub, fleet: DesiredFleet, names: Collection[str]
) -> dict[str, LiveDevice]:
    """Those of the named devices that are on the hub; devices that git lacks without modules."""
    from edgeops.hub.live import ReadRequest, choose_by_query, read_live

    wanted = {}
    for name in sorted(names):
        device = fleet.devices.get(name)
        wanted[name] = ReadRequest(tuple(device.modules), device.edge) if device else ReadRequest()
    by_query = choose_by_query(fleet.hubs[workspace.hub], len(wanted))
    with workspace.observer.progress("reading twins", quiet=not wanted) as told:
        return await read_live(hub, wanted, by_query=by_query, progress=told)
