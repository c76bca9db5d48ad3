"""Who started the workflow run of a process."""

import pytest

from edgeops.github.workflow import who_runs

RUN = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "ada",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "7",
    "GITHUB_SERVER_URL": "https://github.example",
}


def test_a_run_has_an_actor_and_a_url():
    assert who_runs(RUN) == ("ada", "https://github.example/o/r/actions/runs/7")


@pytest.mark.parametrize("missing", ["GITHUB_ACTIONS", "GITHUB_ACTOR", "GITHUB_REPOSITORY"])
def test_elsewhere_there_is_none(missing):
    assert who_runs({key: value for key, value in RUN.items() if key != missing}) is None
