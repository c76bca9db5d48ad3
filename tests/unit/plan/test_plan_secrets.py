"""Secrets in the plan of a device: only their versions are compared, and only what was written."""

from dataclasses import replace

import pytest

from edgeops.fleet.model import DesiredDevice
from edgeops.plan.device import plan_device
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.secret_reference import secrets_in, with_secrets
from edgeops.stamp import decode
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin


def secret(version=1, name="ACR"):
    return {"fromEnv": f"EDGEOPS_SECRET_{name}", "version": version}


def registry(password, **more):
    login = {"address": "acr.example", "username": "pull"}
    login |= {} if password is None else {"password": password}
    agent = {"runtime": {"settings": {"registryCredentials": {"acr": login}}}, **more}
    return {EDGE_AGENT: agent, EDGE_HUB: {}}


def device(password=None, **desired):
    return DesiredDevice(
        name="d1",
        labels={},
        groups=(),
        edge=True,
        authentication="sas",
        protect=False,
        tags={},
        desired=desired,
        modules={},
        models={},
        edge_content=registry(password),
    )


def plan(want, live):
    return plan_device(want, live, Owner("f", commit="c"), create=True)


def write(want, live, cut=None):
    """The device after the first writes of its plan, values in place of references."""

    def value(secret):
        return f"value {secret.version}"

    changes = [
        replace(change, patch=with_secrets(dict(change.patch), value))
        for change in plan(want, live)[:cut]
    ]
    return carried_out(live, changes)


NEW = LiveDevice(Twin("d1", edge=True), {name: Twin("d1", name) for name in (EDGE_AGENT, EDGE_HUB)})


def login(live):
    settings = live.desired(EDGE_AGENT)["runtime"]["settings"]
    return settings["registryCredentials"]["acr"]


def planned_secrets(changes):
    return [str(found) for change in changes for _, found in secrets_in(dict(change.patch))]


def test_a_written_secret_is_not_compared():
    want = device(secret(), wifi={"code": secret(name="WIFI")})
    live = write(want, NEW)
    assert (login(live)["password"], live.twin.desired["wifi"]["code"]) == ("value 1", "value 1")
    assert plan(want, live) == ()
    theirs = replace(live, twin=replace(live.twin, desired={"wifi": {"code": "theirs"}}))
    assert plan(want, theirs) == ()


def test_a_new_version_is_one_write_of_the_value():
    live = write(device(secret()), NEW)
    changes = plan(device(secret(2)), live)
    assert planned_secrets(changes) == ["EDGEOPS_SECRET_ACR (version 2)"]
    assert changes[0].before[EDGE_AGENT] == {
        "runtime": {"settings": {"registryCredentials": {"acr": {"password": "***"}}}}
    }
    live = write(device(secret(2)), live)
    assert login(live)["password"] == "value 2"
    assert plan(device(secret(2)), live) == ()


def test_a_secret_that_git_no_longer_names_is_removed():
    live = write(device(), write(device(secret()), NEW))
    assert login(live) == {"address": "acr.example", "username": "pull"}
    assert plan(device(), live) == ()


def test_a_secret_becomes_a_text_and_a_secret_again():
    live = write(device("pull", code="c"), write(device(secret(), code=secret()), NEW))
    assert (login(live)["password"], live.twin.desired["code"]) == ("pull", "c")
    live = write(device(secret(), code=secret()), live)
    assert (login(live)["password"], live.twin.desired["code"]) == ("value 1", "value 1")


def test_a_value_that_git_did_not_name_is_taken_for_this_version():
    agent = Twin("d1", EDGE_AGENT, desired=registry("theirs")[EDGE_AGENT])
    live = replace(NEW, modules={**NEW.modules, EDGE_AGENT: agent})
    assert planned_secrets(plan(device(secret(4)), live)) == []
    live = write(device(secret(4)), live)
    assert login(live)["password"] == "theirs"
    assert planned_secrets(plan(device(secret(5)), live)) == ["EDGEOPS_SECRET_ACR (version 5)"]


def test_only_a_single_value_is_taken_for_a_secret():
    live = write(device(code={"part": "x"}), NEW)
    changes = plan(device(code=secret()), live)
    assert planned_secrets(changes) == ["EDGEOPS_SECRET_ACR (version 1)"]
    foreign = replace(live, twin=replace(live.twin, tags={}))
    changes = plan(device(code=secret()), foreign)
    assert planned_secrets(changes) == ["EDGEOPS_SECRET_ACR (version 1)"]


HISTORIES = {
    "rotation": (device(secret(2), code=secret(2)), device(secret(3), code=secret(3))),
    "from text": (device("text", code="text"), device(secret(3), code=secret(3))),
    "another variable": (device(secret(3, "OLD")), device(secret(3))),
    "new": (device(), device(secret(3))),
    "in place of an object": (device({"a": 1}), device(secret(3))),
}


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("cut", range(4))
def test_a_run_that_ends_early_never_says_that_a_secret_was_written(name, cut):
    before, after = HISTORIES[name]
    live = write(after, write(before, NEW), cut)
    live = write(after, live)
    assert login(live)["password"] == "value 3"
    if "code" in after.desired:
        assert live.twin.desired["code"] == "value 3"
    assert plan(after, live) == ()


@pytest.mark.parametrize("cut", range(4))
def test_a_run_that_ends_early_does_not_make_a_value_one_of_the_next_version(cut):
    live = write(device("text"), NEW)
    live = write(device(secret(1)), live, cut)
    live = write(device(secret(2)), live)
    assert login(live)["password"] == "value 2"


def test_the_first_stamp_names_the_old_version_until_the_deployment_is_written():
    live = write(device(secret(2), code=secret(2)), NEW)
    changes = plan(device(secret(3), code=secret(3)), live)
    first = decode(carried_out(live, changes[:1]).twin.tags)
    assert [found.version for found in first.secrets_in(EDGE_AGENT).values()] == [2]
    assert [found.version for found in first.secrets_in("desired").values()] == [3]
    last = decode(carried_out(live, changes).twin.tags)
    assert [found.version for found in last.secrets_in(EDGE_AGENT).values()] == [3]
