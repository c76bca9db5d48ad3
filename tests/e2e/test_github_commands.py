"""`edgeops github` where it cannot do its job: what is said; tests/workflows has where it can."""

import json

import pytest


@pytest.fixture
def plan(tiny_repo, tmp_path):
    """A saved plan without changes."""
    path = tmp_path / "plan.json"
    base = ("--dry-run", "--offline", "--changed-since", "HEAD")
    assert tiny_repo.edgeops("sync", *base, "--out", str(path)).code == 0
    return path


@pytest.fixture
def in_workflow(monkeypatch, tmp_path):
    """The environment of a step of a workflow; GitHub is not there."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "contoso/fleet")
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_secret")
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    for name in ("EVENT_PATH", "STEP_SUMMARY", "REF_NAME"):
        monkeypatch.delenv(f"GITHUB_{name}", raising=False)


@pytest.mark.parametrize("command", [("approval",), ("drift-issue", "--text", "plan.md")])
def test_every_command_outside_of_a_workflow_is_an_error(tiny_repo, plan, monkeypatch, command):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    result = tiny_repo.edgeops("github", *command, str(plan))
    assert result.code == 1
    assert result.err.startswith("error: this is not a step of a GitHub workflow")
    assert "hint: " in result.err


def test_a_comment_without_text_is_an_error(tiny_repo, in_workflow):
    result = tiny_repo.edgeops("github", "comment", "--file", "none.md")
    assert (result.code, "error: the comment has no text: none.md is" in result.err) == (1, True)


def test_the_plans_of_a_comment_may_be_a_folder(tiny_repo, in_workflow, tmp_path):
    folder = tmp_path / "previews"
    command = ("github", "comment", "--plan", str(folder))
    folder.mkdir()
    (folder / "live-dev.json").write_text("{}")
    result = tiny_repo.edgeops(*command)
    assert (result.code, f"the comment has no text: {folder} is" in result.err) == (1, True)
    (folder / "live-dev.md").write_text("### edgeops plan")
    result = tiny_repo.edgeops(*command)
    assert (result.code, "error: there is no open pull request" in result.err) == (1, True)


def test_a_comment_without_a_pull_request_is_an_error(tiny_repo, in_workflow):
    result = tiny_repo.edgeops("github", "comment", "--file", "none.md", "--note", "hello")
    assert (result.code, "error: there is no open pull request" in result.err) == (1, True)


def test_an_unreachable_github_is_an_error(tiny_repo, in_workflow, plan):
    result = tiny_repo.edgeops("github", "drift-issue", str(plan), "--text", "plan.md")
    assert (result.code, "error: contoso/fleet cannot be reached" in result.err) == (1, True)


def test_a_plan_without_changes_needs_no_approval(tiny_repo, in_workflow, plan, tmp_path):
    result = tiny_repo.edgeops("github", "approval", str(plan))
    assert (result.code, result.out) == (0, "Approved: nothing changes\n"), result.err
    assert (tmp_path / "output").read_text() == "approved=true\nchanges=false\n"


def test_a_file_that_is_not_a_saved_plan_is_an_error(tiny_repo, in_workflow, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"kind": "Other"}))
    result = tiny_repo.edgeops("github", "approval", str(tmp_path / "x.json"))
    assert (result.code, "error: this is not a saved plan" in result.err) == (1, True)


@pytest.fixture
def changing(plan):
    """A saved plan with a change, and its text beside it."""
    saved = json.loads(plan.read_text())
    change = {"device": "d", "module": None, "action": "patch-device", "reason": "drift"}
    saved["changes"] = [change | {"patch": {}, "before": {}, "etag": "x"}]
    plan.write_text(json.dumps(saved))
    plan.with_suffix(".md").write_text(f"Plan digest `{saved['digest']}`, hub `local`\n")
    return plan


def test_an_unreachable_github_approves_nothing(tiny_repo, in_workflow, changing):
    result = tiny_repo.edgeops("github", "approval", str(changing))
    assert (result.code, "Not approved yet: contoso/fleet cannot be" in result.out) == (0, True)
    assert (changing.parent / "output").read_text() == "approved=false\nchanges=true\n"


def test_the_text_must_show_the_plan(tiny_repo, in_workflow, changing):
    text = changing.with_suffix(".md")
    text.write_text(text.read_text().replace("hub `local`", "hub `other`"))
    result = tiny_repo.edgeops("github", "approval", str(changing))
    assert (result.code, f"error: {text} does not show the plan" in result.err) == (1, True)
    text.unlink()
    result = tiny_repo.edgeops("github", "approval", str(changing))
    assert (result.code, "error: cannot read the text of the plan" in result.err) == (1, True)
