"""State that came with a checkout: whoever wrote the commit wrote it, so no command believes it."""

from __future__ import annotations

import subprocess

import pytest

from edgeops import __version__
from edgeops.fleet.manifest import parse
from edgeops.source.cache import Cache
from edgeops.source.read import PARSER_VERSION
from edgeops.source.record import ParsedFile, encode
from edgeops.source.schemas import packaged_schemas

COMMANDS = [
    ("validate",),
    ("validate", "--rev", "HEAD"),
    ("render", "a"),
    ("explain", "a"),
    ("sync",),
    ("sync", "--dry-run", "--offline", "--changed-since", "HEAD"),
    ("status",),
    ("hub", "serve", "--port", "0"),
    ("hub", "events"),
    ("hub", "connection-string"),
    ("hub", "reset"),
    ("device", "run", "a"),
    ("model", "data", "m"),
    ("model", "train", "m"),
    ("model", "evaluate", "m"),
    ("model", "publish", "m"),
    ("model", "verify", "m@1.0.0"),
    ("model", "promote", "m@1.0.0", "--to", "canary"),
    ("model", "list"),
    ("github", "models"),
    ("github", "propose-release", "m@1.0.0", "--scorecard", "card.md"),
    ("github", "propose-promotions"),
]


@pytest.fixture
def with_link(tiny_repo):
    """A fleet whose commit has a link where state is kept, and a folder that it leads to."""
    tiny_repo.write("fleet/.state/policies.json", "{}")
    (tiny_repo.root / ".edgeops").symlink_to("fleet/.state")
    tiny_repo.git("add", "--force", ".edgeops", "fleet")
    tiny_repo.commit()
    return tiny_repo


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_works_with_state_from_a_checkout(with_link, command, monkeypatch):
    for name, value in {
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_API_URL": "http://127.0.0.1:1",
        "GITHUB_TOKEN": "t",
    }.items():
        monkeypatch.setenv(name, value)
    result = with_link.edgeops(*command)
    assert (result.code, result.out, result.err) == (
        5,
        "",
        "error: '.edgeops' is a link; edgeops trusts only state that was created on this machine\n"
        "hint: remove it: rm '.edgeops'\n",
    )


def test_no_command_works_on_a_commit_that_holds_state(with_link):
    (with_link.root / ".edgeops").unlink()
    result = with_link.edgeops("sync", "--dry-run")
    assert (result.code, result.out) == (5, "")
    assert result.err.startswith("error: '.edgeops' is committed at ")
    assert "git rm -r --cached" in result.err


def _what_a_cache_would_say(path, file, good: bytes, evil: bytes) -> None:
    """A cache file that has the result of reading one text under the key of another."""
    record = encode(ParsedFile(*parse(file, evil, packaged_schemas())))
    sha = subprocess.run(
        ["git", "hash-object", "--stdin"], input=good, capture_output=True, check=True
    ).stdout.decode()
    schemas = packaged_schemas().digest
    key = f"file/{__version__}/{PARSER_VERSION}/{schemas}/{sha.strip()}/{file}"
    with Cache(path) as cache:
        cache.put(key, record)


def test_a_cache_in_the_checkout_is_not_read(tiny_repo):
    file = "fleet/fleet.yaml"
    good = (tiny_repo.root / file).read_bytes()
    evil = good.replace(b"floor: 1", b"floor: 99")
    assert good != evil
    _what_a_cache_would_say(tiny_repo.root / ".edgeops", file, good, evil)
    assert "99" not in tiny_repo.edgeops("render", "a", "-o", "json").out


def test_a_user_cache_inside_the_checkout_is_not_read(tiny_repo, monkeypatch):
    file = "fleet/fleet.yaml"
    good = (tiny_repo.root / file).read_bytes()
    evil = good.replace(b"floor: 1", b"floor: 99")
    _what_a_cache_would_say(tiny_repo.root / "cache" / "edgeops", file, good, evil)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tiny_repo.root / "cache"))
    assert "99" not in tiny_repo.edgeops("render", "a", "-o", "json").out
    monkeypatch.setenv("XDG_CACHE_HOME", str(tiny_repo.root / "no such"))
    tiny_repo.edgeops("validate")
    assert not (tiny_repo.root / "no such").exists()


def test_a_user_cache_outside_the_checkout_is_read(tiny_repo, tmp_path, monkeypatch):
    """So that the two tests above cannot pass for another reason."""
    file = "fleet/fleet.yaml"
    good = (tiny_repo.root / file).read_bytes()
    evil = good.replace(b"floor: 1", b"floor: 99")
    _what_a_cache_would_say(tmp_path / "own" / "edgeops", file, good, evil)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert "99" in tiny_repo.edgeops("render", "a", "-o", "json").out
