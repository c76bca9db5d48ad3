"""Requests for configurations that other requests come in between of."""

from __future__ import annotations

import pytest

from edgeops.localhub.service import configurations
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.configurations import MAX_OF_A_KIND
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore


@pytest.fixture
def hub(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        yield EmulatedHub(store)


def put(hub, name, kind="deviceContent"):
    content = {"deviceContent": {}, "modulesContent": {"$edgeAgent": {}}}
    body = {"id": name, "content": {kind: content[kind]}, "targetCondition": "*"}
    return configurations.put_configuration(hub, name, body, None)


def test_requests_at_the_same_time_create_no_more_than_the_limit(hub):
    for n in range(MAX_OF_A_KIND - 1):
        finish(put(hub, f"c{n}"))
    under_way = [put(hub, name) for name in ("a", "b")]
    deployment = put(hub, "edge", "modulesContent")
    for steps in (*under_way, deployment):
        next(steps)
    finish(under_way[0])
    with pytest.raises(HubFault) as caught:
        finish(under_way[1])
    assert (caught.value.status, caught.value.code) == (413, "ConfigurationCountLimitExceeded")
    finish(deployment)
    assert len(hub.store.configuration_ids()) == MAX_OF_A_KIND + 1


def test_a_configuration_that_goes_meanwhile_makes_room(hub):
    for n in range(MAX_OF_A_KIND):
        finish(put(hub, f"c{n}"))
    steps = put(hub, "next")
    next(steps)
    configurations.delete_configuration(hub, "c0", None)  # which it has counted
    finish(steps)
    assert len(hub.store.configuration_ids()) == MAX_OF_A_KIND
