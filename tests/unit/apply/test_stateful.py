"""Any history of git edits, foreign edits, syncs and killed syncs ends in what git wants.

Foreign tools write under names with "theirs", which git never uses, and write
"foreign" over values of git. What is neither was written by edgeops.
"""

import asyncio
from dataclasses import dataclass, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edgeops.apply.apply import apply
from edgeops.apply.outcome import Status
from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule, HubTarget
from edgeops.hub.live import ReadRequest, read_live
from edgeops.jsonvalue import JsonObject, leaves, merge_patch, same
from edgeops.plan.model import PlanOptions
from edgeops.plan.plan import make_plan
from edgeops.stamp import decode
from edgeops.twin import EDGE_AGENT, EDGE_HUB
from tests.support.memory_hub import MemoryHub

DEVICES = ("d1", "d2")
MODULES = ("m", "n")
SYSTEM = (EDGE_AGENT, EDGE_HUB)
WRITES = {
    "patch_twin",
    "create_device",
    "delete_device",
    "create_module",
    "delete_module",
    "apply_content",
}

# --- what git may say ---------------------------------------------------------------

sections = st.fixed_dictionaries(
    {},
    optional={
        "s": st.sampled_from([1, True, "text", [1]]),
        "k": st.fixed_dictionaries({}, optional={"a": st.integers(0, 2), "b": st.just("x")}),
        "x": st.sampled_from([1, {}, {"a": 1}, {"a": {"b": 1}}]),
    },
)
containers = st.fixed_dictionaries(
    {"image": st.sampled_from(["i:1", "i:2"])},
    optional={"options": st.sampled_from(['{"A":1}', '{"A":1,"B":2}'])},
)
env = st.dictionaries(st.sampled_from(["E", "F"]), st.just({"value": "on"}))


@dataclass(frozen=True)
class Wanted:
    """One device in git."""

    edge: bool
    protect: bool
    tags: JsonObject
    desired: JsonObject
    modules: JsonObject
    routes: JsonObject


modules = st.dictionaries(
    st.sampled_from(MODULES),
    st.fixed_dictionaries({"settings": containers, "env": env, "desired": sections}),
)
routes = st.dictionaries(st.sampled_from(["up", "down"]), st.sampled_from(["r1", "r2"]))
devices = st.builds(
    Wanted, st.booleans(), st.booleans(), sections, sections, modules=modules, routes=routes
)


def desired(name: str, want: Wanted) -> DesiredDevice:
    listed = {}
    for module, spec in want.modules.items():
        options = {"createOptions": spec["settings"].get("options", "{}")}
        listed[module] = {"settings": {"image": spec["settings"]["image"]} | options}
        listed[module] |= {"env": spec["env"]} if spec["env"] else {}
    content = {
        EDGE_AGENT: {"runtime": {"type": "docker"}, "modules": listed},
        EDGE_HUB: {"schemaVersion": "1.1", "routes": want.routes},
    }
    return DesiredDevice(
        name=name,
        labels={},
        groups=(),
        edge=want.edge,
        authentication="sas",
        protect=want.protect,
        tags=want.tags,
        desired=want.desired,
        modules={m: DesiredModule(m, {}, spec["desired"]) for m, spec in want.modules.items()},
        models={},
        edge_content=content if want.edge else {},
    )


# --- what other tools may do ----------------------------------------------------------

