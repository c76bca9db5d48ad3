"""Plans carried out on a hub in memory, on good days and bad ones."""

import asyncio
from dataclasses import replace

import pytest

from edgeops.apply.apply import apply
from edgeops.apply.outcome import Status
from edgeops.configuration import configuration_of
from edgeops.errors import Refused
from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule, HubTarget
from edgeops.hub.live import ReadRequest, read_live
from edgeops.hub.port import EtagMismatch, HubError, NotFound, Unauthorized, Unreachable
from edgeops.plan.counts import counts
from edgeops.plan.model import PlanOptions
from edgeops.plan.overlap import without_overlaps
from edgeops.plan.plan import make_plan
from edgeops.stamp import decode
from tests.support.memory_hub import MemoryHub


def plain(name, interval=60, **fields):
    device = DesiredDevice(
        name=name,
        labels={},
        groups=(),
        edge=False,
        authentication="sas",
        protect=False,
        tags={"site": "cbd"},
        desired={"interval": interval},
        modules={},
        models={},
        edge_content={},
    )
    return replace(device, **fields)


def edge(name, *modules, image="1"):
    specs = {module: {"settings": {"image": f"{module}:{image}"}} for module in modules}
    content = {"$edgeAgent": {"modules": specs}, "$edgeHub": {"routes": {"up": "x"}}}
    wanted = {module: DesiredModule(module, {}, {"keep": 2}) for module in modules}
    return plain(name, edge=True, modules=wanted, edge_content=content)


def fleet(*devices, commit="c1"):
    return DesiredFleet("f", commit, {}, {device.name: device for device in devices}, max_deletes=9)


async def plan(hub, wanted, prune=False):
    managed = await hub.devices_of("f")
    requests = {name: ReadRequest() for name in managed}
    requests |= {d.name: ReadRequest(tuple(d.modules), d.edge) for d in wanted.devices.values()}
    live = await read_live(hub, requests, by_query=False, progress=lambda done, total: None)
    return make_plan(
        wanted,
        live,
        hub=HubTarget("local"),
        options=PlanOptions(create=True, prune=prune),
        managed=managed,
        created_at="2026-01-01T00:00:00Z",
    )


async def carry_out(hub, made, wanted, **options):
    slept, seen = [], []

    async def sleep(seconds):
        slept.append(seconds)

    options = {"observer": seen.append, "sleep": sleep} | options
    outcomes = await apply(made, wanted, hub, **options)
    return {outcome.device: outcome for outcome in outcomes}


async def sync(hub, *devices, prune=False, **options):
    wanted = fleet(*devices)
    return await carry_out(hub, await plan(hub, wanted, prune), wanted, **options)


async def in_sync(hub, *devices):
    return not (await plan(hub, fleet(*devices))).changes


def statuses(outcomes):
    return {device: outcome.status.value for device, outcome in outcomes.items()}


def test_nothing_of_a_blocked_plan_is_written():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("p1"), plain("p2"), plain("p3"))
        wanted = replace(fleet(plain("p1", interval=30)), max_deletes=1)
        made = await plan(hub, wanted, prune=True)
        with pytest.raises(Refused, match="would delete 2 of 3"):
            await carry_out(hub, made, wanted)
        assert (await hub.twin("p1")).desired == {"interval": 60}
        assert await hub.devices_of("f") == ["p1", "p2", "p3"]

    asyncio.run(run())


# --- good days -----------------------------------------------------------------


def test_a_new_fleet_is_created_and_running_again_writes_nothing():
    async def run():
        hub = MemoryHub()
        devices = (
            edge("e1", "loader", "forecaster"),
            plain("p1", modules={"m": DesiredModule("m", {}, {"a": 1})}),
        )
        outcomes = await sync(hub, *devices)
        assert statuses(outcomes) == {"e1": "applied", "p1": "applied"}
        assert outcomes["e1"].written == 5  # identity, device, deployment, two modules
        assert (await hub.twin("e1", "loader")).desired == {"keep": 2}
        assert (await hub.twin("p1", "m")).desired == {"a": 1}
        assert await in_sync(hub, *devices)
        assert await sync(hub, *devices) == {}

    asyncio.run(run())


