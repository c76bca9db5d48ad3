"""Values that git leaves to others, on every hub: they survive, and are not told as drift."""

import asyncio
import uuid
from contextlib import suppress

import pytest

from edgeops.apply.apply import apply
from edgeops.apply.outcome import Status
from edgeops.fleet.model import HubTarget, Snapshot
from edgeops.fleet.resolve import resolve
from edgeops.fleet.yaml import load
from edgeops.hub.live import ReadRequest, read_live
from edgeops.hub.port import NotFound
from edgeops.jsonvalue import merge_patch
from edgeops.plan.model import PlanOptions
from edgeops.plan.plan import make_plan
from edgeops.stamp import decode
from tests.support.hub_kinds import KINDS, opener

FLEET = "kind: Fleet\nmetadata: {name: held}\nspec: {}\n"
MODULE = """\
kind: Module
metadata: {name: opc}
spec: {image: "e.io/opc:1", env: {A: x, LEVEL: info}}
"""
OWN = "/desired/interval, /tags/site, /modules/opc/env/LEVEL, /modules/opc/desired/rate"
IGNORE = f"ignore: [{OWN}]"
OPC = "modules: {opc: {desired: {rate: 1}}}"
WANTED = f"desired: {{interval: 60, on: true}}, tags: {{site: cbd}}, {OPC}"


def fleet(device, spec, commit, module=MODULE):
    text = f"kind: Device\nmetadata: {{name: {device}}}\nspec: {{edge: true, {spec}}}\n"
    manifests = (load("f.yaml", each.encode())[0][0] for each in (FLEET, module, text))
    found = resolve(Snapshot(commit, tuple(manifests), ()))
    assert found.problems == ()
    return found.fleet


async def planned(hub, wanted):
    requests = {d.name: ReadRequest(tuple(d.modules), d.edge) for d in wanted.devices.values()}
    live = await read_live(hub, requests, by_query=False, progress=lambda done, total: None)
    return make_plan(
        wanted,
        live,
        hub=HubTarget("local"),
        options=PlanOptions(create=True),
        managed=(),
        created_at="2026-01-01T00:00:00Z",
    )


async def sync(hub, wanted):
    """The outcome, if anything was to be written; afterwards nothing is."""
    made = await planned(hub, wanted)
    outcomes = await apply(made, wanted, hub, observer=lambda _: None)
    assert {outcome.status for outcome in outcomes} <= {Status.APPLIED}
    assert (await planned(hub, wanted)).changes == ()
    return made.changes


async def change_by_others(hub, device, n):
    twin = await hub.twin(device)
    await hub.patch_twin(
        device, None, tags={"site": f"other-{n}"}, desired={"interval": n}, etag=twin.etag
    )
    twin = await hub.twin(device, "opc")
    await hub.patch_twin(device, "opc", tags={}, desired={"rate": n}, etag=twin.etag)
    agent, edge_hub = await hub.twin(device, "$edgeAgent"), await hub.twin(device, "$edgeHub")
    level = {"modules": {"opc": {"env": {"LEVEL": {"value": f"debug-{n}"}}}}}
    content = {"$edgeAgent": merge_patch(agent.desired, level), "$edgeHub": edge_hub.desired}
    await hub.apply_content(device, content)


async def values(hub, device):
    twin, module = await hub.twin(device), await hub.twin(device, "opc")
    env = (await hub.twin(device, "$edgeAgent")).desired["modules"]["opc"]["env"]
    return (
        twin.tags.get("site"),
        twin.desired.get("interval"),
        module.desired.get("rate"),
        env.get("LEVEL", {}).get("value"),
    )


def others(n):
    return f"other-{n}", n, n, f"debug-{n}"


@pytest.fixture(params=KINDS)
def on_hub(request):
    device = f"edgeops-test-{uuid.uuid4().hex[:8]}-held"
    open_this = opener(request)

    def run(example):
        async def scenario():
            async with open_this() as hub:
                try:
                    return await example(hub, device)
                finally:
                    with suppress(NotFound):
                        await hub.delete_device(device)

        return asyncio.run(scenario())

    return run


def test_an_ignored_value_of_others_survives_even_after_it_leaves_git(on_hub):
    async def example(hub, device):
        await sync(hub, fleet(device, WANTED, "c1"))
        assert await values(hub, device) == ("cbd", 60, 1, "info")
        await change_by_others(hub, device, 5)

        let_go = await sync(hub, fleet(device, f"{WANTED}, {IGNORE}", "c2"))
        assert all(not change.patch for change in let_go)  # stamps only: nothing wakes up
        assert await values(hub, device) == others(5)

        await change_by_others(hub, device, 6)
        assert (await planned(hub, fleet(device, f"{WANTED}, {IGNORE}", "c2"))).changes == ()

        # The deployment is written as a whole, and yet only what git says of it changes.
        module = MODULE.replace("A: x", "A: z")
        await sync(hub, fleet(device, f"{WANTED}, {IGNORE}", "c3", module))
        agent = await hub.twin(device, "$edgeAgent")
        assert agent.desired["modules"]["opc"]["env"]["A"] == {"value": "z"}
        assert await values(hub, device) == others(6)

        without = "desired: {on: true}, modules: {opc: {env: {LEVEL: null}}}"
        await sync(hub, fleet(device, f"{without}, {IGNORE}", "c4"))
        await sync(hub, fleet(device, without, "c5"))
        assert await values(hub, device) == others(6)

    on_hub(example)


def test_a_new_device_does_not_get_an_ignored_value(on_hub):
    async def example(hub, device):
        await sync(hub, fleet(device, f"{WANTED}, {IGNORE}", "c1"))
        assert await values(hub, device) == (None, None, None, None)
        assert (await hub.twin(device)).desired == {"on": True}
        owned = decode((await hub.twin(device)).tags).owned
        assert not any("LEVEL" in path or "interval" in path for path in owned)

    on_hub(example)


def test_a_module_that_is_ignored_as_a_whole_stays_after_it_leaves_git(on_hub):
    async def example(hub, device):
        await sync(hub, fleet(device, WANTED, "c1"))
        await sync(hub, fleet(device, f"{WANTED}, ignore: [/modules/opc]", "c2"))
        await change_by_others(hub, device, 7)
        await sync(hub, fleet(device, "ignore: [/modules/opc]", "c3"))
        assert (await hub.twin(device, "opc")).desired["rate"] == 7
        env = (await hub.twin(device, "$edgeAgent")).desired["modules"]["opc"]["env"]
        assert env["LEVEL"] == {"value": "debug-7"}

    on_hub(example)
