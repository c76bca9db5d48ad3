"""Connects to a hub for one function; starts the local hub if it is not running."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from edgeops.api.rehearsing import rehearsing
from edgeops.api.running import SYNC_AGAIN, complete
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet, HubTarget
    from edgeops.hub.open import LocalAccess
    from edgeops.hub.port import Hub
    from edgeops.plan.model import Refusal
    from edgeops.twin import LiveDevice

T = TypeVar("T")

_NO_RIGHT = (
    "automatic configurations target some devices, but these credentials may not read them"
    " (Microsoft.Devices/IotHubs/configurations/read): paths that they write too are not refused"
)


@contextlib.asynccontextmanager
async def open_session(workspace: Workspace, target: HubTarget) -> AsyncIterator[Hub]:
    """The hub of this target, connected; closed afterwards, and stopped if this started it.

    In a rehearsal it is the local clone of that hub. Raises `Refused` if there is none.
    """
    from edgeops.hub.open import open_hub

    on_clone = workspace.rehearsal and not target.local
    with (
        local_hub(workspace) if target.local or on_clone else contextlib.nullcontext() as local,
        rehearsing(workspace, target) if on_clone else contextlib.nullcontext(),
    ):
        async with open_hub(
            target, environ=workspace.environ, local=local, on_clone=on_clone
        ) as hub:
            yield hub


def on_hub(
    workspace: Workspace,
    fleet: DesiredFleet,
    verb: Callable[[Hub], Coroutine[Any, Any, T]],
    *,
    writes: bool = False,
) -> T:
    """The result of a coroutine function with the chosen hub of a fleet.

    If it `writes`, Ctrl-C says how to go on. Raises `HubError`.
    """

    async def work() -> T:
        async with open_session(workspace, fleet.hubs[workspace.hub]) as hub:
            return await verb(hub)

    return complete(work(), hint=SYNC_AGAIN if writes else "")


async def read(
    workspace: Workspace,
    hub: Hub,
    fleet: DesiredFleet,
    names: Collection[str],
    *,
    timed: bool = False,
    keep: Callable[[str, LiveDevice], bool] = lambda _name, _live: True,
) -> dict[str, LiveDevice]:
    """The named devices that are on the hub; without modules for devices that are not in git.

    `timed` twins have the times of their values. What `keep` does not keep is left out.
    """
    from edgeops.hub.live import ReadRequest, choose_by_query, read_live

    wanted = {}
    for name in sorted(names):
        device = fleet.devices.get(name)
        wanted[name] = ReadRequest(tuple(device.modules), device.edge) if device else ReadRequest()
    by_query = choose_by_query(fleet.hubs[workspace.hub], len(wanted), len(fleet.devices))
    with workspace.observer.progress("reading twins", quiet=not wanted) as progress:
        return await read_live(
            hub, wanted, by_query=by_query, progress=progress, timed=timed, keep=keep
        )


async def left_to_configurations(
    hub: Hub, fleet: DesiredFleet, live: Mapping[str, LiveDevice]
) -> tuple[DesiredFleet, tuple[Refusal, ...], tuple[str, ...]]:
    """The fleet without what configurations of the hub write on the live devices.

    Gives the paths that are left out, and notes. The configurations are read only if some target
    one of the devices.
    """
    from edgeops.hub.port import Unauthorized
    from edgeops.plan.overlap import without_overlaps

    if not any(
        twin.configurations
        for device in live.values()
        for twin in (device.twin, *device.modules.values())
    ):
        return fleet, (), ()
    try:
        configurations = await hub.configurations()
    except Unauthorized:
        return fleet, (), (_NO_RIGHT,)
    by_id = {configuration.id: configuration for configuration in configurations}
    return *without_overlaps(fleet, live, by_id), ()


@contextlib.contextmanager
def local_hub(workspace: Workspace) -> Iterator[LocalAccess]:
    """Access to the running local hub, or to one that is started for this session.

    Commands that use the hub at the same time share a lock, so that the command
    that started it stops it only after the others are done.
    """
    from edgeops.hub.open import LocalAccess
    from edgeops.localhub.access import connection_string
    from edgeops.localhub.files import StateFiles

    files = StateFiles(workspace.hub_dir)
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
    with doing(f"write {path}", "the local hub needs this folder for its state"):
        return path.open("a")


def _start_unless_running(workspace: Workspace) -> subprocess.Popen[str] | None:
    from edgeops.localhub.access import running

    with _lock_file(workspace.hub_dir / "start.lock") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)  # only one of several commands starts the hub
        return None if running(workspace.hub_dir) else _start(workspace)


def _start(workspace: Workspace) -> subprocess.Popen[str]:
    """A child process with the hub, which ends when its standard input closes, even on a crash."""
    # -P: do not import a folder `edgeops` of the current directory.
    root, folder, port = str(workspace.root), str(workspace.hub_dir), str(workspace.https_port)
    command = [sys.executable, "-P", "-m", "edgeops", "--repo", root, "hub", "serve"]
    child = subprocess.Popen(  # noqa: S603 - our own program
        [*command, "--dir", folder, "--port", port, "--no-mqtt", "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C must not reach the hub: writes in flight need it
    )
    assert child.stdout is not None
    if not child.stdout.readline():  # the child prints a line when it is ready
        _, words = child.communicate()
        why = words.strip().removeprefix("error: ").partition("\n")[0]
        raise EdgeOpsError(
            f"the local hub did not start: {why or 'it gave no reason'}",
            "set EDGEOPS_HTTPS_PORT to use another port, or EDGEOPS_HUB_DIR to use the hub of"
            " another folder; `edgeops hub serve` runs only the hub",
        )
    return child


def _wait_for_others(lock: int, workspace: Workspace) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        workspace.observer.note("waiting for another edgeops command that still uses the local hub")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _stop(child: subprocess.Popen[str]) -> None:
    try:
        child.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