def test_what_a_foreign_tool_changed_is_put_back_and_what_it_added_stays():
    async def run():
        hub = MemoryHub()
        device = edge("e1", "loader")
        await sync(hub, device)
        await hub.patch_twin("e1", None, tags={"site": "x", "theirs": 1}, desired={}, etag="*")
        await hub.patch_twin("e1", "loader", tags={}, desired={"keep": 9, "theirs": 1}, etag="*")
        modules = {"loader": {"settings": {"image": "evil"}}, "theirs": {"settings": {}}}
        await hub.apply_content("e1", {"$edgeAgent": {"modules": modules}})
        assert statuses(await sync(hub, device)) == {"e1": "applied"}
        twin = await hub.twin("e1")
        assert (twin.tags["site"], twin.tags["theirs"]) == ("cbd", 1)
        assert (await hub.twin("e1", "loader")).desired == {"keep": 2, "theirs": 1}
        deployed = (await hub.twin("e1", "$edgeAgent")).desired["modules"]
        assert deployed == {
            "loader": {"settings": {"image": "loader:1"}},
            "theirs": {"settings": {}},
        }
        assert await in_sync(hub, device)

    asyncio.run(run())


def test_what_git_gives_up_disappears():
    async def run():
        hub = MemoryHub()
        await sync(hub, edge("e1", "old"), plain("p1"))
        after = (edge("e1", "new"), plain("p1", desired={}))
        outcomes = await sync(hub, *after)
        assert outcomes["e1"].written == 4  # stamp, deployment, module, stamp
        assert (await hub.twin("p1")).desired == {}
        assert not any("old" in path for path in decode((await hub.twin("e1")).tags).owned)
        with pytest.raises(NotFound):
            await hub.twin("e1", "old")
        assert await in_sync(hub, *after)

    asyncio.run(run())


def test_prune_deletes_devices_and_modules():
    async def run():
        hub = MemoryHub()
        modules = {"m": DesiredModule("m", {}, {"a": 1})}
        await sync(hub, plain("p1", modules=modules), plain("p2"))
        outcomes = await sync(hub, plain("p1"), prune=True)
        assert statuses(outcomes) == {"p1": "applied", "p2": "applied"}
        for gone in (("p1", "m"), ("p2", None)):
            with pytest.raises(NotFound):
                await hub.twin(*gone)
        assert not (await plan(hub, fleet(plain("p1")), prune=True)).changes

    asyncio.run(run())


def test_refusals_of_the_plan_are_outcomes_and_every_outcome_is_observed():
    async def run():
        hub = MemoryHub()
        await hub.create_device("p1", edge=True, authentication="sas")
        seen = []
        outcomes = await sync(hub, plain("p1"), plain("p2"), observer=seen.append)
        assert statuses(outcomes) == {"p1": "refused", "p2": "applied"}
        assert {outcome.device for outcome in seen} == {"p1", "p2"}

    asyncio.run(run())


# --- the hub moves on between plan and apply ---------------------------------------


def test_a_report_or_a_foreign_write_in_between_does_no_harm():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("p1"))
        wanted = fleet(plain("p1", 30))
        made = await plan(hub, wanted)
        hub.report("p1", None, {"alive": True})
        await hub.patch_twin("p1", None, tags={"theirs": 1}, desired={}, etag="*")
        assert statuses(await carry_out(hub, made, wanted)) == {"p1": "applied"}
        twin = await hub.twin("p1")
        assert (twin.desired, twin.tags["theirs"]) == ({"interval": 30}, 1)

    asyncio.run(run())


def test_a_module_deployed_in_between_survives():
    async def run():
        hub = MemoryHub()
        await sync(hub, edge("e1", "loader"))
        wanted = fleet(edge("e1", "loader", image="2"))
        made = await plan(hub, wanted)
        content = (await hub.twin("e1", "$edgeAgent")).desired
        theirs = {"modules": content["modules"] | {"theirs": {}}}
        await hub.apply_content("e1", {"$edgeAgent": theirs})
        assert statuses(await carry_out(hub, made, wanted)) == {"e1": "applied"}
        modules = (await hub.twin("e1", "$edgeAgent")).desired["modules"]
        assert modules == {"loader": {"settings": {"image": "loader:2"}}, "theirs": {}}

    asyncio.run(run())


