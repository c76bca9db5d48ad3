"""What a command line, a manifest or a device holds: shown without secrets, and never obeyed."""

from __future__ import annotations

import pytest
from hostile import commands

from edgeops.errors import EdgeOpsError

KEY = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmU="
STRING = f"HostName=h.azure-devices.net;SharedAccessKeyName=owner;SharedAccessKey={KEY}"
TOKEN = "ghp_" + "a1" * 18
URL = f"https://someone:{KEY}@github.com/o/r"
SECRETS = [STRING, TOKEN, URL]
COMMAND = "::error::x ##[error]y"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("debug", [(), ("--debug",)])
@pytest.mark.parametrize(
    "args",
    [
        ("--hub", "{}", "sync"),
        ("--hub", "{}", "status"),
        ("--hub={}", "sync", "--dry-run"),
        ("--repo", "{}", "validate"),
        ("sync", "--plan", "{}"),
        ("sync", "--rev", "{}"),
        ("sync", "--target", "{}"),
        ("sync", "--dry-run", "--offline", "--changed-since", "{}"),
        ("sync", "--connection-string", "{}"),
        ("sync", "--connection-string={}"),
        ("sync", "--timeout", "{}"),
        ("sync", "-o", "{}"),
        ("validate", "{}"),
        ("render", "{}"),
        ("explain", "{}"),
        ("hub", "connection-string", "--policy", "{}"),
        ("hub", "serve", "--port", "{}"),
        ("model", "train", "{}"),
        ("github", "outputs", "{}"),
        ("{}",),
        ("hub", "{}"),
    ],
)
def test_a_secret_on_the_command_line_is_not_repeated(tiny_repo, secret, debug, args):
    result = tiny_repo.edgeops(*debug, *(arg.format(secret) for arg in args))
    assert result.code != 0
    assert result.err
    assert all(value not in result.out + result.err for value in (KEY, TOKEN, secret))


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_a_secret_in_the_environment_is_not_shown(tiny_repo, monkeypatch, debug):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", STRING)
    result = tiny_repo.edgeops(*debug, "sync")
    assert (result.code, "EDGEOPS_HTTPS_PORT is" in result.err) == (64, True)
    assert KEY not in result.err
    monkeypatch.setenv("EDGEOPS_SECRET_ACR", "any-shape-at-all")
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", "any-shape-at-all")
    assert "any-shape" not in tiny_repo.edgeops(*debug, "sync").err


def test_a_secret_in_the_output_of_git_is_not_shown(tiny_repo, monkeypatch):
    def answers(*_args):
        raise EdgeOpsError(f"git push failed: fatal: unable to access '{URL}/': no", f"see {URL}")

    monkeypatch.setattr("edgeops.cli.status.workspace", answers)
    for debug in ((), ("--debug",)):
        result = tiny_repo.edgeops(*debug, "status")
        assert "https://someone:***@github.com/o/r/': no" in result.err
        assert KEY not in result.err


def test_debug_adds_a_traceback_and_keeps_the_exit_code(tiny_repo):
    plain = tiny_repo.edgeops("sync", "--hub", STRING)
    debug = tiny_repo.edgeops("--debug", "sync", "--hub", STRING)
    assert debug.code == plain.code
    assert "Traceback (most recent call last)" in debug.err
    assert debug.err.endswith(plain.err)


def test_a_chain_of_errors_is_masked(capfd, monkeypatch):
    import edgeops.cli.status as command
    from edgeops.cli.main import run

    def fails(*_args):
        try:
            raise ValueError(STRING)
        except ValueError as error:
            raise RuntimeError(f"-----BEGIN PRIVATE KEY-----\n{KEY}\n::error::{TOKEN}") from error

    monkeypatch.setattr(command, "workspace", fails)
    assert run(["--debug", "status"]) == 1
    stderr = capfd.readouterr().err
    assert KEY not in stderr
    assert TOKEN not in stderr
    assert not commands(stderr)
    assert "ValueError: HostName=h.azure-devices.net" in stderr
    assert run(["status"]) == 1
    assert capfd.readouterr().err.startswith("error: unexpected RuntimeError; this is a bug")


MANIFEST = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: odd}
spec: {hubs: {local: {}}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: "::error::x"}
spec:
  tags: {"::error::y": "::error::x ##[error]y", "::warning::z": "a\\n::error::b"}
  desired: {text: "##[group]\\u202e"}
"""


def test_no_output_is_a_command_to_the_runner_of_a_workflow(empty_repo, with_hub, tmp_path):
    empty_repo.write("fleet/fleet.yaml", MANIFEST)
    empty_repo.commit()
    with_hub(empty_repo)
    name = "::error::x"
    for args in (
        ("validate",),
        ("render", name),
        ("render", name, "-o", "json"),
        ("explain", name),
        ("explain", name, "-o", "json"),
        ("sync", "--dry-run"),
        ("sync", "--dry-run", "-o", "json"),
        ("sync", "--dry-run", "-o", "markdown"),
        ("sync",),
        ("status",),
        ("status", "-o", "json"),
        ("hub", "events"),
        ("hub", "events", "-o", "json"),
    ):
        result = empty_repo.edgeops(*args)
        assert result.code == 0, result
        assert not commands(result.out + result.err), args
    for args in (
        ("explain", COMMAND),
        ("render", f"x\n{COMMAND}"),
        (COMMAND,),
        ("sync", f"--{COMMAND}"),
    ):
        result = empty_repo.edgeops(*args)
        assert result.code in (1, 64)
        assert not commands(result.out + result.err), args


def test_a_file_may_be_called_as_a_command(tiny_repo):
    tiny_repo.write("fleet/::error::x ##[error]y.yaml", "a: [\n")
    result = tiny_repo.edgeops("validate")
    assert result.code == 3
    assert not commands(result.out + result.err)
    annotated = tiny_repo.edgeops("validate", "-o", "github")
    assert commands(annotated.out) == annotated.out.splitlines()
    assert all(line.startswith("::error file=fleet/") for line in annotated.out.splitlines())
