"""What completes a command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeops.api.names import fleet_names
from edgeops.cli.complete import _bash_words, candidates, complete

CHECKOUT = Path(__file__).parents[3]
STREETS = [
    f"street-24h@{file.stem}"
    for file in sorted((CHECKOUT / "models/street-24h/releases").glob("*.yaml"))
]


@pytest.fixture(scope="module")
def environ(tmp_path_factory):
    """A cache of its own, and the example fleet."""
    cache = str(tmp_path_factory.mktemp("cache"))
    return {"XDG_CACHE_HOME": cache, "EDGEOPS_REPO": str(CHECKOUT)}


@pytest.mark.parametrize(
    ("words", "start", "found"),
    [
        ([], "exp", ["explain"]),
        (["model"], "prom", ["promote"]),
        (["sync"], "--dr", ["--drift-only", "--dry-run"]),
        (["sync"], "--h", ["--help", "--hub"]),
        (["explain"], "cbd", ["cbd-gateway"]),
        (["model", "sign"], "street", STREETS),
        (["model", "sign", STREETS[0]], "street", STREETS[1:]),
        (["--repo", str(CHECKOUT), "explain"], "cbd", ["cbd-gateway"]),
        (["explain", "cbd-gateway"], "/de", None),
        (["render", "cbd-gateway"], "cbd", []),  # it is there already
        (["forget", "cbd-gateway"], "commerce-street-w", ["commerce-street-west"]),
        (["sync", "--hub"], "", ["local", "production"]),
        (["sync"], "--hub=p", ["--hub=production"]),
        (["--hub", "production", "sync", "--target"], "ring=c", ["ring=canary"]),
        (["status", "--group"], "c", ["canary"]),
        (["status", "-g"], "c", ["canary"]),
        (["status", "--health"], "Pr", ["Progressing"]),
        (["status", "--by"], "ri", ["ring"]),
        (["device", "list", "--summary"], "ri", ["ring"]),
        (["rollback", "--to"], "", []),  # a revision
        (["model", "promote"], "street", STREETS),
        (["model", "promote", "--to"], "c", ["canary"]),
        (["model", "promote", "--slot"], "crowd", ["crowdedness"]),
        (["model", "train"], "street", ["street-24h"]),
        (["sync", "-o"], "", ["json", "markdown", "text"]),
        (["render", "--out"], "", []),  # a folder: the shell completes it
        (["import", "--name"], "", []),
        (["sync", "--"], "--", []),
        (["nothing", "like", "it"], "", []),
    ],
)
def test_a_word_is_completed(environ, words, start, found):
    completed = candidates(words, start, environ)
    if found is None:
        assert completed[0] == "/desired"
        assert all(word.startswith("/desired") for word in completed)
    else:
        assert completed == found


@pytest.mark.parametrize(
    ("words", "current", "expected"),
    [
        (["edgeops", "explain", "q"], 2, (["explain"], "q", 0)),
        (["edgeops", "sync", ""], 2, (["sync"], "", 0)),
        (["edgeops", "--target", "ring", "=", "ca"], 4, (["--target"], "ring=ca", 5)),
        (["edgeops", "--target", "ring", "="], 3, (["--target"], "ring=", 5)),
        (["edgeops", "--hub", "=", "p"], 3, ([], "--hub=p", 6)),
        (["edgeops", "promote", "m", "@", "1", "--to"], 5, (["promote", "m@1"], "--to", 0)),
    ],
)
def test_bash_splits_words_at_signs(words, current, expected):
    assert _bash_words(words, current) == expected


def test_names_follow_the_files(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    (tmp_path / "f/fleet").mkdir(parents=True)
    device = "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: %s}\nspec: {}\n"
    (tmp_path / "f/fleet/a.yaml").write_text(device % "first")
    assert fleet_names(tmp_path / "f", environ)["devices"] == ["first"]
    (tmp_path / "f/fleet/b.yaml").write_text(device % "second")
    assert fleet_names(tmp_path / "f", environ)["devices"] == ["first", "second"]
    (tmp_path / "f/fleet/a.yaml").write_text("broken: [")
    assert fleet_names(tmp_path / "f", environ)["devices"] == ["second"]


def test_calendars_are_completed(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "EDGEOPS_REPO": str(tmp_path)}
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet/a.yaml").write_text(
        "apiVersion: edgeops/v1\nkind: Context\nmetadata: {name: city-events}\n"
        "spec: {names: [concert], events: []}\n"
    )
    assert candidates(["render", "--context"], "ci", environ) == ["city-events"]
    assert candidates(["model", "sign"], "ci", environ) == ["city-events"]


def test_a_name_that_a_shell_would_run_is_not_offered(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "EDGEOPS_REPO": str(tmp_path)}
    (tmp_path / "fleet").mkdir()
    for number, name in enumerate(["d$(id)", "d*", "d'", "d#", "d1"]):
        (tmp_path / f"fleet/{number}.yaml").write_text(
            f'apiVersion: edgeops/v1\nkind: Device\nmetadata: {{name: "{name}"}}\nspec: {{}}\n'
        )
    assert "d$(id)" in fleet_names(tmp_path, environ)["devices"]
    assert candidates(["explain"], "d", environ) == ["d1"]


@pytest.mark.parametrize("repo", ["nowhere", "file", "empty"])
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "unknown"])
def test_a_completion_fails_in_silence(tmp_path, capfd, repo, shell):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    environ = {
        "_EDGEOPS_COMPLETE": f"complete_{shell}",
        "EDGEOPS_REPO": str(tmp_path / repo),
        "XDG_CACHE_HOME": str(tmp_path / "file"),
        "COMP_WORDS": "edgeops\nexplain\nx",
        "COMP_CWORD": "2",
        "_TYPER_COMPLETE_ARGS": "edgeops explain x",
    }
    assert complete(environ) == 0
    out, err = capfd.readouterr()
    assert (out.replace("_files", "").strip(), err) == ("", "")


@pytest.mark.parametrize(
    ("shell", "more", "code", "shown"),
    [
        ("bash", {"COMP_WORDS": "edgeops\nvali", "COMP_CWORD": "1"}, 0, "validate\n"),
        ("bash", {"COMP_WORDS": "edgeops"}, 0, ""),  # without a number
        ("zsh", {}, 0, "_arguments '*: :((\"validate\"))'\n"),
        ("fish", {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}, 0, "validate\n"),
        ("fish", {"_TYPER_COMPLETE_FISH_ACTION": "is-args"}, 0, ""),
        ("powershell", {}, 0, "validate::: \n"),
    ],
)
def test_each_shell_is_answered_as_its_script_wants_it(environ, capfd, shell, more, code, shown):
    said = {**environ, "_EDGEOPS_COMPLETE": f"complete_{shell}", **more}
    said.setdefault("_TYPER_COMPLETE_ARGS", "edgeops vali")
    assert (complete(said), capfd.readouterr().out) == (code, shown)


def test_nothing_heavy_is_imported_for_a_key_press(environ):
    import subprocess
    import sys

    run = (
        "import os, sys; from edgeops.cli.complete import complete; complete(os.environ);"
        "print([name for name in ('typer', 'yaml', 'git', 'asyncio') if name in sys.modules])"
    )
    said = {
        **os.environ,
        **environ,
        "_EDGEOPS_COMPLETE": "complete_bash",
        "COMP_WORDS": "edgeops\nexplain\ncbd",
        "COMP_CWORD": "2",
    }
    for _ in range(2):  # the first fills the cache
        done = subprocess.run([sys.executable, "-c", run], env=said, capture_output=True, text=True)
    assert done.stdout == "cbd-gateway\n[]\n"
