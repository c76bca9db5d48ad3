"""The process of a hub for tests: started with them, ended with them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.testing.hub import RunningHub

_SECONDS_TO_END = 10


@contextmanager
def running_hub(state_dir: Path) -> Iterator[RunningHub]:
    """A hub of its own during the block, on an address of its own; its state is in the folder.

    It is another process, so clocks, sockets or modules that tests replace are
    not its. What it has to say, such as why it refused a client, goes to stderr,
    where pytest shows it with the test that failed. It ends with this process,
    whatever ends that. Raises `EdgeOpsError` when it cannot start.
    """
    process = subprocess.Popen(  # noqa: S603 - this program
        # -P: the folder of the tests is not a place for the hub's modules
        [sys.executable, "-P", "-m", "edgeops.testing", str(state_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the tests, which still need the hub to end
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        said = json.loads(line) if line else {"error": "the local hub did not start"}
        if "error" in said:
            raise EdgeOpsError(said["error"], said.get("hint", ""))
        yield RunningHub(state_dir)
    finally:
        process.stdin.close()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
