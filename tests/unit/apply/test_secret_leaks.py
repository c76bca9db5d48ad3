"""No value of a secret is in anything that edgeops prints, saves or stamps, whatever the fleet."""

import asyncio
import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.api.planned import Planned, Synced
from edgeops.apply.apply import apply
from edgeops.apply.secrets import read_secrets
from edgeops.fleet.edge import render_device
from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule, HubTarget
from edgeops.hub.live import ReadRequest, read_live
from edgeops.hub.port import HubError
from edgeops.jsonvalue import leaves
from edgeops.plan.model import PlanOptions
from edgeops.plan.plan import make_plan
from edgeops.report import documents, outcomes, planned
from tests.support.memory_hub import MemoryHub

CORE = "Zq7xKwVb"  # in every value; nothing else has it
VARIABLES = ("EDGEOPS_SECRET_A", "EDGEOPS_SECRET_B")

odd = st.text("ab \"\\'\n;=&{}$*:/é", max_size=8)
secret_values = st.builds("{}{}{}".format, odd, st.just(CORE), odd)
environments = st.fixed_dictionaries(dict.fromkeys(VARIABLES, secret_values))
references = st.builds(
    lambda variable, version: {"fromEnv": variable, "version": version},
    st.sampled_from(VARIABLES),
    st.integers(1, 3),
)
keys = st.sampled_from(["password", "code", "wifi", "a"])
sections = st.dictionaries(
    keys,
    st.recursive(
        references | st.sampled_from(["x", 1, True]),
        lambda inner: st.dictionaries(keys, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)


@st.composite
def devices(draw, name):
    env = draw(st.dictionaries(keys, references | st.just("x"), max_size=2))
    agent = {
        "runtime": {"settings": {"registryCredentials": {"acr": {"password": draw(references)}}}},
        "modules": {
            "m": {"settings": {"image": "m:1"}, "env": {k: {"value": v} for k, v in env.items()}}
        },
    }
    return DesiredDevice(
        name=name,
        labels={},
        groups=(),
        edge=True,
        authentication="sas",
        protect=False,
        tags={},
        desired=draw(sections),
        modules={"m": DesiredModule("m", {"env": env}, draw(sections))},
        models={},
        edge_content={"$edgeAgent": agent, "$edgeHub": {}},
    )


class Echoing(MemoryHub):
    """Refuses every so many writes, and repeats what it was sent."""

    def __init__(self, every, cut):
        super().__init__()
        self.every, self.cut, self.calls = every, cut, 0

    def _complain(self, *sent):
        self.calls += 1
        if self.calls % self.every == 0:
            text = f"cannot use {json.dumps(sent)} or {sent}"
            raise HubError(f"the hub rejected the request: {' '.join(text.split())[: self.cut]}")

    async def patch_twin(self, device, module, *, tags, desired, etag):
        self._complain(desired)
        return await super().patch_twin(device, module, tags=tags, desired=desired, etag=etag)

    async def apply_content(self, device, content):
        self._complain(dict(content))
        await super().apply_content(device, content)


async def no_sleep(_seconds):
    """The hub in memory makes nobody wait."""


async def run(hub, fleet, environ):
    """Everything that a sync and a dry run after it show and store, apart from the secrets."""
    requests = {d.name: ReadRequest(tuple(d.modules), d.edge) for d in fleet.devices.values()}
    seen = []
    for _ in range(2):
        live = await read_live(hub, requests, by_query=False, progress=lambda _done, _all: None)
        made = make_plan(
            fleet,
            live,
            hub=HubTarget("local"),
            options=PlanOptions(create=True),
            managed=(),
            created_at="2026-01-01T00:00:00Z",
        )
        shown = Planned(made, fleet)
        seen += [planned.text(shown, verbose=True), planned.text(shown), planned.as_json(shown)]
        seen += [planned.markdown(shown), planned.summary(shown), repr(made)]
        secrets = read_secrets(made.changes, environ)
        done = await apply(
            made, fleet, hub, secrets=secrets, observer=lambda _: None, sleep=no_sleep
        )
        seen += [outcomes.text(done, seconds=1), outcomes.as_json(done), repr(done), repr(secrets)]
        seen += [outcomes.markdown(done, seconds=1), repr(Synced(shown, done, 1, False))]
    seen += [documents.dump_yaml(render_device(device)) for device in fleet.devices.values()]
    seen += [json.dumps(twin.tags) async for twin in hub.device_twins()]
    seen += [json.dumps(twin.tags) async for twin in hub.module_twins()]
    return seen


@settings(max_examples=40)
@given(devices("d"), devices("d"), environments, st.integers(2, 9), st.integers(20, 300))
def test_no_value_of_a_secret_is_shown(before, after, environ, every, cut):
    hub = Echoing(every, cut)
    for device in (before, after):
        fleet = DesiredFleet("f", "c", {}, {"d": device, "e": replace(device, name="e")}, 9)
        for text in asyncio.run(run(hub, fleet, environ)):
            assert CORE not in text
            assert CORE[:5] not in text


@settings(max_examples=40)
@given(devices("d"), environments)
def test_every_secret_arrives(device, environ):
    hub = MemoryHub()
    fleet = DesiredFleet("f", "c", {}, {"d": device}, 9)
    asyncio.run(run(hub, fleet, environ))
    twin, module = (asyncio.run(hub.twin("d", name)) for name in (None, "m"))
    for want, live in (
        (device.desired, twin.desired),
        (device.modules["m"].desired, module.desired),
    ):
        for path, value in leaves(want):
            if path[-1:] == ("fromEnv",):
                found = live
                for key in path[:-1]:
                    found = found[key]
                assert found == environ[value]
