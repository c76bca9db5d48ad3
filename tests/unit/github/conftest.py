"""A GitHub on loopback, and its API with a token that may write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_github import REPOSITORY, WRITER, FakeGitHub, running

from edgeops.github.rest import GitHubApi


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with running(FakeGitHub()) as fake:
        yield fake


@pytest.fixture
def api(github: FakeGitHub) -> GitHubApi:
    return GitHubApi(f"{github.url}/repos/{REPOSITORY}", about=REPOSITORY, token=WRITER)
