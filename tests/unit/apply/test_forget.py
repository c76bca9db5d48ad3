"""Letting go of devices, with a hub in memory; and what two repositories can do to each other."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import sampled_from

from edgeops.apply.apply import apply
from edgeops.apply.forget import forget
from edgeops.errors import Refused
from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule, HubTarget
from edgeops.hub.live import ReadRequest, read_live
from edgeops.hub.port import EtagMismatch
from edgeops.plan.model import Action, PlanOptions
from edgeops.plan.ownership import Owner
from edgeops.plan.plan import make_plan
from edgeops.stamp import decode
from tests.support.memory_hub import MemoryHub

NAMES = ("d1", "d2", "d3")
UIDS = ("repository-one", "repository-two")


def device(name):
    modules = {"m": DesiredModule("m", {}, {"a": 1})}
    return DesiredDevice(
        name, {}, (), False, "sas", False, {"site": "cbd"}, {"interval": 60}, modules, {}, {}
    )


def fleet(names, uid):
    return DesiredFleet("f", "c", {}, {name: device(name) for name in names}, "100%", uid)


async def plan(hub, wanted, prune):
    managed = await hub.devices_of("f") if prune else []
    requests = dict.fromkeys(managed, ReadRequest())
    requests |= dict.fromkeys(wanted.devices, ReadRequest(("m",)))
    live = await read_live(hub, requests, by_query=False, progress=lambda *_: None)
    options = PlanOptions(create=True, prune=prune)
    return make_plan(
        wanted, live, hub=HubTarget("local"), options=options, managed=managed, created_at=""
    )


async def sync(hub, names, uid=None, *, prune=False):
    wanted = fleet(names, uid)
    made = await plan(hub, wanted, prune)
    if made.blocked is None:
        await apply(made, wanted, hub, observer=lambda _: None)
    return made


def run(test):
    asyncio.run(test())


@pytest.mark.parametrize("uid", [None, UIDS[0]])
def test_what_is_forgotten_keeps_its_values_and_is_not_pruned(uid):
    async def test():
        hub = MemoryHub()
        await sync(hub, NAMES, uid)
        dry = await forget(hub, ["d1"], Owner("f", uid), dry_run=True)
        assert decode((await hub.twin("d1")).tags)
        assert await forget(hub, ["d1"], Owner("f", uid), dry_run=False) == dry
        assert (dry[0].device, dry[0].modules) == ("d1", ("m",))
        twin, module = await hub.twin("d1"), await hub.twin("d1", "m")
        assert (twin.tags, twin.desired) == ({"site": "cbd"}, {"interval": 60})
        assert (module.tags, module.desired) == ({}, {"a": 1})
        made = await sync(hub, ["d2", "d3"], uid, prune=True)
        assert (made.changes, made.refusals) == ((), ())

    run(test)


@pytest.mark.parametrize(
    ("name", "why"),
    [("d1", "d1 is managed by another rep"), ("d9", "not on the hub"), ("new", "not managed")],
)
def test_nothing_is_forgotten_if_one_device_is_refused(name, why):
    async def test():
        hub = MemoryHub()
        await sync(hub, ["d1"], UIDS[1])
        await sync(hub, ["d2"], UIDS[0])
        await hub.create_device("new", edge=False, authentication="sas")
        with pytest.raises(Refused, match=why):
            await forget(hub, ["d2", name], Owner("f", UIDS[0]), dry_run=False)
        assert decode((await hub.twin("d2")).tags)

    run(test)


def test_a_twin_that_changes_meanwhile_is_read_again():
    class Busy(MemoryHub):
        writes = 0

        async def patch_twin(self, device, module, *, tags, desired, etag):
            Busy.writes += 1
            if Busy.writes == 1:
                raise EtagMismatch("changed")
            return await super().patch_twin(device, module, tags=tags, desired=desired, etag=etag)

    async def test():
        hub = Busy()
        await sync(hub, ["d1"])
        Busy.writes = 0
        await forget(hub, ["d1"], Owner("f"), dry_run=False)
        assert (Busy.writes, (await hub.twin("d1")).tags) == (3, {"site": "cbd"})

    run(test)


class TwoRepositories(RuleBasedStateMachine):
    """Two repositories with one fleet name, and somebody who copies twins."""

    def __init__(self):
        super().__init__()
        self.hub = MemoryHub()
        self.git = {uid: set() for uid in UIDS}
        self.took = {uid: set() for uid in UIDS}  # created or adopted, and not forgotten

    def run(self, work):
        return asyncio.run(work)

    @rule(uid=sampled_from(UIDS), name=sampled_from(NAMES))
    def edit(self, uid, name):
        self.git[uid] ^= {name}

    @rule(uid=sampled_from(UIDS), prune=sampled_from([True, False]))
    def sync(self, uid, prune):
        made = self.run(sync(self.hub, sorted(self.git[uid]), uid, prune=prune))
        refused = {refusal.device for refusal in made.refusals}
        gone = {c.device for c in made.changes if c.action is Action.DELETE_DEVICE}
        if made.blocked:
            return
        assert gone <= self.took[uid]
        for other in UIDS:
            self.took[other] -= gone
        self.took[uid] |= self.git[uid] - refused

    @rule(uid=sampled_from(UIDS), name=sampled_from(NAMES))
    def forget(self, uid, name):
        try:
            self.run(forget(self.hub, [name], Owner("f", uid), dry_run=False))
        except Refused:
            return
        self.took[uid] -= {name}

    @rule(source=sampled_from(NAMES), to=sampled_from(NAMES))
    def copy(self, source, to):
        devices = {twin.device: twin for twin in self.run(self.all_twins())}
        if source == to or source not in devices:
            return
        if to not in devices:
            self.run(self.hub.create_device(to, edge=False, authentication="sas"))
        for uid in UIDS:  # whoever had the device lost it: its stamp is replaced
            self.took[uid] -= {to}
        tags = {"edgeops": None} | devices[source].tags
        self.run(self.hub.patch_twin(to, None, tags=tags, desired={}, etag="*"))

    async def all_twins(self):
        return [twin async for twin in self.hub.device_twins()]

    @invariant()
    def a_device_has_one_owner(self):
        assert not self.took[UIDS[0]] & self.took[UIDS[1]]


TestTwoRepositories = TwoRepositories.TestCase
TestTwoRepositories.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