twin_patches = st.sampled_from(
    [
        {"theirs": 1},
        {"theirs": None},
        {"k": {"theirs": 1}},
        {"k": {"a": "foreign", "theirs": {"deep": 2}}},
        {"k": "foreign"},
        {"k": None, "s": "foreign"},
        {"x": None},
        {"x": {"a": "foreign"}},
        {"x": "foreign"},
    ]
)
REFORMATTED = '{ "A" : 1 }'
THEIRS = {"settings": {"image": "theirs:1"}}
content_patches = st.sampled_from(
    [
        {EDGE_AGENT: {"modules": {"theirs": THEIRS}}},
        {EDGE_AGENT: {"modules": {"theirs": None}}},
        {EDGE_AGENT: {"runtime": {"registryCredentials": {"theirs": {"username": "u"}}}}},
        {EDGE_AGENT: {"modules": {"m": {"settings": {"image": "foreign"}}}}},
        {EDGE_AGENT: {"modules": {"m": {"env": {"theirs": {"value": 1}, "E": None}}}}},
        {EDGE_AGENT: {"modules": {"m": {"settings": {"createOptions": REFORMATTED}}}}},
        {EDGE_AGENT: {"modules": {"m": {"settings": {"createOptions01": "foreign"}}}}},
        {EDGE_AGENT: {"modules": {"m": None}}},
        {EDGE_HUB: {"routes": {"theirs": "r"}}},
        {EDGE_HUB: {"routes": {"up": "foreign", "down": None}}},
    ]
)
names = st.sampled_from(DEVICES)
parts = st.sampled_from(["tags", "desired", "modules", "routes", "protect"])
places = st.sampled_from(["tags", "desired", *MODULES, "theirs"])


class Killed(BaseException):
    """The process is gone: nothing catches this, and nothing is written after it."""


class Watched:
    """A hub that calls `before_write` with the number of each write."""

    def __init__(self, hub, before_write):
        self._hub, self._before_write, self._writes = hub, before_write, 0

    def __getattr__(self, name):
        call = getattr(self._hub, name)
        if name not in WRITES:
            return call

        async def write(*args, **kwargs):
            self._writes += 1
            await self._before_write(self._writes)
            return await call(*args, **kwargs)

        return write


async def no_sleep(_seconds):
    pass


def at(value, path):
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def agrees(live, want):
    """Whether `live` has all that git wants; createOptions may be written in another way."""
    for path, value in leaves(want):
        live_value = at(live, path)
        if path and "createOptions" in path[-1]:
            assert "foreign" not in str(live_value)
        elif path:
            assert isinstance(live_value, dict) if value == {} else same(live_value, value), path


def left_over(live, want):
    """The paths with a value of edgeops that git does not name; `k` may be others' object."""
    named = {path for path, _ in leaves(want)}
    for path, value in leaves(live):
        others = "theirs" in path or value in ("foreign", REFORMATTED) or path[:1] == ("edgeops",)
        if path and not others and path not in named and path != ("k",):
            yield path


