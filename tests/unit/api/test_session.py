"""Reading what a hub does on its own account."""

import asyncio

from edgeops.api.session import left_to_configurations
from edgeops.configuration import configuration_of
from edgeops.fleet.model import DesiredDevice, DesiredFleet
from edgeops.twin import LiveDevice
from tests.support.memory_hub import MemoryHub

FLEET = DesiredFleet(
    "f",
    "c1",
    {},
    {
        "d": DesiredDevice(
            "d", {}, (), edge=False, authentication="sas", protect=False,
            tags={}, desired={"a": 1, "b": 1}, modules={}, models={}, edge_content={},
        )
    },
)  # fmt: skip


class Counting(MemoryHub):
    asked = 0

    async def configurations(self):
        self.asked += 1
        return await super().configurations()


def left(*, configured, may_read=True):
    async def run():
        hub = Counting()
        await hub.create_device("d", edge=False, authentication="sas")
        if configured:
            content = {"deviceContent": {"properties.desired.a": 2}}
            hub.configure(configuration_of({"id": "c", "content": content}), "d")
        hub.may_read_configurations = may_read
        live = {"d": LiveDevice(await hub.twin("d"))}
        fleet, overlaps, notes = await left_to_configurations(hub, FLEET, live)
        return hub.asked, fleet.devices["d"].desired, len(overlaps), notes

    return asyncio.run(run())


def test_configurations_are_read_only_if_one_targets_a_device():
    assert left(configured=False) == (0, {"a": 1, "b": 1}, 0, ())
    assert left(configured=True) == (1, {"b": 1}, 1, ())


def test_without_the_right_to_read_them_there_is_a_note():
    asked, desired, overlaps, (note,) = left(configured=True, may_read=False)
    assert (asked, desired, overlaps) == (1, {"a": 1, "b": 1}, 0)
    assert "configurations/read" in note
