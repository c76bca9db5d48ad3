"""Commits beside the working tree, and who may push them."""

import base64
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.source.branch import Author, PushAccess, commit_files, push_branch

BOT = Author("a bot", "bot@example.com")
NOBODY = PushAccess("https://github.example", "t0ken")


def git(root, *args):
    done = subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path):
    """A clone with one commit of two files; one of them is edited, and something is staged."""
    remote, root = tmp_path / "remote", tmp_path / "clone"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(remote), str(root)], check=True)
    for name in ("a", "b"):
        (root / name).write_text(name)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "first")
    (root / "a").write_text("edited")
    (root / "c").write_text("staged")
    git(root, "add", "c")
    return root


def test_a_commit_holds_just_the_given_files(clone):
    head, status = git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain")
    files = {"b": None, "dir/né w": b"\r\n\x00", "a": b"A"}
    made = commit_files(clone, head, files, "a message", BOT)
    assert git(clone, "show", "--no-patch", "--format=%P|%s|%an|%ce", made) == (
        f"{head}|a message|a bot|bot@example.com"
    )
    names = git(clone, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", made)
    assert names.split("\n") == ["a", "dir/né w"]
    shown = subprocess.run(
        ["git", "cat-file", "blob", f"{made}:dir/né w"], cwd=clone, check=True, capture_output=True
    )
    assert shown.stdout == b"\r\n\x00"
    assert git(clone, "status", "--porcelain") == status
    assert git(clone, "rev-parse", "HEAD") == head


def test_a_branch_keeps_its_commit_while_its_files_are_the_same(clone):
    head = git(clone, "rev-parse", "HEAD")
    first, again, other = (
        commit_files(clone, head, {"a": data}, message, BOT)
        for data, message in ((b"A", "one"), (b"A", "two"), (b"B", "two"))
    )
    assert push_branch(clone, first, "x/y", BOT, NOBODY) == (first, True)
    assert push_branch(clone, again, "x/y", BOT, NOBODY) == (first, False)
    assert push_branch(clone, other, "x/y", BOT, NOBODY) == (other, True)
    assert git(clone, "ls-remote", "origin") == f"{other}\trefs/heads/x/y"


@pytest.fixture
def server():
    """A git server that lets nobody in; `asked` are the credentials it was shown."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers.get("Authorization"))
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        httpd.asked = asked
        yield httpd
        httpd.shutdown()
        thread.join()


def test_only_the_server_of_the_token_gets_the_token(clone, server):
    url = f"http://127.0.0.1:{server.server_port}"
    git(clone, "remote", "set-url", "origin", f"{url}/contoso/fleet")
    head = git(clone, "rev-parse", "HEAD")
    with pytest.raises(EdgeOpsError) as failed:
        push_branch(clone, head, "x", BOT, PushAccess(url, "t0ken"))
    login = base64.b64encode(b"x-access-token:t0ken").decode()
    assert server.asked == [f"Basic {login}"]
    assert "t0ken" not in str(failed.value) + failed.value.hint
    assert login not in str(failed.value) + failed.value.hint
    assert "t0ken" not in repr(PushAccess(url, "t0ken"))

    with pytest.raises(EdgeOpsError, match="git ls-remote failed"):
        push_branch(clone, head, "x", BOT, NOBODY)
    assert server.asked[1:] == [None]


def test_pushing_without_a_remote_is_an_error(clone):
    git(clone, "remote", "remove", "origin")
    with pytest.raises(EdgeOpsError, match="there is no remote origin"):
        push_branch(clone, "HEAD", "x", BOT, NOBODY)