def test_changes_that_are_there_already_count_as_done():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("p1"), edge("e1", "loader"))
        wanted = fleet(plain("p1", 30), edge("e1", "loader", image="2"))
        made = await plan(hub, wanted)
        await carry_out(hub, made, wanted)
        outcomes = await carry_out(hub, made, wanted)
        assert statuses(outcomes) == {"e1": "applied", "p1": "applied"}
        assert {outcome.written for outcome in outcomes.values()} == {0}

    asyncio.run(run())


def test_what_the_plan_did_not_foresee_is_a_conflict_and_is_not_written():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("p1"), plain("p2"))
        wanted = fleet(plain("p1", 30), plain("p2", 30))
        made = await plan(hub, wanted)
        await hub.patch_twin("p1", None, tags={"site": "elsewhere"}, desired={}, etag="*")
        outcomes = await carry_out(hub, made, wanted)
        assert statuses(outcomes) == {"p1": "conflict", "p2": "applied"}
        assert "changed on the hub since the plan was made" in outcomes["p1"].message
        assert (await hub.twin("p1")).desired == {"interval": 60}

    asyncio.run(run())


def test_a_device_that_another_fleet_took_is_refused():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("p1"))
        wanted = fleet(plain("p1", 30))
        made = await plan(hub, wanted)
        tags = {"edgeops": {"fleet": "other"}}
        await hub.patch_twin("p1", None, tags=tags, desired={}, etag="*")
        assert statuses(await carry_out(hub, made, wanted)) == {"p1": "refused"}

    asyncio.run(run())


def test_a_device_that_was_created_or_deleted_in_between():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("p2"))
        wanted = fleet(plain("p1"), plain("p2", 30))
        made = await plan(hub, wanted)
        await hub.create_device("p1", edge=False, authentication="sas")
        await hub.patch_twin("p1", None, tags={"theirs": 1}, desired={}, etag="*")
        await hub.delete_device("p2")
        outcomes = await carry_out(hub, made, wanted)
        assert statuses(outcomes) == {"p1": "applied", "p2": "refused"}
        assert (await hub.twin("p1")).tags["theirs"] == 1

    asyncio.run(run())


def test_a_new_twin_that_somebody_wrote_first_keeps_what_they_wrote():
    class Eager(MemoryHub):
        async def create_device(self, device, **identity):
            await super().create_device(device, **identity)
            await self.patch_twin(device, None, tags={"theirs": 1}, desired={}, etag="*")

    async def run():
        hub = Eager()
        assert statuses(await sync(hub, plain("p1"))) == {"p1": "applied"}
        assert (await hub.twin("p1")).tags["theirs"] == 1
        assert await in_sync(hub, plain("p1"))

    asyncio.run(run())


def test_deletions_look_again_just_before():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("keep"), plain("p1"), plain("p2"), plain("p3"))
        wanted = fleet(plain("keep"))
        made = await plan(hub, wanted, prune=True)
        await hub.patch_twin("p1", None, tags={"edgeops": {"protect": True}}, desired={}, etag="*")
        await hub.patch_twin("p2", None, tags={"edgeops": None}, desired={}, etag="*")
        await hub.delete_device("p3")
        outcomes = await carry_out(hub, made, wanted)
        assert statuses(outcomes) == {"p1": "refused", "p2": "applied", "p3": "applied"}
        assert (await hub.twin("p1")).device == "p1"
        assert (await hub.twin("p2")).device == "p2"

    asyncio.run(run())


def test_modules_of_a_device_that_another_fleet_took_are_not_deleted():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("p1", modules={"m": DesiredModule("m", {}, {"a": 1})}))
        wanted = fleet(plain("p1"))
        made = await plan(hub, wanted, prune=True)
        assert [change.action.value for change in made.changes] == ["delete-module", "stamp-device"]
        tags = {"edgeops": {"fleet": "other"}}
        await hub.patch_twin("p1", None, tags=tags, desired={}, etag="*")
        assert statuses(await carry_out(hub, made, wanted)) == {"p1": "refused"}
        assert (await hub.twin("p1", "m")).desired == {"a": 1}

    asyncio.run(run())


