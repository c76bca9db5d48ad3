"""What `hub.port.Hub` promises: one suite for memory, the local hub and, if named, a real one.

EDGEOPS_TEST_HUB holds the connection string (policy iothubowner) of a real hub
to run against. Devices get a random prefix there and are deleted afterwards.
"""

import asyncio
import os
import uuid
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime

import pytest
from azure.iot.hub import IoTHubConfigurationManager, IoTHubRegistryManager
from azure.iot.hub.models import Configuration

from edgeops.configuration import configuration_of
from edgeops.fleet.model import HubTarget
from edgeops.hub.open import LocalAccess, open_hub
from edgeops.hub.port import AlreadyExists, EtagMismatch, HubError, NotFound
from tests.support.memory_hub import MemoryHub
from tests.support.waiting import wait_until

REAL = "EDGEOPS_TEST_HUB"
ODD = "odd-$'#%+=@;!"
NAMES = ("a", "b", "plain", "gone", "gateway", ODD)
A, B, C = "A" * 40, "B" * 40, "C" * 64

EDGE_CONTENT = {
    "$edgeAgent": {"schemaVersion": "1.1", "runtime": {"type": "docker"}, "modules": {}},
    "$edgeHub": {"schemaVersion": "1.1", "routes": {}},
}


def content(*modules):
    settings = {"image": "example.com/m:1", "createOptions": "{}"}
    module = {"type": "docker", "status": "running", "restartPolicy": "always"}
    listed = {name: module | {"settings": settings} for name in modules}
    return EDGE_CONTENT | {"$edgeAgent": EDGE_CONTENT["$edgeAgent"] | {"modules": listed}}


@pytest.fixture(params=["memory", "local", *(["azure"] if REAL in os.environ else [])])
def on_hub(request):
    """Run `await example(hub, name)` on a hub; `name(x)` makes a device id for this test."""
    prefix = f"edgeops-test-{uuid.uuid4().hex[:8]}-"
    open_this = opener(request)

    def run(example):
        async def scenario():
            async with open_this() as hub:
                try:
                    return await example(hub, lambda name: prefix + name)
                finally:
                    for name in NAMES:
                        await delete_if_there(hub, prefix + name)

        return asyncio.run(scenario())

    return run


def opener(request):
    if request.param == "memory":
        return in_memory
    if request.param == "local":
        local = request.getfixturevalue("local_hub")
        access = LocalAccess(local.connection_string, str(local.ca_file))
        return lambda: open_hub(HubTarget("local"), environ={}, local=access)
    text = os.environ[REAL]
    hostname = text.partition("HostName=")[2].partition(";")[0]
    target = HubTarget("real", hostname=hostname, connection_string_env=REAL)
    return lambda: open_hub(target, environ={REAL: text})


@asynccontextmanager
async def in_memory():
    yield MemoryHub()


async def delete_if_there(hub, device):
    with suppress(NotFound):
        await hub.delete_device(device)


async def write(hub, device, module=None, *, tags=None, desired=None):
    """Patch a twin as it is now."""
    etag = (await hub.twin(device, module)).etag
    return await hub.patch_twin(device, module, tags=tags or {}, desired=desired or {}, etag=etag)


# --- identities -----------------------------------------------------------------------


@pytest.mark.parametrize("authentication", ["sas", "x509CA"])
def test_a_new_device_has_an_empty_twin(on_hub, authentication):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication=authentication)
        return await hub.twin(name("a"))

    twin = on_hub(example)
    assert (twin.tags, twin.desired, twin.reported) == ({}, {}, {})
    assert (twin.module, twin.edge, twin.authentication) == (None, False, authentication)
    assert (twin.connected, twin.last_activity) == (False, None)
    assert twin.etag


