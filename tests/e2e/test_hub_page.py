"""What the page of the local hub shows of the fleet in whose checkout it runs."""

from __future__ import annotations

import asyncio

import pytest

from edgeops.api.hub_page import checkout
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError
from edgeops.localhub.client import client


@pytest.mark.slow
def test_devices_beside_git(hub_repo):
    hub_repo.edgeops("sync")
    beside = checkout(Workspace(hub_repo.root))
    listed = asyncio.run(beside.compare(None))
    assert [(d["device"], d["inSync"]) for d in listed["devices"]] == [("a", True), ("b", True)]
    send = client(hub_repo.root / ".edgeops", "service", seconds=10)
    send("PATCH", "/twins/a", {"properties": {"desired": {"interval": 5}}})
    shown = asyncio.run(beside.compare("a"))
    values = [value for section in shown["sections"] for value in section["values"]]
    drift = [(v["pointer"], v["git"], v["hub"]) for v in values if v["differs"]]
    assert drift == [("/interval", 60, 5)]


@pytest.mark.slow
def test_a_comparison_says_why_there_is_none(hub_repo):
    beside = checkout(Workspace(hub_repo.root))
    with pytest.raises(EdgeOpsError, match="--help"):
        asyncio.run(beside.compare("--help"))


def test_without_a_fleet_there_is_nothing_to_compare_with(tmp_path):
    assert checkout(Workspace(tmp_path)).compare is None


def test_secrets_are_masked(tiny_repo):
    masked = checkout(Workspace(tiny_repo.root)).masked
    assert masked({"desired": {"password": "hunter2", "rate": 1}}) == {
        "desired": {"password": "***", "rate": 1}
    }
