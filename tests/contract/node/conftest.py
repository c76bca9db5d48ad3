"""Microsoft's own SDKs for Node, of services and of devices, talking to a local hub.

The scripts of this folder use the SDKs and print what they saw, one `[name, value]` a line;
the tests say what that must be.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeops.localhub.access import DEFAULT_HOST, HTTPS_PORT
from edgeops.localhub.files import StateFiles

HERE = Path(__file__).parent
WITH_HUB = HERE.parents[1] / "support/with_hub.py"
OWN_NETWORK = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
SECONDS = 60


@pytest.fixture(scope="session")
def _node() -> str:
    program = shutil.which("node")
    if program is None or not (HERE / "node_modules").exists():
        pytest.skip("no Azure SDKs for Node: they need node and `make tools`")
    return program


@pytest.fixture(scope="session")
def _standard_ports(_mqtt_host: str) -> tuple[list[str], str]:
    """What to run a hub with, and its address, so that it gets the port 443.

    The service SDK for Node knows no other port.
    """
    if all(shutil.which(program) for program in ("unshare", "ip")):
        tried = subprocess.run([*OWN_NETWORK, "true"], capture_output=True, timeout=10, check=False)
        if tried.returncode == 0:
            return OWN_NETWORK, DEFAULT_HOST
    try:
        socket.create_server((_mqtt_host, HTTPS_PORT)).close()
    except OSError as error:
        pytest.skip(f"no port {HTTPS_PORT}: neither `unshare -rn` nor the port itself ({error})")
    return [], _mqtt_host


@pytest.fixture(scope="session")
def run_script(
    _node: str,
    _standard_ports: tuple[list[str], str],
    _certificates: StateFiles,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., dict[str, Any]]:
    """Runs a script of this folder beside an empty hub; gives what it saw, by name.

    The hub trusts the certificates in `trusted`.
    """
    prefix, host = _standard_ports

    def run(script: str, *arguments: str, trusted: bytes = b"") -> dict[str, Any]:
        state_dir = tmp_path_factory.mktemp("hub")
        for file in (_certificates.ca, _certificates.server):
            shutil.copy(file, state_dir)
        if trusted:
            StateFiles(state_dir).trusted.write_bytes(trusted)
        hub = [*prefix, sys.executable, str(WITH_HUB), str(state_dir), host]
        done = subprocess.run(
            [*hub, _node, str(HERE / script), *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{script} failed: {done.stdout}{done.stderr}"
        return dict(json.loads(line) for line in done.stdout.splitlines())

    return run
