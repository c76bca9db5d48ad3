"""Twins of a fleet are read one by one or by query, whichever is cheaper."""

import asyncio
from dataclasses import replace

import pytest

from edgeops.fleet.model import HubTarget
from edgeops.hub.live import ReadRequest, choose_by_query, read_live
from edgeops.hub.port import Unreachable
from tests.support.memory_hub import MemoryHub

WANTED = {
    "edge": ReadRequest(modules=("model_loader", "not-there-yet"), edge=True),
    "plain": ReadRequest(),
    "not-there-yet": ReadRequest(modules=("model_loader",)),
}


async def fleet():
    hub = MemoryHub()
    for device in ("edge", "plain", "somebody-elses"):
        await hub.create_device(device, edge=device == "edge", authentication="sas")
        await hub.create_module(device, "model_loader")
        await hub.create_module(device, "unwanted")
    return hub


@pytest.mark.parametrize("by_query", [False, True])
def test_only_wanted_devices_that_exist_are_read(by_query):
    seen = []

    async def read():
        return await read_live(
            await fleet(), WANTED, by_query=by_query, progress=lambda *done: seen.append(done)
        )

    live = asyncio.run(read())
    assert {name: sorted(device.modules) for name, device in live.items()} == {
        "edge": ["$edgeAgent", "$edgeHub", "model_loader"],
        "plain": [],
    }
    assert live["edge"].twin.edge
    assert seen[-1] == ((2, 3) if by_query else (3, 3))


def test_both_ways_of_reading_agree():
    async def read_twice():
        hub = await fleet()
        return [
            await read_live(hub, WANTED, by_query=by_query, progress=lambda *_: None)
            for by_query in (False, True)
        ]

    each, by_query = asyncio.run(read_twice())
    assert each == by_query


@pytest.mark.parametrize("by_query", [False, True])
def test_devices_are_kept_or_not_when_they_are_complete(by_query):
    asked = {}

    def keep(name, live):
        asked[name] = sorted(live.modules)
        return name == "plain"

    async def read():
        hub = await fleet()
        return await read_live(hub, WANTED, by_query=by_query, progress=lambda *_: None, keep=keep)

    assert list(asyncio.run(read())) == ["plain"]
    assert asked == {"edge": ["$edgeAgent", "$edgeHub", "model_loader"], "plain": []}


def test_of_a_device_that_a_query_gives_twice_the_last_one_counts():
    class Moving(MemoryHub):
        async def device_twins(self):
            async for twin in super().device_twins():
                yield twin
                yield replace(twin, desired={"again": 1})

    async def read(keep):
        hub = Moving()
        await hub.create_device("plain", edge=False, authentication="sas")
        wanted = {"plain": ReadRequest()}
        return await read_live(hub, wanted, by_query=True, progress=lambda *_: None, keep=keep)

    kept = asyncio.run(read(lambda _name, live: True))
    assert kept["plain"].twin.desired == {"again": 1}
    assert asyncio.run(read(lambda _name, live: not live.twin.desired)) == {}


@pytest.mark.parametrize("by_query", [False, True])
def test_times_are_read_where_they_are_asked_for(by_query):
    async def read(**more):
        hub = await fleet()
        for name in ("plain", "edge"):
            twin = await hub.twin(name)
            await hub.patch_twin(name, None, tags={}, desired={"a": 1}, etag=twin.etag)
        return await read_live(hub, WANTED, by_query=by_query, progress=lambda *_: None, **more)

    for device in asyncio.run(read(timed=True)).values():
        assert device.twin.updated
    for device in asyncio.run(read()).values():
        assert not any(twin.updated for twin in (device.twin, *device.modules.values()))


def test_readers_are_few_however_large_the_fleet():
    class Busy(MemoryHub):
        now = most = 0

        async def twin(self, device, module=None):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now -= 1
            return await super().twin(device, module)

    async def read():
        hub = Busy()
        wanted = {f"device-{i}": ReadRequest() for i in range(500)}
        await read_live(hub, wanted, by_query=False, progress=lambda *_: None)
        return hub.most

    assert asyncio.run(read()) == 32


def test_a_hub_that_goes_away_ends_the_reading_with_its_own_error():
    class Gone(MemoryHub):
        async def twin(self, device, module=None):
            raise Unreachable("the connection was closed early")

    async def read():
        await read_live(Gone(), WANTED, by_query=False, progress=lambda *_: None)

    with pytest.raises(Unreachable, match="closed early"):
        asyncio.run(read())


@pytest.mark.parametrize(
    ("target", "devices", "by_query"),
    [
        (HubTarget("local"), 22, False),
        (HubTarget("local"), 1000, True),
        (HubTarget("production", hostname="h", sku="S1"), 10_000, False),
        (HubTarget("production", hostname="h", sku="S2"), 10_000, False),
        (HubTarget("production", hostname="h", sku="S3"), 10_000, True),
    ],
)
def test_queries_are_for_large_fleets_where_they_are_not_scarce(target, devices, by_query):
    assert choose_by_query(target, devices) is by_query


@pytest.mark.parametrize(("fleet", "by_query"), [(1000, True), (3999, True), (100_000, False)])
def test_queries_are_not_for_a_small_part_of_a_fleet(fleet, by_query):
    assert choose_by_query(HubTarget("local"), 1000, fleet) is by_query