def test_many_modules_are_pruned_after_one_look():
    async def run():
        hub = MemoryHub()
        modules = {name: DesiredModule(name, {}, {"a": 1}) for name in "abcdefgh"}
        await sync(hub, plain("p1", modules=modules))
        assert statuses(await sync(hub, plain("p1"), prune=True)) == {"p1": "applied"}
        assert not (await plan(hub, fleet(plain("p1")), prune=True)).changes

    asyncio.run(run())


def test_an_edge_module_whose_identity_somebody_deleted_comes_back():
    async def run():
        hub = MemoryHub()
        device = edge("e1", "loader")
        await sync(hub, device)
        await hub.delete_module("e1", "loader")
        assert statuses(await sync(hub, device)) == {"e1": "applied"}
        assert (await hub.twin("e1", "loader")).desired == {"keep": 2}
        assert await in_sync(hub, device)

    asyncio.run(run())


def test_a_module_that_is_gone_already_counts_as_deleted():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("p1", modules={"m": DesiredModule("m", {}, {"a": 1})}))
        wanted = fleet(plain("p1"))
        made = await plan(hub, wanted, prune=True)
        await hub.delete_module("p1", "m")
        assert statuses(await carry_out(hub, made, wanted)) == {"p1": "applied"}
        assert not (await plan(hub, wanted, prune=True)).changes

    asyncio.run(run())


def test_a_twin_that_keeps_changing_is_a_conflict():
    class Restless(MemoryHub):
        async def patch_twin(self, device, module, **patch):
            raise EtagMismatch("somebody was faster")

    async def run():
        hub = Restless()
        await hub.create_device("p1", edge=False, authentication="sas")
        outcomes = await sync(hub, plain("p1"))
        assert statuses(outcomes) == {"p1": "conflict"}
        assert "keeps changing" in outcomes["p1"].message

    asyncio.run(run())


# --- the hub has a bad day ----------------------------------------------------------


class Failing(MemoryHub):
    """Raises this error on writes to the twins of these devices."""

    def __init__(self, error, *devices):
        super().__init__()
        self.error, self.devices = error, devices

    async def patch_twin(self, device, module, **patch):
        if device in self.devices:
            raise self.error
        return await super().patch_twin(device, module, **patch)


DEVICES = tuple(plain(f"p{number}") for number in range(6))


def test_one_device_that_fails_does_not_end_the_run():
    async def run():
        hub = Failing(HubError("too large", "make it smaller"), "p0", "p3")
        outcomes = await sync(hub, *DEVICES)
        assert [name for name, o in outcomes.items() if o.status is Status.FAILED] == ["p0", "p3"]
        assert (outcomes["p3"].message, outcomes["p3"].hint) == ("too large", "make it smaller")
        assert outcomes["p3"].written == 1  # the identity
        hub.devices = ()
        assert statuses(await sync(hub, *DEVICES)) == {"p0": "applied", "p3": "applied"}

    asyncio.run(run())


@pytest.mark.parametrize("error", [Unauthorized("expired"), Unreachable("no answer")])
def test_a_hub_that_is_closed_to_us_is_one_error(error):
    async def run():
        hub = Failing(error, *(device.name for device in DEVICES))
        for device in DEVICES:
            await hub.create_device(device.name, edge=False, authentication="sas")
        seen = []
        with pytest.raises(type(error)):
            await sync(hub, *DEVICES, observer=seen.append)
        assert seen == []

    asyncio.run(run())


def test_when_the_hub_is_lost_the_rest_is_skipped():
    async def run():
        hub = Failing(Unreachable("no answer"), "p1")
        outcomes = await sync(hub, *DEVICES, workers=1)
        assert statuses(outcomes) == {"p0": "applied", "p1": "failed"} | dict.fromkeys(
            ("p2", "p3", "p4", "p5"), "skipped"
        )
        assert outcomes["p2"].message == "the hub became unreachable"

    asyncio.run(run())


def test_a_stop_finishes_what_is_in_flight_and_skips_the_rest():
    async def run():
        hub, stop = MemoryHub(), asyncio.Event()

        def observer(outcome):
            if outcome.device == "p1":
                stop.set()

        outcomes = await sync(hub, *DEVICES, workers=1, stop=stop, observer=observer)
        assert [o.status.value for o in outcomes.values()] == ["applied"] * 2 + ["skipped"] * 4
        again = await sync(hub, *DEVICES, stop=stop)
        assert set(statuses(again).values()) == {"skipped"}

    asyncio.run(run())


