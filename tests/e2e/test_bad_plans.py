"""Saved plans that are damaged, for something else, or not there: nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def saved(hub_repo, tmp_path) -> Path:
    """A plan of the tiny fleet."""
    assert hub_repo.edgeops("sync", "--dry-run", "--out", str(tmp_path / "plan.json")).code == 0
    return tmp_path / "plan.json"


def change(**members):
    return lambda text: json.dumps({**json.loads(text), **members})


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda text: text[:-20], "it is not JSON"),
        (lambda text: "", "it is not JSON"),
        (lambda text: "[" * 100_000, "it is not JSON"),
        (lambda text: "[]", "it has no `kind: Plan`"),
        (change(kind="Fleet"), "it has no `kind: Plan`"),
        (change(apiVersion="edgeops/v9"), "its apiVersion is not edgeops/v1"),
        (change(options=None), "/options is null (empty); it must be an object"),
        (change(changes=[7]), "/changes/0 is the number 7; it must be an object"),
        (change(commit=7), "/commit is the number 7; it must be text or null"),
    ],
)
def test_a_damaged_plan(hub_repo, saved, registry, spoil, why):
    saved.write_text(spoil(saved.read_text()))
    result = hub_repo.edgeops("sync", "--plan", str(saved))
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        f"error: this is not a saved plan: {why}\n"
        "hint: save one with `edgeops sync --dry-run --out FILE`\n"
    )
    assert registry.get_devices() == []


@pytest.mark.parametrize(
    ("spoil", "code", "message"),
    [
        (change(fleet="other"), 5, "the saved plan is for the fleet other, not tiny"),
        (change(hub="production"), 5, "the saved plan is for the hub production, not local"),
        (change(commit="main"), 5, "the saved plan is for the commit main, not "),
        (change(commit="--output=stolen"), 1, "`--output=stolen` is not a revision"),
        (change(commit="0" * 40), 1, f"unknown revision `{'0' * 40}`"),
        (change(digest="0" * 64), 5, "the saved plan is stale: "),
        (change(digest="0" * 64, changes=[]), 5, "the saved plan is stale: create-device a is"),
    ],
)
def test_a_plan_for_something_else(hub_repo, saved, registry, spoil, code, message):
    saved.write_text(spoil(saved.read_text()))
    result = hub_repo.edgeops("sync", "--plan", str(saved))
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(f"error: {message}")
    assert registry.get_devices() == []


def test_a_plan_that_cannot_be_read(hub_repo, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path, why in {
        tmp_path: "Is a directory",
        tmp_path / "none": "No such file or directory",
        tmp_path / "binary": "it is not UTF-8",
    }.items():
        result = hub_repo.edgeops("sync", "--plan", str(path))
        assert (result.code, result.err) == (
            1,
            f"error: cannot read the plan {path}: {why}\n"
            "hint: save one with `edgeops sync --dry-run --out`\n",
        )


def test_a_plan_that_never_ends_is_not_read_for_ever(hub_repo, tmp_path, monkeypatch):
    monkeypatch.setattr("edgeops.user_files.MAX_READ_BYTES", 1024)
    result = hub_repo.edgeops("sync", "--plan", "/dev/zero")
    assert result.code == 1
    assert result.err.startswith("error: cannot read the plan /dev/zero: it is larger than 256 MB")


@pytest.mark.parametrize("leave", ["paused: true", "ignore: [/desired/interval]"])
def test_a_plan_from_before_git_left_a_device_alone(hub_repo, saved, registry, leave):
    hub_repo.edit(
        "fleet/fleet.yaml", "spec: {tags: {floor: 1}", f"spec: {{{leave}, tags: {{floor: 1}}"
    )
    hub_repo.commit()
    refused = hub_repo.edgeops("sync", "--plan", str(saved))
    assert (refused.code, "the saved plan is stale: git " in refused.err) == (5, True), refused.err
    assert registry.get_devices() == []
    hub_repo.write("fleet/broken.yaml", "kind: [")  # what is not committed does not count
    hub_repo.git("revert", "--no-edit", "HEAD")
    assert hub_repo.edgeops("sync", "--plan", str(saved)).code == 0
