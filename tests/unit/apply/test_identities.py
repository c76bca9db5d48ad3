"""Identities written on a hub in memory: parents first, and again after somebody was faster."""

import asyncio
from dataclasses import replace

from edgeops.apply.apply import apply
from edgeops.fleet.model import DesiredDevice, DesiredFleet, HubTarget
from edgeops.hub.live import ReadRequest, read_live
from edgeops.hub.port import EtagMismatch
from edgeops.plan.model import PlanOptions
from edgeops.plan.plan import make_plan
from tests.support.memory_hub import MemoryHub


def device(name, **fields):
    plain = DesiredDevice(
        name=name,
        labels={},
        groups=(),
        edge=False,
        authentication=None,
        protect=False,
        tags={"site": "cbd"},
        desired={},
        modules={},
        models={},
        edge_content={},
    )
    return replace(plain, **fields)


async def plan(hub, wanted, create):
    requests = {name: ReadRequest() for name in wanted.devices}
    live = await read_live(hub, requests, by_query=False, progress=lambda done, total: None)
    return make_plan(
        wanted,
        live,
        hub=HubTarget("local"),
        options=PlanOptions(create=create),
        managed=(),
        created_at="2026-01-01T00:00:00Z",
    )


async def sync(hub, *devices, create=True):
    """The status and message of each device, and whether nothing is left to do."""
    wanted = DesiredFleet("f", "c1", {}, {each.name: each for each in devices})
    made = await plan(hub, wanted, create)
    outcomes = await apply(made, wanted, hub, observer=lambda outcome: None)
    again = await plan(hub, wanted, create)
    ended = {outcome.device: (outcome.status.value, outcome.message) for outcome in outcomes}
    return ended, not again.changes


def run(scenario):
    return asyncio.run(scenario())


def test_new_parents_come_before_their_children_however_they_are_named():
    async def scenario():
        hub = MemoryHub()
        top, middle = device("z", edge=True), device("y", edge=True, parent="z")
        leaves = [device(f"leaf-{number}", parent="y") for number in range(40)]
        ended, done = await sync(hub, *leaves, middle, top)
        assert {status for status, _ in ended.values()} == {"applied"}
        assert done
        assert (await hub.twin("y")).parent == "z"
        assert (await hub.twin("leaf-7")).parent == "y"

    run(scenario)


def test_a_parent_that_is_not_on_the_hub_or_not_an_edge_device_fails_only_its_children():
    async def scenario():
        hub = MemoryHub()
        await hub.create_device("plain", edge=False, authentication="sas")
        ended, _ = await sync(
            hub, device("a", parent="nobody"), device("b", parent="plain"), device("c")
        )
        assert ended == {
            "a": ("failed", "its parent 'nobody' is not on the hub"),
            "b": ("failed", "its parent 'plain' is not an IoT Edge device on the hub"),
            "c": ("applied", ""),
        }

    run(scenario)


def test_a_device_whose_parent_is_waited_for_is_written_without_it_and_gets_it_later():
    async def scenario():
        hub = MemoryHub()
        await hub.create_device("leaf", edge=False, authentication="sas")
        devices = device("leaf", parent="gateway"), device("gateway", edge=True)
        ended, done = await sync(hub, *devices, create=False)
        assert (ended, done) == ({"leaf": ("applied", "")}, True)
        await hub.create_device("gateway", edge=True, authentication="sas")
        _, done = await sync(hub, *devices, create=False)
        assert ((await hub.twin("leaf")).parent, done) == ("gateway", True)

    run(scenario)


class Contested(MemoryHub):
    """Somebody else writes each identity before our first write of it arrives."""

    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    async def update_identity(self, device, **change):
        if self.theirs:
            theirs, self.theirs = self.theirs, None
            await super().update_identity(device, **theirs)
            raise EtagMismatch("somebody was faster")
        await super().update_identity(device, **change)


def contested(theirs, **identity):
    async def scenario():
        hub = Contested(theirs)
        await hub.create_device("d", edge=False, authentication="sas")
        ended, _ = await sync(hub, device("d", **identity))
        return ended["d"], await hub.twin("d")

    return run(scenario)


def test_an_identity_that_changed_since_it_was_read_is_read_and_planned_again():
    (status, _), twin = contested({"parent_scope": "ms-azure-iot-edge://g-1"}, status="disabled")
    assert (status, twin.status, twin.parent) == ("applied", "disabled", "g")


def test_a_change_that_somebody_else_made_already_is_dropped():
    (status, _), twin = contested({"status": "disabled"}, status="disabled")
    assert (status, twin.status) == ("applied", "disabled")


def test_a_change_that_is_no_longer_as_planned_is_a_conflict():
    a, b = "A" * 40, "B" * 40
    theirs = {"authentication": "x509CA"}
    by_thumbprint = {"authentication": "selfSigned", "thumbprints": {"primary": b}}

    async def scenario():
        hub = Contested(theirs)
        await hub.create_device(
            "d", edge=False, authentication="selfSigned", thumbprints={"primary": a}
        )
        ended, _ = await sync(hub, device("d", **by_thumbprint))
        assert ended["d"][0] == "conflict"
        assert "update-identity" in ended["d"][1]

    run(scenario)
