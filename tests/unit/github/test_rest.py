"""Calls to GitHub: pages, refusals, and no token without TLS."""

import pytest
from fake_github import READER, REPOSITORY, WRITER

from edgeops.github.rest import GitHubApi, GitHubError


def test_a_list_is_read_to_its_end(api, github):
    for number in range(230):
        github.open_pull(f"b{number}", "0" * 40)
    assert len(list(api.pages("/pulls", state="open"))) == 230
    assert github.requests == ["GET /pulls"] * 3


def test_a_list_without_numbers_of_pages_is_read_to_its_end(api, github):
    for number in range(230):
        github.push("main", f"{number:040}")
    commits = [entry["after"] for entry in api.pages("/activity", ref="refs/heads/main")]
    assert commits == [f"{number:040}" for number in range(229, -1, -1)]


def test_a_list_in_an_object_is_named(api, github):
    run = github.run("push", "0" * 40)
    for _ in range(101):
        github.upload("x", run)
    assert len(list(api.pages("/actions/artifacts", member="artifacts", name="x"))) == 101


def test_the_token_is_not_sent_where_a_link_leads(api, github):
    github.elsewhere = "http://127.0.0.1:1/next"
    github.open_pull("b", "0" * 40)
    with pytest.raises(GitHubError, match="a page of another server"):
        list(api.pages("/pulls", state="open"))


def test_a_refusal_has_its_status_and_says_what_to_do(github):
    url = f"{github.url}/repos/{REPOSITORY}"
    hints = {403: "give the job `issues: write`"}
    api = GitHubApi(url, about="contoso/fleet", token=READER, hints=hints)
    with pytest.raises(GitHubError, match="GitHub answered 403 for contoso/fleet") as refused:
        api.post("/issues", title="t", body="b")
    assert (refused.value.status, refused.value.hint) == (403, "give the job `issues: write`")


def test_a_passing_failure_is_retried_where_that_does_no_harm(api, github):
    github.open_pull("b", "0" * 40)
    github.hiccups = 1
    assert api.get("/pulls/1")["number"] == 1
    github.hiccups = 1
    with pytest.raises(GitHubError, match="GitHub answered 502"):
        api.post("/issues/1/comments", body="hello")


def test_a_token_is_never_sent_without_tls():
    with pytest.raises(GitHubError, match="is not https"):
        GitHubApi("http://api.github.example/repos/o/r", about="o/r", token=WRITER)


def test_a_server_that_does_not_answer_is_an_error():
    with pytest.raises(GitHubError, match="contoso/fleet cannot be reached") as error:
        GitHubApi("http://127.0.0.1:1", about="contoso/fleet", token=WRITER).get("/pulls")
    assert error.value.status is None
