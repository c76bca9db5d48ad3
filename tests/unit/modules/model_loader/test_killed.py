"""SIGKILL at every step: the old model or the new one runs, whole, and a restart heals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_until

PROGRAM = Path(__file__).parent / "killed_loader.py"
OLD = b"the old model" * 100  # what the fixture `device` runs
NEW = bytes(range(256)) * 2000


@pytest.fixture
def loaders(tmp_path, authority, device):
    """Starts loaders in processes of their own, one for each line of its input."""
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    command = [sys.executable, str(PROGRAM), str(device.storage), str(ca_file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def start(loaders):
    """Starts a loader, which kills itself at a step; gives its process id."""

    def start(desired, kill_at):
        loaders.stdin.write(json.dumps([desired, kill_at]) + "\n")
        loaders.stdin.flush()
        return int(loaders.stdout.readline())

    return start


@pytest.fixture
def run(loaders, start):
    """Runs a loader; gives how it ended."""

    def run(desired, kill_at):
        start(desired, kill_at)
        code = int(loaders.stdout.readline())
        assert code in (0, -signal.SIGKILL)
        return code

    return run


@pytest.mark.slow
def test_killed_at_each_step(run, device, make_device, server):
    kill_at = 0
    wanted = device.current()
    while True:
        kill_at += 1
        content = NEW + bytes([kill_at])
        model = server.publish(content, f"/{kill_at}", f"{kill_at}.onnx")
        before = wanted.path.read_bytes()
        desired = {"models": {"crowds": model}, "keepVersions": 1}
        code = run(desired, kill_at)
        assert device.runs(before) or device.runs(content), f"at step {kill_at}"
        if code == 0:
            break
        restarted = make_device()
        restarted.offer(desired)
        restarted.work()
        assert device.runs(content), f"a restart heals step {kill_at}"
        assert device.files() == [f"{kill_at}.onnx", "current.json"]
        wanted = device.current()
    assert kill_at > 10, "the steps were seen"


@pytest.mark.slow
@pytest.mark.parametrize("sent", [0, 1, 100_000, len(NEW) - 1])
def test_killed_in_the_middle_of_a_download(loaders, start, run, device, server, sent):
    """The server holds back the rest until the process is gone."""

    def hold(request):
        request.start(200, Content_Length=str(len(NEW)))
        request.wfile.write(NEW[:sent])
        request.wfile.flush()
        server.release.wait(10)

    server.route("/new", hold)
    wanted = {"models": {"crowds": server.model(NEW, "/new")}}
    process = start(wanted, 0)
    part = device.storage / "crowds" / f".{wanted['models']['crowds']['sha256'][:16]}.part"
    wait_until(lambda: part.exists() and part.stat().st_size >= sent)
    os.kill(process, signal.SIGKILL)
    assert int(loaders.stdout.readline()) == -signal.SIGKILL
    server.release.set()

    assert device.runs(OLD)
    server.file("/new", NEW)
    assert run(wanted, 0) == 0
    assert device.runs(NEW)
    asked = [request.headers.get("Range") for request in server.requests if request.path == "/new"]
    assert asked[-1] == (f"bytes={sent}-" if sent else None)
