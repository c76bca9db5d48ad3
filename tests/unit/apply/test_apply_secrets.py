"""Secrets on their way to a hub: read once, written, and shown nowhere."""

import asyncio
import json
from dataclasses import replace

import pytest

from edgeops.apply.apply import apply
from edgeops.apply.outcome import Status
from edgeops.apply.secrets import read_secrets
from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule, HubTarget
from edgeops.hub.live import ReadRequest, read_live
from edgeops.hub.port import HubError, Unauthorized
from edgeops.plan.model import PlanOptions
from edgeops.plan.plan import make_plan
from tests.support.memory_hub import MemoryHub

VALUE = 'p"ss  w\\rd;AccountKey=abcdefgh12345678;x'
ENVIRON = {"EDGEOPS_SECRET_A": VALUE, "EDGEOPS_SECRET_B": "bbbb", "HOME": "/home"}


def secret(version=1, name="A"):
    return {"fromEnv": f"EDGEOPS_SECRET_{name}", "version": version}


def device(name, version=1, code="A", **fields):
    reference = secret(version, code)
    agent = {
        "runtime": {"settings": {"registryCredentials": {"acr": {"password": reference}}}},
        "modules": {"m": {"settings": {"image": "m:1"}, "env": {"PIN": {"value": reference}}}},
    }
    plain = DesiredDevice(
        name=name,
        labels={},
        groups=(),
        edge=True,
        authentication="sas",
        protect=False,
        tags={},
        desired={"code": reference},
        modules={"m": DesiredModule("m", {}, {"wifi": {"key": reference}})},
        models={},
        edge_content={"$edgeAgent": agent, "$edgeHub": {}},
    )
    return replace(plain, **fields)


async def plan(hub, *devices):
    fleet = DesiredFleet("f", "c", {}, {device.name: device for device in devices}, max_deletes=9)
    requests = {d.name: ReadRequest(tuple(d.modules), d.edge) for d in devices}
    live = await read_live(hub, requests, by_query=False, progress=lambda done, total: None)
    options = PlanOptions(create=True)
    target = HubTarget("local")
    made = make_plan(fleet, live, hub=target, options=options, managed=(), created_at="2026")
    return made, fleet


async def sync(hub, *devices, environ=ENVIRON):
    made, fleet = await plan(hub, *devices)
    secrets = read_secrets(made.changes, environ)
    return await apply(made, fleet, hub, secrets=secrets, observer=lambda _: None)


def run(scenario):
    return asyncio.run(scenario)


def written(hub, name):
    """The values of the secrets in the twins of a device."""

    async def read():
        twin, module = await hub.twin(name), await hub.twin(name, "m")
        agent = (await hub.twin(name, "$edgeAgent")).desired
        return [
            twin.desired["code"],
            module.desired["wifi"]["key"],
            agent["runtime"]["settings"]["registryCredentials"]["acr"]["password"],
            agent["modules"]["m"]["env"]["PIN"]["value"],
        ]

    return run(read())


def test_values_are_written_in_place_of_references():
    hub = MemoryHub()
    outcomes = run(sync(hub, device("d")))
    assert [outcome.status for outcome in outcomes] == [Status.APPLIED]
    assert written(hub, "d") == [VALUE] * 4
    assert run(plan(hub, device("d")))[0].changes == ()


def test_a_new_version_writes_the_new_value():
    hub = MemoryHub()
    run(sync(hub, device("d")))
    run(sync(hub, device("d", 2), environ={"EDGEOPS_SECRET_A": "new"}))
    assert written(hub, "d") == ["new"] * 4
    assert run(plan(hub, device("d", 2)))[0].changes == ()


def test_a_sync_without_changes_needs_no_variable():
    hub = MemoryHub()
    run(sync(hub, device("d")))
    assert run(sync(hub, device("d"), environ={})) == ()


