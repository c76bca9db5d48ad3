"""A fleet repository with a local hub of its own, which is a process."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeops.localhub import access
from edgeops.localhub.access import Endpoint
from edgeops.localhub.client import client
from edgeops.localhub.files import StateFiles
from tests.bench.generated_fleet import GeneratedFleet
from tests.bench.measured import EDGEOPS, environment


@dataclass(frozen=True, slots=True)
class Site:
    """The repository, its running hub, and the environment of what is run on them."""

    fleet: GeneratedFleet
    endpoint: Endpoint
    environ: dict[str, str]

    @property
    def files(self) -> StateFiles:
        """The state of the hub."""
        return StateFiles(self.fleet.root / ".edgeops")

    def command(self, *arguments: str) -> tuple[str, ...]:
        """An edgeops command on this repository."""
        return (*EDGEOPS, "--repo", str(self.fleet.root), *arguments)

    def empty(self) -> None:
        """Delete all that the hub has."""
        client(self.files.directory, "iothubowner", seconds=60)("POST", "/reset", None)


@contextmanager
def site(folder: Path, devices: int, checkout: Path) -> Iterator[Site]:
    """A new repository with its own new hub, which is stopped at the end."""
    environ = environment(checkout, folder)
    fleet = GeneratedFleet(folder / "fleet", environ)
    fleet.write_set(devices)
    fleet.want(60)
    serve = ("--repo", str(fleet.root), "hub", "serve", "--port", "0", "--mqtt-port", "0")
    state = fleet.root / ".edgeops"
    with running((*EDGEOPS, *serve), state, environ) as endpoint:
        text = access.connection_string(state)
        of_scripts = {
            "IOTHUB_CONNECTION_STRING": text,
            "REQUESTS_CA_BUNDLE": str(state / "ca.pem"),
        }
        yield Site(fleet, endpoint, environ | of_scripts)


@contextmanager
def running(
    command: tuple[str, ...], state: Path, environ: dict[str, str] | None = None
) -> Iterator[Endpoint]:
    """A hub that a command serves from a state directory; it prints a line when it is ready."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environ or dict(os.environ), text=True
    ) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            endpoint = access.running(state)
            assert endpoint, "the local hub did not start"
            yield endpoint
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
