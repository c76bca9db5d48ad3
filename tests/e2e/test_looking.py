"""Looking at a fleet from the command line: `status`, `device list` and `device show`."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import signal
import time

import pytest
import yaml
from azure.iot.hub.models import Twin


@pytest.fixture
def looked(hub_repo):
    """A fleet that is in sync."""
    assert hub_repo.edgeops("sync").code == 0
    return hub_repo


def first_device(repo):
    return json.loads(repo.edgeops("device", "list", "-o", "json").out)["devices"][0]["device"]


def test_all_forms_of_a_list_name_the_same_devices(looked):
    as_json = json.loads(looked.edgeops("device", "list", "-o", "json").out)
    names = [device["device"] for device in as_json["devices"]]
    assert yaml.safe_load(looked.edgeops("device", "list", "-o", "yaml").out) == as_json
    rows = csv.DictReader(io.StringIO(looked.edgeops("device", "list", "-o", "csv").out))
    assert [row["device"] for row in rows] == names == sorted(names)
    lines = looked.edgeops("device", "list", "--columns", "device").out.splitlines()
    assert lines[1 : len(names) + 1] == names
    status = json.loads(looked.edgeops("status", "-o", "json").out)
    assert {device["device"] for device in status["devices"]} == set(names)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("device", "list", "--columns", "nme"), "there is no column `nme`"),
        (("device", "list", "--sort", "-nme"), "there is no column `nme`"),
        (("device", "list", "--health", "sick"), "`sick` is not a state of health"),
        (("device", "list", "--not-in-git", "--health", "Offline"), "cannot be combined"),
        (("device", "list", "--summary", "site", "--sort", "device"), "cannot be combined"),
        (("device", "list", "--target", "nobody"), "no device matches the target 'nobody'"),
        (("device", "show", "nobody"), "has a device `nobody`"),
        (("status", "--watch", "--wait"), "cannot be combined"),
        (("status", "--watch", "-o", "json"), "cannot be combined"),
    ],
)
def test_what_makes_no_sense_is_said(looked, arguments, said):
    done = looked.edgeops(*arguments)
    assert (done.code, done.out) == (64, "")
    assert said in done.err


def test_a_value_that_somebody_changed_is_marked(looked, registry):
    name = first_device(looked)
    tag = next(iter(registry.get_twin(name).tags.keys() - {"edgeops"}))
    registry.update_twin(name, Twin(tags={tag: "elsewhere"}))
    text = looked.edgeops("device", "show", name).out
    assert next(line for line in text.splitlines() if line.startswith(f"  {tag} ")).endswith(
        "drift"
    )
    listed = looked.edgeops("device", "list", "--columns", "device,sync", "--sort", "sync").out
    assert listed.splitlines()[1].split() == [name, "drift"]


def test_watching_prints_a_block_for_each_change_and_ends_with_ctrl_c(looked, registry):
    name = first_device(looked)
    watching = looked.start("status", "--watch", "--interval", "1", "-q")
    seen = []
    for line in watching.stdout:
        seen.append(line)
        blocks = sum("devices:" in row for row in seen)
        if "devices:" in line and blocks == 1:
            registry.update_twin(name, Twin(tags={"edgeops": None}))
        elif blocks == 2:
            break
    watching.send_signal(signal.SIGINT)
    ended = looked.end_of(watching)
    assert (ended.code, ended.err) == (130, "")
    assert sum("devices:" in row for row in seen) == 2
    assert "\x1b" not in "".join(seen)


def test_watching_redraws_a_terminal_in_place(looked):
    screen, terminal = pty.openpty()
    watching = looked.start("status", "--watch", "--interval", "1", "-q", stdout=terminal)
    os.close(terminal)
    drawn, deadline = b"", time.monotonic() + 60
    while drawn.count(b"\x1b[H\x1b[2J") < 2 and time.monotonic() < deadline:
        if select.select([screen], [], [], 1)[0]:
            drawn += os.read(screen, 65536)
    watching.send_signal(signal.SIGINT)
    watching.stdout = None
    assert looked.end_of(watching).code == 130
    os.close(screen)
    assert drawn.count(b"\x1b[H\x1b[2J") == 2
