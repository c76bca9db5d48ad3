"""Commands and hubs that end in the middle of a sync, and two syncs at once."""

from __future__ import annotations

import signal
import threading
from functools import partial

import pytest


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Repeats come at once."""
    from edgeops.hub.retry import Retry

    monkeypatch.setattr("edgeops.hub.azure.Retry", partial(Retry, base=0.0))


def test_a_hub_that_is_killed_in_the_middle(many, monkeypatch, unused_port):
    from edgeops.hub.azure import AzureHub

    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", str(unused_port))
    repo = many()
    hub = repo.start("hub", "serve")
    assert hub.stdout.readline().startswith("local IoT Hub on")
    patch, count = AzureHub.patch_twin, iter(range(10_000))

    async def patch_or_kill(self, *args, **options):
        if next(count) == 10:
            hub.kill()
            hub.wait()
        return await patch(self, *args, **options)

    monkeypatch.setattr(AzureHub, "patch_twin", patch_or_kill)
    result = repo.edgeops("sync")
    hub.communicate()
    assert (result.code, result.err.count("error:")) == (4, 0)
    assert "does not accept connections" in result.out or "was closed early" in result.out
    assert "the hub became unreachable" in result.out
    assert "run the same command again: it writes only what is still missing" in result.out

    again = repo.edgeops("sync")  # starts a hub of its own on the same state
    assert again.code == 0, again.out + again.err
    assert 0 < int(again.out.split(" devices synced")[0].split()[-1]) < 60
    assert repo.in_sync()


def test_ctrl_c_finishes_what_is_in_flight_and_says_what_was_not_done(
    many, with_hub, local_hub, registry
):
    repo = many()
    with_hub(repo)
    process = repo.start("sync")
    sent, heard = threading.Event(), threading.Event()

    def interrupt(method: str, path: str) -> None:
        if method == "PATCH" and "edgeops.many" not in path and not sent.is_set():
            process.send_signal(signal.SIGINT)
            sent.set()
            heard.wait(30)  # no answer before the command knows

    local_hub.faults.take = interrupt
    note = next(line for line in process.stderr if line.startswith("interrupted"))
    assert note == "interrupted: finishing the devices in flight (Ctrl-C again ends at once)\n"
    heard.set()
    result = repo.end_of(process)
    assert result.code == 130
    assert "1 device synced (2 writes), 59 not started" in result.out
    assert "not started 59 devices: the run was interrupted" in result.out
    assert "hint: run the same command again: it writes only what is still missing" in result.out
    assert registry.get_twin("d00").tags["floor"] == 1
    devices = {device.device_id for device in registry.get_devices()}
    assert devices == {"d00", "edgeops.many"}  # the latter has the history

    assert repo.edgeops("sync").code == 0
    assert repo.in_sync()


def test_ctrl_c_before_the_first_write(hub_repo, local_hub, registry):
    process = hub_repo.start("sync")

    def interrupt(method: str, path: str) -> None:
        if path.startswith("/twins/") and process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)

    local_hub.faults.take = interrupt
    result = hub_repo.end_of(process)
    assert (result.code, result.out) == (130, "")
    assert result.err == ("error: interrupted\nhint: what was written stays; sync again to go on\n")
    assert registry.get_devices() == []


@pytest.mark.parametrize("running", [True, False])
def test_two_syncs_at_once(many, monkeypatch, unused_port, request, running):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", str(unused_port))
    repo = many()
    if running:
        request.getfixturevalue("with_hub")(repo)
    both = [repo.start("sync", "--quiet") for _ in range(2)]
    ends = [repo.end_of(process) for process in both]
    assert [(end.code, end.err) for end in ends] == [(0, ""), (0, "")]
    assert repo.in_sync()
    if not running:
        assert not (repo.root / ".edgeops/hub.json").exists()


def test_a_port_that_is_taken(tiny_repo, local_hub, monkeypatch):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", str(local_hub.port))
    result = tiny_repo.edgeops("sync", "--dry-run")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(
        f"error: the local hub did not start: port {local_hub.port} on 127.0.0.1 is in use"
    )
    assert "\nhint: set EDGEOPS_HTTPS_PORT to use another port, or EDGEOPS_HUB_DIR" in result.err


def test_spoilt_keys_of_the_local_hub(tiny_repo, unused_port, monkeypatch):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", str(unused_port))
    tiny_repo.write(".edgeops/policies.json", "{")
    result = tiny_repo.edgeops("sync", "--dry-run")
    assert result.code == 1
    assert "policies.json does not hold the keys of a local hub" in result.err