def test_metadata_tells_when_each_desired_property_was_written(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        await hub.create_module(name("a"), "m")
        for module in (None, "m"):
            await write(hub, name("a"), module, desired={"a": {"b": 1}, "c": [{"d": 2}]})
        twins = [await hub.twin(name("a"), module, metadata=True) for module in (None, "m")]
        return twins, await hub.twin(name("a"))

    twins, silent = on_hub(example)
    for twin in twins:
        assert twin.desired == {"a": {"b": 1}, "c": [{"d": 2}]}
        places = (twin.metadata, twin.metadata["a"], twin.metadata["a"]["b"], twin.metadata["c"])
        for place in places:
            assert datetime.fromisoformat(place["$lastUpdated"]).year >= 2026
    assert silent.metadata == {}


def test_an_edge_device_has_its_system_modules(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=True, authentication="sas")
        device = await hub.twin(name("a"))
        return device, [await hub.twin(name("a"), module) for module in ("$edgeAgent", "$edgeHub")]

    device, modules = on_hub(example)
    assert device.edge
    assert [module.module for module in modules] == ["$edgeAgent", "$edgeHub"]
    assert modules[0].configurations == ()


def test_ids_may_hold_whatever_azure_allows(on_hub):
    async def example(hub, name):
        await hub.create_device(name(ODD), edge=False, authentication="sas")
        await hub.create_module(name(ODD), "m:#1%")
        written = await write(hub, name(ODD), "m:#1%", desired={"a": 1})
        return (await hub.twin(name(ODD))).device == name(ODD), written.module, written.desired

    assert on_hub(example) == (True, "m:#1%", {"a": 1})


def test_a_device_is_created_once(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        await hub.create_device(name("a"), edge=False, authentication="sas")

    with pytest.raises(AlreadyExists, match="already exists on the hub"):
        on_hub(example)


def test_a_module_is_created_once(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        await hub.create_module(name("a"), "m")
        await hub.create_module(name("a"), "m")

    with pytest.raises(AlreadyExists, match="module 'm' of device"):
        on_hub(example)


def test_a_deleted_device_takes_its_modules_along(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        await hub.create_module(name("a"), "m")
        await hub.delete_device(name("a"))
        await hub.create_device(name("a"), edge=False, authentication="sas")
        await hub.twin(name("a"), "m")

    with pytest.raises(NotFound, match="module 'm' of device"):
        on_hub(example)


@pytest.mark.parametrize(
    "question",
    [
        lambda hub, device: hub.twin(device),
        lambda hub, device: hub.twin(device, "m"),
        lambda hub, device: hub.patch_twin(device, None, tags={"a": 1}, desired={}, etag="AAAA"),
        lambda hub, device: hub.update_identity(device, status="disabled"),
        lambda hub, device: hub.delete_device(device),
        lambda hub, device: hub.create_module(device, "m"),
        lambda hub, device: hub.delete_module(device, "m"),
        lambda hub, device: hub.apply_content(device, EDGE_CONTENT),
    ],
    ids=[
        "read",
        "read-module",
        "patch",
        "update",
        "delete",
        "create-module",
        "delete-module",
        "deploy",
    ],
)
def test_missing_devices_and_modules_are_not_found(on_hub, question):
    with pytest.raises(NotFound, match="is not on the hub"):
        on_hub(lambda hub, name: question(hub, name("gone")))


async def identities(hub, device, *changes):
    """What the twin shows of the identity, at first and after each change."""
    seen = [await hub.twin(device)]
    for change in changes:
        await hub.update_identity(device, **change)
        seen.append(await hub.twin(device))
    return seen


def test_a_new_device_may_have_thumbprints_and_may_be_disabled(on_hub):
    async def example(hub, name):
        thumbprints = {"primary": A, "secondary": C}
        await hub.create_device(
            name("a"),
            edge=False,
            authentication="selfSigned",
            thumbprints=thumbprints,
            status="disabled",
        )
        return await hub.twin(name("a"))

    twin = on_hub(example)
    assert (twin.authentication, twin.status) == ("selfSigned", "disabled")
    assert twin.thumbprints == {"primary": A, "secondary": C}


def test_an_update_changes_what_it_names_and_nothing_else(on_hub):
    async def example(hub, name):
        await hub.create_device(
            name("a"), edge=True, authentication="selfSigned", thumbprints={"primary": A}
        )
        await write(hub, name("a"), tags={"site": "cbd"}, desired={"rate": 1})
        return await identities(
            hub, name("a"), {"status": "disabled"}, {"thumbprints": {"secondary": B}}
        )

    before, disabled, renewed = on_hub(example)
    assert replace(disabled, etag=before.etag) == replace(before, status="disabled")
    assert replace(renewed, etag=before.etag) == replace(
        before, status="disabled", thumbprints={"primary": A, "secondary": B}
    )


def test_the_authentication_can_become_any_other(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        return await identities(
            hub,
            name("a"),
            {"authentication": "selfSigned", "thumbprints": {"primary": A, "secondary": B}},
            {"authentication": "x509CA"},
            {"authentication": "selfSigned", "thumbprints": {"primary": C}},
            {"authentication": "sas"},
        )

    twins = on_hub(example)
    assert [(twin.authentication, twin.thumbprints) for twin in twins] == [
        ("sas", {}),
        ("selfSigned", {"primary": A, "secondary": B}),
        ("x509CA", {}),
        ("selfSigned", {"primary": C}),
        ("sas", {}),
    ]


@pytest.mark.parametrize("edge", [False, True])
def test_a_device_gets_a_parent_and_loses_it(on_hub, edge):
    async def example(hub, name):
        for gateway in ("gateway", "plain"):
            await hub.create_device(name(gateway), edge=True, authentication="sas")
        scopes = [(await hub.twin(name(gateway))).scope for gateway in ("gateway", "plain")]
        await hub.create_device(name("a"), edge=edge, authentication="sas", parent_scope=scopes[0])
        twins = await identities(hub, name("a"), {"parent_scope": scopes[1]}, {"parent_scope": ""})
        names = [name("gateway"), name("plain"), ""]
        return [twin.parent for twin in twins] == names, twins

    right, twins = on_hub(example)
    assert right
    if edge:
        assert twins[0].scope == twins[1].scope == twins[2].scope != ""


# --- twins ----------------------------------------------------------------------------


def test_a_patch_merges_and_null_removes(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        tags = {"site": "auckland", "ring": {"name": "canary", "since": 3}}
        desired = {"rate": 1, "on": True, "list": [1, {"x": []}], "text": "ä€😀"}
        first = await write(hub, name("a"), tags=tags, desired=desired)
        tags = {"site": None, "ring": {"since": None}}
        second = await write(hub, name("a"), tags=tags, desired={"rate": 2.5, "list": [2]})
        return first, second, await hub.twin(name("a"))

    first, second, read = on_hub(example)
    assert first.desired == {"rate": 1, "on": True, "list": [1, {"x": []}], "text": "ä€😀"}
    assert second.tags == {"ring": {"name": "canary"}}
    assert second.desired == {"rate": 2.5, "on": True, "list": [2], "text": "ä€😀"}
    assert read == second


def test_only_desired_properties_have_a_version(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        new = await hub.twin(name("a"))
        tagged = await write(hub, name("a"), tags={"a": 1})
        configured = await write(hub, name("a"), desired={"b": 1})
        return [twin.desired_version for twin in (new, tagged, configured)]

    assert on_hub(example) == [1, 1, 2]


def test_a_module_has_a_twin_of_its_own(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        await hub.create_module(name("a"), "m")
        written = await write(hub, name("a"), "m", desired={"models": {"a": 1}})
        return written, await hub.twin(name("a"))

    module, device = on_hub(example)
    assert (module.module, module.desired) == ("m", {"models": {"a": 1}})
    assert device.desired == {}


@pytest.mark.parametrize("module", [None, "m"])
def test_a_patch_on_an_old_etag_changes_nothing(on_hub, module):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        await hub.create_module(name("a"), "m")
        old = await hub.twin(name("a"), module)
        await write(hub, name("a"), module, desired={"a": 1})
        with pytest.raises(EtagMismatch, match="changed by another client"):
            await hub.patch_twin(name("a"), module, tags={}, desired={"a": 2}, etag=old.etag)
        return await hub.twin(name("a"), module)

    assert on_hub(example).desired == {"a": 1}


def test_one_of_two_writers_at_once_wins(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        etag = (await hub.twin(name("a"))).etag
        writes = [
            hub.patch_twin(name("a"), None, tags={}, desired={f"writer{i}": i}, etag=etag)
            for i in range(8)
        ]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        return outcomes, await hub.twin(name("a"))

    outcomes, twin = on_hub(example)
    assert sum(isinstance(outcome, EtagMismatch) for outcome in outcomes) == 7
    assert len(twin.desired) == 1


def test_a_twin_that_would_break_a_limit_is_not_written(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=False, authentication="sas")
        twin = await hub.twin(name("a"))
        with pytest.raises(HubError):
            await write(hub, name("a"), desired={"a": "x" * 5000})
        large = {f"k{i}": "x" * 4000 for i in range(9)}
        with pytest.raises(HubError, match="too large"):
            await write(hub, name("a"), desired=large)
        return (await hub.twin(name("a"))).etag == twin.etag

    assert on_hub(example)


# --- edge deployments -----------------------------------------------------------------


def test_a_deployment_replaces_content_and_makes_its_modules(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=True, authentication="sas")
        await hub.apply_content(name("a"), content("model_loader", "forecaster"))
        agent = await hub.twin(name("a"), "$edgeAgent")
        made = [await hub.twin(name("a"), module) for module in ("model_loader", "forecaster")]
        return agent, await hub.twin(name("a"), "$edgeHub"), made

    agent, hub_module, made = on_hub(example)
    assert agent.desired == content("model_loader", "forecaster")["$edgeAgent"]
    assert hub_module.desired == EDGE_CONTENT["$edgeHub"]
    assert [module.desired for module in made] == [{}, {}]


def test_a_deployment_removes_the_modules_that_it_no_longer_lists(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=True, authentication="sas")
        await hub.create_module(name("a"), "not-deployed")
        await hub.apply_content(name("a"), content("model_loader", "forecaster"))
        await hub.apply_content(name("a"), content("model_loader"))
        assert (await hub.twin(name("a"), "model_loader")).module == "model_loader"
        assert (await hub.twin(name("a"), "not-deployed")).module == "not-deployed"
        await hub.twin(name("a"), "forecaster")

    with pytest.raises(NotFound):
        on_hub(example)


def test_a_deployment_keeps_the_twins_of_its_modules(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=True, authentication="sas")
        await hub.apply_content(name("a"), content("model_loader"))
        await write(hub, name("a"), "model_loader", desired={"a": 1})
        await hub.apply_content(name("a"), content("model_loader", "forecaster"))
        return await hub.twin(name("a"), "model_loader")

    assert on_hub(example).desired == {"a": 1}


def test_a_system_module_cannot_be_patched(on_hub):
    async def example(hub, name):
        await hub.create_device(name("a"), edge=True, authentication="sas")
        await write(hub, name("a"), "$edgeAgent", desired={"a": 1})

    with pytest.raises(HubError, match="is a system module"):
        on_hub(example)


# --- queries --------------------------------------------------------------------------


@pytest.fixture
def on_hub_with_prompt_queries(request, on_hub):
    if request.node.callspec.params["on_hub"] == "azure":
        pytest.skip("queries may be minutes old on Azure")
    return on_hub


def test_queries_give_the_twins_that_reads_give(on_hub_with_prompt_queries):
    async def example(hub, name):
        for device in ("a", "b"):
            await hub.create_device(name(device), edge=device == "a", authentication="sas")
            await write(hub, name(device), tags={"n": device}, desired={"x": [1, True, [], {}]})
        await hub.create_module(name("b"), "m")
        devices = [twin async for twin in hub.device_twins()]
        modules = [twin async for twin in hub.module_twins()]
        read = [await hub.twin(name(device)) for device in ("a", "b")]
        read_modules = [
            await hub.twin(name(device), module)
            for device, module in (("a", "$edgeAgent"), ("a", "$edgeHub"), ("b", "m"))
        ]
        return devices, modules, read, read_modules

    devices, modules, read, read_modules = on_hub_with_prompt_queries(example)
    assert sorted(devices, key=lambda twin: twin.device) == read
    assert sorted(modules, key=lambda twin: (twin.device, twin.module)) == read_modules


def test_the_devices_of_a_fleet_are_found_by_their_stamp(on_hub_with_prompt_queries):
    async def example(hub, name):
        for device, fleet in (("b", "mine"), ("a", "mine"), ("plain", "other"), ("gone", None)):
            await hub.create_device(name(device), edge=False, authentication="sas")
            tags = {"edgeops": {"fleet": fleet}} if fleet else {"edgeops": "mine"}
            await write(hub, name(device), tags=tags)
        return await hub.devices_of("mine") == [name("a"), name("b")]

    assert on_hub_with_prompt_queries(example)


# --- configurations -------------------------------------------------------------------

CHILLER = {
    "id": "edgeops-test-chiller",
    "priority": 10,
    "content": {"deviceContent": {"properties.desired.chiller.temperature": 4}},
}
LAYER = {
    "id": "edgeops-test-layer",
    "priority": 3,
    "content": {
        "modulesContent": {
            "$edgeAgent": {"properties.desired.modules.extra": {"type": "docker"}},
            "extra": {"properties.desired": {"rate": 1}},
        }
    },
}


@pytest.fixture
def configure(request, on_hub):
    """Creates a configuration for a device, and waits until a twin shows it."""
    if request.node.callspec.params["on_hub"] == "azure":
        pytest.skip("Azure evaluates configurations after minutes")

    async def create(hub, value, device, module=None):
        if isinstance(hub, MemoryHub):
            hub.configure(configuration_of(value), device, module)
            return
        local = request.getfixturevalue("local_hub")
        manager = IoTHubConfigurationManager.from_connection_string(local.connection_string)
        manager.protocol.config.connection.verify = str(local.ca_file)
        condition = f"deviceId = '{device}'"
        body = Configuration.from_dict({**value, "targetCondition": condition})
        await asyncio.to_thread(manager.create_configuration, body)
        registry = IoTHubRegistryManager.from_connection_string(local.connection_string)
        registry.protocol.config.connection.verify = str(local.ca_file)

        def shown():
            twin = registry.get_module_twin(device, module) if module else registry.get_twin(device)
            return "configurations" in twin.additional_properties

        await asyncio.to_thread(wait_until, shown)

    return create


def test_twins_show_the_configurations_that_target_them(on_hub, configure):
    async def example(hub, name):
        before = await hub.configurations()
        for device in ("a", "b", "plain"):
            await hub.create_device(name(device), edge=device == "b", authentication="sas")
        await configure(hub, CHILLER, name("a"))
        await configure(hub, LAYER, name("b"), "$edgeAgent")
        twins = [await hub.twin(name(device)) for device in ("a", "b", "plain")]
        agent = await hub.twin(name("b"), "$edgeAgent")
        listed = {twin.device: twin.configurations async for twin in hub.device_twins()}
        return before, await hub.configurations(), [*twins, agent], listed[name("a")]

    before, configurations, twins, listed = on_hub(example)
    assert before == ()
    layer, chiller = sorted(configurations, key=lambda each: each.priority)
    assert (chiller.id, chiller.priority, chiller.twin) == (
        "edgeops-test-chiller", 10, {("chiller", "temperature")},
    )  # fmt: skip
    assert layer.deployment == {"$edgeAgent": {("modules", "extra")}, "extra": {()}}
    shown = [twin.configurations for twin in twins]
    assert shown == [("edgeops-test-chiller",), (), (), ("edgeops-test-layer",)]
    assert listed == ("edgeops-test-chiller",)