def test_a_device_that_only_gets_a_stamp_needs_no_variable():
    hub = MemoryHub()

    async def scenario():
        await hub.create_device("d", edge=False, authentication="sas")
        etag = (await hub.twin("d")).etag
        await hub.patch_twin("d", None, tags={}, desired={"code": "theirs"}, etag=etag)
        want = device("d", edge=False, modules={}, edge_content={})
        outcomes = await sync(hub, want, environ={})
        return outcomes, await hub.twin("d")

    outcomes, twin = run(scenario())
    assert [outcome.status for outcome in outcomes] == [Status.APPLIED]
    assert (twin.desired["code"], "edgeops" in twin.tags) == ("theirs", True)


@pytest.mark.parametrize("value", [None, ""])
def test_every_missing_variable_is_named_before_anything_is_written(value):
    hub = MemoryHub()
    environ = {"EDGEOPS_SECRET_B": value} if value is not None else {}
    with pytest.raises(EdgeOpsError) as raised:
        run(sync(hub, device("d"), device("e", code="B"), device("f", code="B"), environ=environ))
    assert "EDGEOPS_SECRET_A (1 device), EDGEOPS_SECRET_B (2 devices)" in raised.value.message
    assert "nothing was written" in raised.value.hint
    assert hub._devices == {}


def test_a_value_that_no_twin_can_hold_is_refused():
    with pytest.raises(EdgeOpsError, match="EDGEOPS_SECRET_A is longer than the 4,096 bytes"):
        run(sync(MemoryHub(), device("d"), environ={"EDGEOPS_SECRET_A": "x" * 4097}))


def test_what_is_on_the_hub_never_names_a_variable_to_read():
    """Somebody who may write twins cannot make a sync read the environment for them."""
    hub = MemoryHub()

    async def scenario():
        await sync(hub, device("d"))
        agent = (await hub.twin("d", "$edgeAgent")).desired
        planted = {**agent, "stolen": secret(name="B")}
        await hub.apply_content("d", {"$edgeAgent": planted, "$edgeHub": {}})
        await sync(hub, device("d", 2))
        return (await hub.twin("d", "$edgeAgent")).desired

    assert run(scenario())["stolen"] == secret(name="B")


def echoes(value):
    spaced = " ".join(value.split())
    yield f"cannot use '{value}' here"
    yield f"cannot use '{spaced}'"
    yield f"cannot use {json.dumps(value)}"
    yield f"cannot use {value[:20]}"
    yield f"cannot use {spaced.replace('abcdefgh12345678', '***')}"


@pytest.mark.parametrize("text", [*echoes(VALUE)])
@pytest.mark.parametrize("kind", [HubError, Unauthorized])
def test_no_error_repeats_a_value(text, kind):
    class Echo(MemoryHub):
        async def create_device(self, device, **identity):
            try:
                raise ValueError(text)
            except ValueError as error:
                raise kind(f"the hub rejected the request for {device}: {text}", text) from error

    try:
        outcomes = run(sync(Echo(), device("d")))
    except Unauthorized as error:
        shown = f"{error} {error.args} {error.message} {error.hint} {error.__cause__}"
    else:
        shown = repr(outcomes)
    assert "rejected the request for d: cannot use" in shown
    for part in ("ss  w", "ss w", "abcdefgh12345678"):
        assert part not in shown


def test_values_are_not_in_the_representation():
    made, _ = run(plan(MemoryHub(), device("d")))
    assert "AccountKey" not in repr(read_secrets(made.changes, ENVIRON))


@pytest.mark.parametrize("failing", range(1, 7))
def test_a_run_that_ends_at_any_write_is_finished_by_the_next(failing):
    class Dying(MemoryHub):
        writes = -100

        def _new_etag(self):
            self.writes += 1
            if self.writes == failing:
                raise HubError("gone")
            return super()._new_etag()

    hub = Dying()
    run(sync(hub, device("d")))
    hub.writes = 0
    run(sync(hub, device("d", 2), environ={"EDGEOPS_SECRET_A": "two"}))
    hub.writes = -100
    run(sync(hub, device("d", 3), environ={"EDGEOPS_SECRET_A": "three"}))
    assert written(hub, "d") == ["three"] * 4
    assert run(plan(hub, device("d", 3)))[0].changes == ()
