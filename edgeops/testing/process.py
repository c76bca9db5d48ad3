"""The process of a hub for tests: started with them, ended with them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.localhub.access import DEFAULT_MQTT_PORT
from edgeops.testing.address import own_address
from edgeops.testing.hub import RunningHub

_SECONDS_TO_END = 10


@contextmanager
def running_hub(state_dir: Path) -> Iterator[RunningHub]:
    """A hub of its own during the block, on an address of its own; its state is in the folder.

    The folder is empty or does not exist; what the hub keeps in it is deleted at the end.
    It is another process, so clocks, sockets or modules that tests replace are
    not its. What it has to say, such as why it refused a client, goes to stderr,
    where pytest shows it with the test that failed. It ends with this process,
    whatever ends that. Raises `EdgeOpsError` when it cannot start.
    """
    host, port = own_address(int.from_bytes(os.urandom(3)))
    folder = str(state_dir)
    # -P: the folder of the tests is not a place for the hub's modules, nor, --repo, for a fleet
    program = [sys.executable, "-P", "-m", "edgeops", "--repo", folder, "hub", "serve"]
    process = subprocess.Popen(  # noqa: S603 - this program
        [
            *program,
            *("--ephemeral", "--dir", folder, "--listen", host, "--port", str(port)),
            *("--mqtt-port", str(DEFAULT_MQTT_PORT), "--with-parent", "-o", "json"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the tests, which still need the hub to end
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not process.stdout.readline():  # it prints a line when it is ready
            raise EdgeOpsError("the local hub did not start", "it said why on stderr")
        yield RunningHub(state_dir)
    finally:
        process.stdin.close()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