class Fleet(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.hub = MemoryHub()
        self.git: dict[str, Wanted] = {}
        self.theirs: dict[tuple, JsonObject] = {}

    def teardown(self):
        self.runner.close()

    def run(self, work):
        return self.runner.run(work)

    @initialize(first=devices, second=devices)
    def a_fleet_is_in_sync_beside_others(self, first, second):
        for name, tags in (("stray", {"s": 1}), ("other", {"edgeops": {"fleet": "g"}})):
            self.run(self.hub.create_device(name, edge=False, authentication="sas"))
            self.run(self.hub.patch_twin(name, None, tags=tags, desired={}, etag="*"))
        self.untouched = {name: self.twins(name) for name in ("stray", "other")}
        self.git = {"d1": replace(first, edge=True), "d2": second}
        self.complete(prune=False, only=None)

    # --- git ---------------------------------------------------------------------------

    @precondition(lambda self: len(self.git) < len(DEVICES))
    @rule(name=names, want=devices)
    def put(self, name, want):
        self.git[name] = want

    @precondition(lambda self: self.git)
    @rule(data=st.data(), want=devices, parts=st.sets(parts, min_size=1, max_size=2))
    def edit(self, data, want, parts):
        name = data.draw(st.sampled_from(sorted(self.git)))
        changed = {part: getattr(want, part) for part in sorted(parts)}
        self.git[name] = replace(self.git[name], **changed)

    @precondition(lambda self: self.git)
    @rule(data=st.data())
    def drop(self, data):
        del self.git[data.draw(st.sampled_from(sorted(self.git)))]

    # --- other tools --------------------------------------------------------------------

    @rule(name=names, place=places, patch=twin_patches)
    def foreign_twin(self, name, place, patch):
        self.run(self.write_twin(name, place, patch))

    @rule(name=names, patch=content_patches)
    def foreign_deployment(self, name, patch):
        self.run(self.deploy(name, patch))

    @rule(name=names)
    def foreign_module(self, name):
        if name in self.hub._devices and (name, "theirs") not in self.all_twins():
            self.run(self.hub.create_module(name, "theirs"))

    @precondition(lambda self: self.git_modules())
    @rule(data=st.data())
    def foreign_module_deletion(self, data):
        self.run(self.hub.delete_module(*data.draw(st.sampled_from(self.git_modules()))))
        self.theirs = self.foreign()

    @rule(name=names)
    def foreign_device_deletion(self, name):
        if name in self.hub._devices:
            self.run(self.hub.delete_device(name))
            self.theirs = self.foreign()

    async def write_twin(self, name, place, patch):
        section = place if place in ("tags", "desired") else "desired"
        module = None if place in ("tags", "desired") else place
        if (name, module) in self.all_twins():
            sections = {"tags": {}, "desired": {}} | {section: patch}
            await self.hub.patch_twin(name, module, **sections, etag="*")
            self.theirs = self.foreign()

    async def deploy(self, name, patch):
        if (name, EDGE_AGENT) in self.all_twins():
            live = self.twins(name)
            content = {module: merge_patch(live[module].desired, patch[module]) for module in patch}
            await self.hub.apply_content(name, content)
            self.theirs = self.foreign()

    # --- sync ---------------------------------------------------------------------------

    @rule(prune=st.booleans(), only=st.none() | names)
    def sync(self, prune, only):
        self.complete(prune, only if only in self.git else None)

    @precondition(lambda self: self.git)
    @rule(
        data=st.data(),
        want=devices,
        writes=st.integers(0, 8),
        prune=st.booleans(),
        workers=st.sampled_from([1, 8]),
        back=st.booleans(),
    )
    def sync_killed(self, data, want, writes, prune, workers, back):
        """The commit that was on its way is finished later, or taken back first."""

        async def die(write):
            if write > writes:
                raise Killed

        before = dict(self.git)
        self.edit(data, want, {"modules", "routes"})
        plan, fleet = self.plan(prune and bool(self.git))
        hub = Watched(self.hub, die)
        try:
            self.run(
                apply(plan, fleet, hub, workers=workers, observer=lambda _: None, sleep=no_sleep)
            )
        except* Killed:
            pass
        self.foreign_values_survive()
        if back:
            self.git = before
            self.complete(prune=False, only=None)

    @rule(
        name=names,
        place=places,
        patch=twin_patches,
        content=st.none() | content_patches,
        write=st.integers(0, 5),
    )
    def sync_with_a_foreign_write(self, name, place, patch, content, write):
        """Between plan and apply, or (never to a deployment, which no etag guards) in apply."""

        async def interfere(number):
            if number == write:
                await self.write_twin(name, place, patch)

        plan, fleet = self.plan(prune=False)
        if write == 0:
            self.run(self.write_twin(name, place, patch))
            if content:
                self.run(self.deploy(name, content))
        hub = Watched(self.hub, interfere)
        outcomes = self.run(apply(plan, fleet, hub, observer=lambda _: None, sleep=no_sleep))
        ends = {outcome.status for outcome in outcomes}
        assert ends <= {Status.APPLIED, Status.REFUSED, Status.CONFLICT}
        self.foreign_values_survive()
        self.complete(prune=False, only=None)

    def plan(self, prune, only=None):
        fleet = DesiredFleet(
            "f", "c", {}, {name: desired(name, want) for name, want in self.git.items()}, 99
        )
        managed = self.run(self.hub.devices_of("f"))
        requests = {name: ReadRequest() for name in managed} | {
            name: ReadRequest(tuple(device.modules), device.edge)
            for name, device in fleet.devices.items()
        }
        live = self.run(read_live(self.hub, requests, by_query=False, progress=lambda *_: None))
        made = make_plan(
            fleet,
            live,
            hub=HubTarget("local"),
            options=PlanOptions((only,) if only else (), prune and not only, create=True),
            managed=managed,
            created_at="",
        )
        return made, fleet

    def complete(self, prune, only):
        """A sync that nothing disturbs; afterwards all is as it should be."""
        if prune and not only and not self.git:
            assert self.plan(prune)[0].blocked
            return
        before = self.all_twins()
        plan, fleet = self.plan(prune, only)
        outcomes = self.run(apply(plan, fleet, self.hub, observer=lambda _: None, sleep=no_sleep))
        refused = {refusal.device for refusal in plan.refusals}
        for outcome in outcomes:
            wanted = Status.REFUSED if outcome.device in refused else Status.APPLIED
            assert outcome.status is wanted, outcome
        assert self.plan(prune, only)[0].changes == ()
        for name in refused:
            assert self.twins(name) == {m: t for (d, m), t in before.items() if d == name}
        for name in ({only} if only else self.git.keys()) - refused:
            self.is_as_git_wants(fleet.devices[name], prune=prune and not only)
        if prune and not only:
            for name in set(self.run(self.hub.devices_of("f"))) - self.git.keys():
                assert decode(before[name, None].tags).protect
        for name, _ in before.keys() - self.all_twins().keys():
            if name not in self.git:
                assert prune
                assert not only
                assert not decode(before[name, None].tags).protect

    def is_as_git_wants(self, device, prune):
        twins = self.twins(device.name)
        agrees(twins[None].tags, device.tags)
        agrees(twins[None].desired, device.desired)
        assert not set(left_over(twins[None].tags, device.tags))
        assert not set(left_over(twins[None].desired, device.desired))
        stamp = decode(twins[None].tags)
        assert (stamp.fleet, stamp.protect) == ("f", device.protect)
        for name, module in device.modules.items():
            agrees(twins[name].desired, module.desired)
            assert not set(left_over(twins[name].desired, module.desired))
        for name in (twins.keys() & {*MODULES}) - device.modules.keys():
            if device.edge:  # only others can have listed it
                assert not set(left_over(twins[name].desired, {}))
            else:
                assert not prune
                assert (name,) in stamp.owned_in("modules")
        for name, content in device.edge_content.items():
            agrees(twins[name].desired, content)
            options = {path[:-1] for path, _ in leaves(content) if "createOptions" in path[-1]}
            for path in left_over(twins[name].desired, content):
                assert path[:-1] in options, path

    # --- what holds at any moment ---------------------------------------------------------

    @invariant()
    def foreign_values_survive(self):
        foreign, twins = self.foreign(), self.all_twins()
        for (device, module, section), values in self.theirs.items():
            if (device, module) in twins:
                assert foreign[device, module, section] == values
            else:  # a module or device that git named, and gave up
                assert device not in {name for name, _ in twins} or module in MODULES
        self.theirs = foreign

    @invariant()
    def devices_of_others_are_untouched(self):
        for name, twins in getattr(self, "untouched", {}).items():
            assert self.twins(name) == twins

    def foreign(self):
        """The values that other tools wrote, by twin and section."""
        return {
            (*key, section): {
                path: value
                for path, value in leaves(getattr(twin, section))
                if "theirs" in path and path[:2] not in {("modules", name) for name in MODULES}
            }
            for key, twin in self.all_twins().items()
            for section in ("tags", "desired")
        }

    def all_twins(self):
        return {
            (name, module): twin
            for name, device in self.hub._devices.items()
            for module, twin in {None: device.twin, **device.modules}.items()
        }

    def git_modules(self):
        return sorted(key for key in self.all_twins() if key[1] in MODULES)

    def twins(self, name):
        return {
            module: twin for (device, module), twin in self.all_twins().items() if device == name
        }


TestFleet = pytest.mark.slow(Fleet.TestCase)
TestFleet.settings = settings(
    max_examples=80, stateful_step_count=30, derandomize=True, deadline=None, database=None
)
