"""Command lines, environments, outputs and names that are odd."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("frobnicate",), "No such command 'frobnicate'."),
        (("sync", "--frobnicate"), "No such option: --frobnicate"),
        (("sync", "-o", "xml"), "Invalid value for '--output' / '-o'"),
        (("sync", "--offline"), "--offline needs --dry-run"),
        (("sync", "--changed-since", "x"), "--changed-since needs --dry-run"),
        (("sync", "--detailed-exitcode"), "--detailed-exitcode needs --dry-run"),
        (("sync", "--dry-run", "--offline"), "--offline needs --changed-since REV"),
        (("sync", "--dry-run", "--wait"), "--dry-run writes nothing"),
        (("sync", "--dry-run", "--plan", "x"), "--dry-run writes nothing"),
        (("sync", "--summary", "x"), "--summary needs --dry-run"),
        (
            ("sync", "--plan", "x", "--prune"),
            "--plan cannot be combined with --target, --prune, --drift-only",
        ),
        (
            ("sync", "--plan", "x", "--drift-only"),
            "--plan cannot be combined with --target, --prune, --drift-only",
        ),
        (("sync", "--drift-only", "--prune"), "--drift-only cannot be combined with --prune or"),
        (("sync", "--target", "aa"), "no device matches the target 'aa'"),
        (("sync", "--target", "ring=cannary"), "no device matches the target 'ring=cannary'"),
        (("sync", "--target", ""), "no device matches the target ''"),
        (("sync", "--timeout", "soon"), "Invalid value for '--timeout'"),
        (("sync", "--hub", "prod"), "the fleet has no hub `prod`"),
        (("status", "--group", "g"), "no device is in a group `g`"),
        (("render", "aa"), "the fleet has no device `aa`"),
        (("explain",), "Missing argument 'device'."),
        (("hub", "connection-string", "--policy", "x"), "no policy is called 'x'"),
        (("hub", "connection-string", "--module", "m"), "--module needs --device"),
        (("hub", "serve", "--port", "99999"), "Invalid value for '--port'"),
        (("--repo",), "Option '--repo' requires an argument."),
    ],
)
def test_a_command_line_that_makes_no_sense(hub_repo, registry, args, message):
    result = hub_repo.edgeops(*args)
    assert (result.code, result.out) == (64, "")
    assert result.err.startswith(f"error: {message}")
    assert registry.get_devices() == []


@pytest.mark.parametrize("port", ["abc", "²", "0", "65536"])
def test_an_environment_that_makes_no_sense(tiny_repo, monkeypatch, port):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", port)
    result = tiny_repo.edgeops("sync")
    assert (result.code, result.err) == (
        64,
        f"error: EDGEOPS_HTTPS_PORT is '{port}', not a port number\n",
    )


def test_odd_device_names_are_only_names(empty_repo, with_hub, registry):
    names = ["a%2fb", "a#b", "a'b", "a?b", "*", "$x", "-x", "%41", ";", "a=b", "@x", "a+b", "a,b"]
    devices = [
        f"---\napiVersion: edgeops/v1\nkind: Device\nmetadata: {{name: {json.dumps(name)}}}\n"
        "spec: {edge: true, tags: {floor: 1}, modules: {m-_1: {desired: {key: 1}}}}\n"
        for name in names
    ]
    fleet = (
        "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: odd}\nspec: {hubs: {local: {}}}\n"
    )
    module = "---\napiVersion: edgeops/v1\nkind: Module\nmetadata: {name: m-_1}\n"
    empty_repo.write("fleet/x.yaml", "".join([fleet, *devices, module, "spec: {image: 'x:1'}\n"]))
    empty_repo.commit()
    with_hub(empty_repo)
    assert empty_repo.edgeops("sync").code == 0
    assert empty_repo.in_sync()
    assert empty_repo.in_sync("--target=-x", "--target", "a=b")
    on_hub = {device.device_id for device in registry.get_devices()}
    assert on_hub == {*names, "edgeops.odd"}  # the history of the fleet
    assert empty_repo.edgeops("explain", "--", "-x").code == 0


def test_output_that_nobody_reads_or_that_does_not_fit(hub_repo):
    with Path("/dev/full").open("w") as full:  # opened, never replaced
        result = hub_repo.process("sync", "--dry-run", stdout=full)
    assert (result.code, result.err) == (1, "error: No space left on device\n")

    process = hub_repo.start("sync", "--dry-run", "-o", "json")
    process.stdout.close()
    process.wait(timeout=60)
    assert process.stderr.read() == ""
    process.stderr.close()


def on_a_terminal(repo, *args: str, **environ: str) -> str:
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", **environ}
    process = repo.start(*args, stdout=theirs, stderr=subprocess.STDOUT, env=env)
    os.close(theirs)
    output = b""
    while chunk := read_or_nothing(ours):
        output += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0, output
    return output.decode()


def read_or_nothing(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side was closed
        return b""


def test_no_colour_when_it_is_not_wanted(tiny_repo):
    command = ("model", "list")  # starts quickly, and needs no hub
    assert "\x1b[" in on_a_terminal(tiny_repo, *command)
    assert "\x1b" not in on_a_terminal(tiny_repo, *command, "--no-color")
    assert "\x1b" not in on_a_terminal(tiny_repo, *command, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(tiny_repo, *command, TERM="dumb")


@pytest.mark.parametrize("group", ["hub", "device", "model"])
def test_a_group_of_commands_by_itself_shows_its_help(edgeops, group):
    result = edgeops(group)
    assert (result.code, result.err) == (0, "")
    assert result.out == edgeops(group, "--help").out
    assert result.out.startswith(f"Usage: edgeops {group} ")


@pytest.mark.parametrize(("word", "meant"), [("lint", "validate"), ("apply", "sync")])
def test_a_word_of_other_tools_leads_to_the_command(edgeops, word, meant):
    result = edgeops(word, "--hub", "production")
    assert result.code == 64
    assert result.err == (
        f"error: there is no command `{word}`\nhint: did you mean `edgeops {meant}`?\n"
    )


def test_what_is_said_in_git_has_no_command(edgeops):
    result = edgeops("pause", "queen-street-210")
    assert (result.code, "set `paused: true` in the manifest" in result.err) == (64, True)


@pytest.mark.parametrize("word", ["plan", "diff"])
def test_other_names_of_the_dry_run(tiny_repo, word):
    """Without a hub: both are the dry run, with its options and exit codes."""
    options = ("--offline", "--changed-since", "HEAD", "--detailed-exitcode")
    assert (
        tiny_repo.edgeops(word, *options).out
        == tiny_repo.edgeops("sync", "--dry-run", *options).out
    )
    tiny_repo.edit("fleet/fleet.yaml", "{floor: 1}", "{floor: 3}")
    tiny_repo.commit()
    done = tiny_repo.edgeops(word, "--offline", "--changed-since", "HEAD~1", "--detailed-exitcode")
    assert (done.code, "1 to change" in done.out) == (2, True), done


def test_a_command_that_is_misspelt(edgeops):
    result = edgeops("snyc")
    assert result.code == 64
    assert result.err.startswith("error: No such command 'snyc'. Did you mean 'sync'?\n")
