"""SIGKILL at every step: the old model or the new one runs, whole, and a restart heals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "killed_loader.py"
OLD = b"the old model" * 100  # what the fixture `device` runs
NEW = bytes(range(256)) * 2000


@pytest.fixture
def run(tmp_path, authority, device):
    """Runs the loader in a process of its own; gives how it ended."""
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))

    def run(desired, kill_at):
        command = [sys.executable, str(PROGRAM), str(device.storage), str(ca_file)]
        done = subprocess.run(
            [*command, json.dumps(desired), str(kill_at)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode

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
def test_killed_in_the_middle_of_a_download(run, device, server, tmp_path, sent):
    """The server holds back the rest until the process is gone."""

    def hold(request):
        request.start(200, Content_Length=str(len(NEW)))
        request.wfile.write(NEW[:sent])
        request.wfile.flush()
        server.release.wait(10)

    server.route("/new", hold)
    wanted = {"models": {"crowds": server.model(NEW, "/new")}}
    ca_file = tmp_path / "ca.pem"
    command = [sys.executable, str(PROGRAM), str(device.storage), str(ca_file)]
    process = subprocess.Popen([*command, json.dumps(wanted), "0"], stderr=subprocess.DEVNULL)
    part = device.storage / "crowds" / f".{wanted['models']['crowds']['sha256'][:16]}.part"
    while not part.exists() or part.stat().st_size < sent:
        assert process.poll() is None
    process.kill()
    process.wait()
    server.release.set()

    assert device.runs(OLD)
    server.file("/new", NEW)
    assert run(wanted, 0) == 0
    assert device.runs(NEW)
    asked = [request.headers.get("Range") for request in server.requests if request.path == "/new"]
    assert asked[-1] == (f"bytes={sent}-" if sent else None)
