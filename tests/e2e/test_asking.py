"""What writes to a hub asks first, on a terminal, and only there."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
from msrest.exceptions import HttpOperationError
from terminal import CTRL_C, CTRL_D, Terminal

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {{name: asking}}
spec:
  limits: {{maxDeletes: 3}}
  hubs:
    production:
      hostname: localhost:{0}
      connectionStringEnv: IOTHUB
      createDevices: true
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {{name: all}}
spec:
  template: {{spec: {{tags: {{floor: 1}}}}}}
  devices:
  - {{name: eu-1}}
  - {{name: eu-2}}
"""
QUESTION = "Write these changes to hub production? [y/N]"


@pytest.fixture
def fleet(empty_repo, local_hub, monkeypatch):
    """The local hub as hub `production`: only its name says that it is not the emulator."""
    monkeypatch.setenv("IOTHUB", local_hub.connection_string)
    monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
    monkeypatch.setenv("EDGEOPS_HUB", "production")
    empty_repo.write("fleet/fleet.yaml", FLEET.format(local_hub.port))
    empty_repo.commit()
    return empty_repo


@pytest.fixture
def on_terminal(fleet):
    return lambda *args: Terminal(["--repo", str(fleet.root), *args])


def devices(registry):
    found = set()
    for name in ("eu-1", "eu-2", "eu-3"):
        try:
            registry.get_device(name)
        except HttpOperationError:
            continue
        found.add(name)
    return found


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("\n", 5, "the answer is not yes: nothing was written"),
        ("n\n", 5, "the answer is not yes: nothing was written"),
        (CTRL_C, 130, "interrupted before the answer: nothing was written"),
        (CTRL_D, 130, "interrupted before the answer: nothing was written"),
    ],
)
def test_nothing_is_written_without_a_yes(on_terminal, registry, answer, code, said):
    sync = on_terminal("sync")
    sync.wait_for(QUESTION)
    assert "2 devices to create" in sync.shown
    sync.type(answer)
    assert (sync.end(), said in sync.shown) == (code, True), sync.shown
    assert devices(registry) == set()


def test_a_key_of_another_encoding_is_not_a_yes(on_terminal, registry, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")  # as most languages have it
    sync = on_terminal("sync")
    sync.wait_for(QUESTION)
    sync.type("jä\n", "latin-1")
    assert (sync.end(), "the answer is not yes" in sync.shown) == (5, True), sync.shown
    assert devices(registry) == set()


def test_a_yes_writes_and_then_there_is_nothing_to_ask(on_terminal, registry):
    sync = on_terminal("sync")
    sync.wait_for(QUESTION)
    sync.type("y\n")
    assert sync.end() == 0, sync.shown
    assert devices(registry) == {"eu-1", "eu-2"}
    again = on_terminal("sync")
    assert (again.end(), "[y/N]" in again.shown) == (0, False), again.shown


def test_deletions_are_named_and_need_the_name_of_the_hub(fleet, on_terminal, registry):
    fleet.edgeops("sync", "--yes")
    fleet.edit("fleet/fleet.yaml", "  - {name: eu-1}\n", "  - {name: eu-3}\n")
    fleet.commit()
    question = "Type the name of the hub (production) to delete 1 device:"
    refused = on_terminal("sync", "--prune")
    refused.wait_for(question)
    assert "Deleted with keys, twins and messages that wait, for good:\n    eu-1" in refused.shown
    assert "A renamed device is a new identity: its keys" in refused.shown
    refused.type("y\n")
    assert (refused.end(), "nothing was written" in refused.shown) == (5, True), refused.shown
    assert devices(registry) == {"eu-1", "eu-2"}
    agreed = on_terminal("sync", "--prune")
    agreed.wait_for(question)
    agreed.type("production\n")
    assert agreed.end() == 0, agreed.shown
    assert devices(registry) == {"eu-2", "eu-3"}


def test_output_for_programs_is_asked_about_with_the_counts(on_terminal, registry):
    sync = on_terminal("sync", "-o", "json")
    sync.wait_for(QUESTION)
    assert "hub production: 2 devices to create, 0 to change, 0 to delete" in sync.shown
    sync.type("n\n")
    assert (sync.end(), devices(registry)) == (5, set())


def test_forget_asks(fleet, on_terminal, registry):
    fleet.edgeops("sync")
    fleet.edit("fleet/fleet.yaml", "  - {name: eu-1}\n", "")
    fleet.commit()
    forget = on_terminal("forget", "eu-1")
    forget.wait_for("Let go of 1 device on hub production")
    forget.type("n\n")
    assert (forget.end(), "nothing was written" in forget.shown) == (5, True), forget.shown
    assert "edgeops" in registry.get_twin("eu-1").tags
    assert on_terminal("forget", "eu-1", "--yes").end() == 0
    assert "edgeops" not in registry.get_twin("eu-1").tags


def test_a_saved_plan_and_yes_do_not_ask(fleet, on_terminal, registry, tmp_path):
    plan = tmp_path / "plan.json"
    fleet.edgeops("sync", "--dry-run", "--out", str(plan))
    saved = on_terminal("sync", "--plan", str(plan))
    assert (saved.end(), "[y/N]" in saved.shown) == (0, False), saved.shown
    fleet.edit("fleet/fleet.yaml", "floor: 1", "floor: 2")
    fleet.commit()
    told = on_terminal("sync", "--yes")
    assert (told.end(), "[y/N]" in told.shown) == (0, False), told.shown
    assert registry.get_twin("eu-1").tags["floor"] == 2


def test_a_dry_run_and_a_refused_plan_do_not_ask(fleet, on_terminal):
    dry = on_terminal("sync", "--dry-run")
    assert (dry.end(), "[y/N]" in dry.shown) == (0, False), dry.shown
    fleet.edgeops("sync")
    fleet.edit("fleet/fleet.yaml", "  - {name: eu-1}\n  - {name: eu-2}\n", "  - {name: eu-3}\n")
    fleet.edit("fleet/fleet.yaml", "maxDeletes: 3", "maxDeletes: 1")
    fleet.commit()
    blocked = on_terminal("sync", "--prune")
    assert (blocked.end(), "Type the name" in blocked.shown) == (5, False), blocked.shown


def test_the_local_hub_is_written_unasked(hub_repo):
    sync = Terminal(["--repo", str(hub_repo.root), "--hub", "local", "sync"])
    assert (sync.end(), "2 devices synced" in sync.shown) == (0, True), sync.shown


def test_nobody_is_asked_who_cannot_answer(fleet, registry):
    """An open pipe as standard input would block for ever, if it were read."""
    started = fleet.start("sync", stdin=subprocess.PIPE)
    assert started.wait(timeout=60) == 0
    out, err = started.communicate()
    assert "[y/N]" not in out + err
    assert devices(registry) == {"eu-1", "eu-2"}


def test_nobody_is_asked_who_cannot_see_the_question(fleet, registry):
    ours, theirs = pty.openpty()
    done = fleet.end_of(fleet.start("sync", stdin=theirs))
    assert done.code == 0, done.err
    os.close(ours)
    os.close(theirs)
    assert devices(registry) == {"eu-1", "eu-2"}


def test_nobody_is_asked_whose_standard_input_is_closed(fleet, registry):
    command = [sys.executable, "-m", "edgeops", "--repo", str(fleet.root), "sync"]
    closed = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    done = subprocess.run(closed, capture_output=True, text=True, timeout=60)
    assert (done.returncode, devices(registry)) == (0, {"eu-1", "eu-2"}), done.stderr
