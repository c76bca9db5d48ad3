"""`edgeops hub send`, as a user runs it beside a hub of the same repository."""

from __future__ import annotations

import pytest
from shared_state import share_state

from edgeops.cli.main import run
from edgeops.localhub.client import client


@pytest.fixture
def repo(tmp_path, emptied_hub):
    """A fleet repository whose local hub runs, and has the device d1."""
    (tmp_path / "fleet").mkdir()
    share_state(tmp_path, emptied_hub.state_dir)
    ask(tmp_path)("PUT", "/devices/d1", {"deviceId": "d1"})
    return tmp_path


def ask(root):
    return client(root / ".edgeops", "iothubowner", seconds=10)


@pytest.fixture
def send(repo, capsys):
    """Runs the command; gives its exit code and what it printed."""

    def send(*arguments):
        code = run(["--repo", str(repo), "hub", "send", *arguments])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return send


def purged(repo):
    """How many messages waited for d1; none do any more."""
    return ask(repo)("DELETE", "/devices/d1/commands")["totalMessagesPurged"]


def test_a_message_waits_for_its_device(send, repo):
    options = ["--property", "slot=day-ahead", "--property", "empty=", "--content-type", "text/x"]
    code, printed = send("d1", "Grüße", *options, "--message-id", "m-1", "--ack", "full")
    assert (code, printed) == (0, "message m-1 waits for d1\n")
    code, printed = send("d1", "again", "--expiry", "60")
    assert code == 0
    assert printed.startswith("message ")
    assert purged(repo) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["d9", "x"], 1, "the local hub refuses the message: Device d9 not registered"),
        (["d1", "x", "--property", "slot"], 64, "a property must be NAME=VALUE"),
        (["d1", "x", "--property", "=v"], 64, "a property must be NAME=VALUE"),
        (["d1", "x", "--property", "a b=v"], 64, "cannot have a property called 'a b'"),
        (["d1", "x", "--property", "a:=v"], 64, "cannot have a property called 'a:'"),
        (["d1", "x", "--property", "a=\n"], 64, "cannot have control characters"),
        (["d1", "x", "--property", "a=ü"], 1, "must be printable ASCII"),
        (["d1", "x", "--property", "a= b "], 64, "HTTP takes away the spaces around ' b '"),
        (["d1", "x", "--property", "a=1", "--property", "a=2"], 64, "'a' is given twice"),
        (["d1", "x", "--property", "a=" + "x" * 9000], 1, "are too long, or too many"),
        (["", "x"], 64, "the name of a device or module is empty"),
        (["d\udcff", "x"], 64, "'d\\udcff' is not UTF-8"),
        (["d1", "\udcff"], 64, "'\\udcff' is not UTF-8"),
        (["d1", "x", "--property", "a=\udcff"], 64, "'a=\\udcff' is not UTF-8"),
        (["d1", "x", "--message-id", "a b"], 1, "'iothub-messageid' has at most 128"),
        (["d1", "x", "--expiry", "1e300"], 64, "cannot expire so late"),
        (["d1", "x" * 70_000], 1, "larger than 65536 bytes"),
    ],
    ids=[
        "unknown device",
        "no value",
        "no name",
        "space",
        "colon",
        "newline",
        "no ascii",
        "spaces around",
        "twice",
        "long property",
        "empty device",
        "device not UTF-8",
        "text not UTF-8",
        "property not UTF-8",
        "id",
        "late",
        "large",
    ],
)
def test_what_cannot_be_sent(send, repo, arguments, code, said):
    found, printed = send(*arguments)
    assert said in printed
    assert found == code
    assert purged(repo) == 0


def test_without_a_running_hub_it_says_so(tmp_path, capsys):
    (tmp_path / "fleet").mkdir()
    assert run(["--repo", str(tmp_path), "hub", "send", "d1", "x"]) == 1
    state = tmp_path / ".edgeops"
    assert f"the local hub in {state} is not running" in capsys.readouterr().err