class Slow(MemoryHub):
    """Shows the twins of modules only after they were asked for some times."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    async def twin(self, device, module=None):
        twin = await super().twin(device, module)
        if module == "loader" and self.times:
            self.times -= 1
            raise NotFound("module not found", code="ModuleNotFound", status=404)
        return twin


def test_modules_that_appear_late_are_waited_for():
    async def run():
        slept = []

        async def sleep(seconds):
            slept.append(seconds)

        hub = Slow(3)
        assert statuses(await sync(hub, edge("e1", "loader"), sleep=sleep)) == {"e1": "applied"}
        assert slept == [0.2, 0.5, 1.0]
        assert (await hub.twin("e1", "loader")).desired == {"keep": 2}

    asyncio.run(run())


def test_a_module_that_never_appears_fails_its_device():
    async def run():
        outcomes = await sync(Slow(99), edge("e1", "loader"), plain("p1"))
        assert statuses(outcomes) == {"e1": "failed", "p1": "applied"}
        assert outcomes["e1"].message == "the hub did not create module loader within 16 s"

    asyncio.run(run())


def test_a_run_that_died_before_the_deployment_is_finished_by_the_next():
    class Dying(MemoryHub):
        dead = False

        async def apply_content(self, device, content):
            if self.dead:
                raise HubError("500")
            await super().apply_content(device, content)

    async def run():
        hub = Dying()
        await sync(hub, edge("e1", "old"))
        hub.dead = True
        assert statuses(await sync(hub, edge("e1", "new"))) == {"e1": "failed"}
        hub.dead = False
        assert statuses(await sync(hub, edge("e1", "new"))) == {"e1": "applied"}
        modules = (await hub.twin("e1", "$edgeAgent")).desired["modules"]
        assert modules.keys() == {"new"}
        assert await in_sync(hub, edge("e1", "new"))

    asyncio.run(run())


def test_a_final_stamp_that_meets_a_report_is_written_all_the_same():
    class Reporting(MemoryHub):
        async def apply_content(self, device, content):
            await super().apply_content(device, content)
            self.report(device, None, {"busy": True})

    async def run():
        hub = Reporting()
        await sync(hub, edge("e1", "old"))
        assert statuses(await sync(hub, edge("e1", "new"))) == {"e1": "applied"}
        assert await in_sync(hub, edge("e1", "new"))

    asyncio.run(run())


# --- beside configurations ------------------------------------------------------------


def test_a_device_with_refused_paths_is_written_and_has_one_outcome():
    async def run():
        hub = MemoryHub()
        await sync(hub, plain("a"), plain("b"))
        written = {"properties.desired.fan": 1, "properties.desired.interval": 2}
        value = {"id": "c", "priority": 3, "content": {"deviceContent": written}}
        hub.configure(configuration_of(value), "a")
        wanted = fleet(plain("a", desired={"interval": 5, "fan": 2, "x": 1}), plain("b", 5))
        requests = {name: ReadRequest() for name in wanted.devices}
        live = await read_live(hub, requests, by_query=False, progress=lambda done, total: None)
        by_id = {each.id: each for each in await hub.configurations()}
        left, overlaps = without_overlaps(wanted, live, by_id)
        made = make_plan(
            left,
            live,
            hub=HubTarget("local"),
            options=PlanOptions(),
            managed=(),
            created_at="2026-01-01T00:00:00Z",
            overlaps=overlaps,
        )
        assert (made.devices, counts(made).change, counts(made).refused) == (2, 2, 1)
        seen = []
        outcomes = await carry_out(hub, made, left, observer=seen.append)
        assert [outcome.device for outcome in seen] == ["a", "b"]
        assert statuses(outcomes) == {"a": "refused", "b": "applied"}
        assert outcomes["a"].written == 1
        assert outcomes["a"].message == (
            "desired/interval is written by the configuration c (priority 3);"
            " desired/fan is written by the configuration c (priority 3)"
        )
        assert (await hub.twin("a")).desired == {"interval": 60, "x": 1}

    asyncio.run(run())
