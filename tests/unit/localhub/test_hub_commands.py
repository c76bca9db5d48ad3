"""`edgeops hub serve` and `edgeops hub events`, as a user runs them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from edgeops.cli.main import run
from edgeops.localhub import access
from edgeops.localhub.service import devices, registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.store import HubStore


@pytest.fixture
def repo(tmp_path):
    """A fleet repository whose local hub has seen two devices and a message of each."""
    (tmp_path / "fleet").mkdir()
    state = tmp_path / ".edgeops"
    state.mkdir()
    with HubStore(state / "hub.db") as store:
        hub = EmulatedHub(store)
        for name in ("d1", "d2"):
            registry.put_device(hub, name, {"deviceId": name}, None)
            devices.send_telemetry(hub, name, "", {"unit": "m"}, b'{"text": "\\u001b[2J"}')
    return tmp_path


@contextmanager
def serving(repo, *options):
    """A hub that a user has started; gives what it said."""
    command = [sys.executable, "-m", "edgeops", "--repo", str(repo), "hub", "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline()
        finally:
            process.terminate()
            assert process.wait(timeout=10) == 0


@pytest.mark.slow
def test_events_are_lines(repo, capsys):
    with serving(repo, "--port", "0", "--no-mqtt") as output:
        assert run(["--repo", str(repo), "hub", "events"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert run(["--repo", str(repo), "hub", "events", "-d", "d2", "-o", "json"]) == 0
        documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "mqtts" not in output
    assert [line[22:] for line in lines] == [
        "d1  lifecycle  createDeviceIdentity",
        'd1  telemetry  {"unit": "m"}  {"text": "\\u001b[2J"}',
        "d2  lifecycle  createDeviceIdentity",
        'd2  telemetry  {"unit": "m"}  {"text": "\\u001b[2J"}',
    ]
    assert [document["sequence"] for document in documents] == [3, 4]


def test_without_a_running_hub_there_are_no_events(repo, capsys):
    assert run(["--repo", str(repo), "hub", "events"]) == 1
    assert "hint: start it with `edgeops hub serve`" in capsys.readouterr().err


def test_where_no_hub_has_been_there_is_none(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (["connection-string"], ["device", "list"], ["reset", "--yes"]):
        assert run(["hub", *command]) == 1
        assert capsys.readouterr().err == (
            f"error: there is no local hub in {tmp_path}/.edgeops\n"
            "hint: start one with `edgeops hub serve`, or name the folder of another with --dir\n"
        )
    assert run(["hub", "device", "create", "d1", "--dir", "wrong"]) == 1
    assert "there is no local hub in" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_other_things_is_not_made_one_of_a_hub(tmp_path, capsys):
    (tmp_path / "main.py").touch()
    assert run(["hub", "serve", "--dir", str(tmp_path)]) == 64
    assert run(["hub", "serve", "--dir", str(tmp_path), "--ephemeral"]) == 64
    assert [file.name for file in tmp_path.iterdir()] == ["main.py"]


def test_the_hub_of_another_folder_is_asked(repo, capsys, monkeypatch):
    (repo / ".edgeops/.gitignore").write_text("*\n")
    monkeypatch.chdir("/")
    monkeypatch.setenv("EDGEOPS_HUB_DIR", str(repo / ".edgeops"))
    assert run(["hub", "device", "list"]) == 0
    assert capsys.readouterr().out == "d1  disconnected\nd2  disconnected\n"


@pytest.mark.parametrize("options", [["--listen", "localhost"], ["--host", "a b"]])
def test_what_is_no_address_is_a_usage_error(repo, capsys, options):
    assert run(["--repo", str(repo), "hub", "serve", "--port", "0", *options]) == 64
    assert options[1] in capsys.readouterr().err


@pytest.mark.slow
def test_a_hub_says_where_devices_connect(repo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with serving(repo, "--port", "0", "--mqtt-port", str(port)) as output:
        assert f"mqtts://localhost:{port}" in output
        assert access.running(repo / ".edgeops").mqtt_port == port
