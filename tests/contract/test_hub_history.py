"""The history of a fleet on each hub: made when it is missing, and never lost to others' writes."""

import asyncio
import uuid

from edgeops.apply.history import change_history, read_history
from edgeops.history import ApplyHistory, ApplyRecord, begun
from edgeops.history_device import history_device
from edgeops.history_document import encode
from tests.contract.test_hub_port import delete_if_there, on_hub, opener
from tests.support.memory_hub import MemoryHub

__all__ = ["on_hub", "opener"]

WHEN = "2026-01-01T00:00:00Z"


def adding(name):
    record = ApplyRecord(name, "a" * 40, WHEN, "Ada")
    return lambda history: begun(history, record)


def with_fleet(on_hub, example):
    """Run an example with a fleet of its own on each hub."""
    fleet = f"test-{uuid.uuid4().hex[:8]}"

    async def run(hub, _):
        try:
            return await example(hub, fleet)
        finally:
            await delete_if_there(hub, history_device(fleet))

    return on_hub(run)


class Racing:
    """A hub to which another client writes before each of the first writes."""

    def __init__(self, hub, writes):
        self._hub, self._writes = hub, list(writes)

    def __getattr__(self, name):
        return getattr(self._hub, name)

    async def patch_twin(self, device, module, **patch):
        if self._writes:
            await self._writes.pop(0)(self._hub, device)
        return await self._hub.patch_twin(device, module, **patch)


def test_it_is_made_once_and_read_again(on_hub):
    async def example(hub, fleet):
        assert not (await read_history(hub, fleet, None)).exists
        assert await change_history(hub, fleet, "uid-1", adding("1")) == ""
        kept = await read_history(hub, fleet, "uid-1")
        assert (kept.exists, kept.why_not, kept.history.uid) == (True, "", "uid-1")
        assert [record.id for record in kept.history.records] == ["1"]
        twin = await hub.twin(history_device(fleet))
        assert (twin.status, twin.tags) == ("disabled", {})
        assert await change_history(hub, fleet, "uid-1", adding("1")) == ""
        assert (await hub.twin(history_device(fleet))).etag == twin.etag  # nothing to write
        assert fleet not in await hub.devices_of(fleet)

    with_fleet(on_hub, example)


def test_what_others_write_at_the_same_time_stays(on_hub):
    async def example(hub, fleet):
        async def theirs(hub, device):
            assert await change_history(hub, fleet, None, adding("theirs")) == ""

        assert await change_history(Racing(hub, [theirs]), fleet, None, adding("ours")) == ""
        both = await asyncio.gather(
            *(change_history(hub, fleet, None, adding(name)) for name in ("3", "4"))
        )
        assert both == ["", ""]
        history = (await read_history(hub, fleet, None)).history
        assert {record.id for record in history.records} == {"ours", "theirs", "3", "4"}

    with_fleet(on_hub, example)


def test_another_repository_and_another_device_are_left_alone(on_hub):
    async def example(hub, fleet):
        assert await change_history(hub, fleet, "uid-1", adding("1")) == ""
        before = await hub.twin(history_device(fleet))
        for uid in ("uid-2", None):
            why = await change_history(hub, fleet, uid, adding("2"))
            assert "is that of another repository" in why
            assert (await read_history(hub, fleet, uid)).why_not == why
        assert await hub.twin(history_device(fleet)) == before

    with_fleet(on_hub, example)


def test_old_records_leave_room_for_new_ones(on_hub):
    async def example(hub, fleet):
        def many(history):
            for number in range(600):
                history = adding(f"{number:04}")(history)
            return ApplyHistory(records=history.records)

        assert await change_history(hub, fleet, None, many) == ""
        assert await change_history(hub, fleet, None, adding("9999")) == ""
        history = (await read_history(hub, fleet, None)).history
        assert history.records[-1].id == "9999"
        assert len(history.records) < 600

    with_fleet(on_hub, example)


def test_a_twin_that_never_stays_the_same_is_given_up():
    async def example():
        hub = MemoryHub()

        async def touch(hub, device):
            twin = await hub.twin(device)
            await hub.patch_twin(device, None, tags={"n": twin.etag}, desired={}, etag=twin.etag)

        racing = Racing(hub, [touch] * 100)
        return await change_history(racing, "f", None, adding("1"))

    assert "keeps changing" in asyncio.run(example())


def test_an_identity_whose_twin_is_late():
    class Late(MemoryHub):
        late = 0

        async def create_device(self, device, **identity):
            await super().create_device(device, **identity)
            self.late = 2

        async def twin(self, device, module=None):
            if self.late:
                self.late -= 1
                return self._find("nobody")
            return await super().twin(device, module)

    async def example():
        slept = []

        async def sleep(seconds):
            slept.append(seconds)

        hub = Late()
        assert await change_history(hub, "f", None, adding("1"), sleep=sleep) == ""
        assert slept
        return (await hub.twin("edgeops.f")).desired

    assert asyncio.run(example()) == encode(adding("1")(ApplyHistory()))
