"""Read access to private artifact stores: who gets it, and that nothing else notices."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from edgeops.apply.access import RENEW_BEFORE, devices_in_need, grants
from edgeops.apply.apply import apply
from edgeops.apply.outcome import Status
from edgeops.artifacts.store import ReadAccess
from edgeops.fleet.model import (
    ArtifactTarget,
    DesiredDevice,
    DesiredFleet,
    DesiredModule,
    HubTarget,
    StoreKind,
)
from edgeops.hub.live import ReadRequest, read_live
from edgeops.hub.port import EtagMismatch, Unauthorized
from edgeops.plan.document import to_json
from edgeops.plan.model import PlanOptions
from edgeops.plan.plan import make_plan
from edgeops.release import ModelRelease, ReleaseFile
from edgeops.stamp import decode
from edgeops.twin import LiveDevice, Twin
from tests.support.memory_hub import MemoryHub

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
STORE = ArtifactTarget("https://contoso.blob.core.windows.net/models", StoreKind.AZURE_BLOB)
QUERY = "sv=2026&sig=c2VjcmV0LXNpZ25hdHVyZQ"
SHA = "a" * 64


def release(sha256=SHA, **fields):
    path = None if "url" in fields else "m/1.0.0/m.onnx"
    return ModelRelease.of_file(
        "m", "1.0.0", "m.onnx", 1, sha256, "b" * 32, "onnx", path=path, **fields
    )


def device(name="d", model=None, keep=2):
    model = model or release()
    desired = {"keepVersions": keep, "models": {"slot": model.twin_value(STORE.url)}}
    return DesiredDevice(
        name=name,
        labels={},
        groups=(),
        edge=False,
        authentication="sas",
        protect=False,
        tags={},
        desired={},
        modules={"model_loader": DesiredModule("model_loader", {}, desired)},
        models={"slot": model},
        edge_content={},
    )


def access(hours=24.0, query=QUERY):
    return ReadAccess("contoso.blob.core.windows.net", query, NOW + timedelta(hours=hours))


def given(hours=24.0, **fields):
    patch = grants([], StoreKind.AZURE_BLOB, access(hours)).patch
    patch["access"]["azure-blob"] |= fields
    return patch


# --- who gets it ------------------------------------------------------------------


def in_need(reported=None, desired=None, wanted=None, store=STORE):
    loader = Twin("d", "model_loader", desired=desired or {}, reported=reported or {})
    live = {"d": LiveDevice(Twin("d"), {"model_loader": loader})}
    wanted = wanted or device()
    return devices_in_need({"d": wanted}, live, store, now=NOW) == {"d"}


def test_a_device_that_has_yet_to_download_is_in_need():
    assert in_need()
    assert in_need(reported={"models": {"slot": {"sha256": "c" * 64, "state": "ready"}}})


def test_a_device_that_has_its_models_is_not():
    assert not in_need(reported={"models": {"slot": {"sha256": SHA}}})


def test_a_device_that_is_not_on_the_hub_yet_is_in_need():
    assert devices_in_need({"d": device()}, {}, STORE, now=NOW) == {"d"}


def test_a_device_whose_access_lasts_is_left_alone():
    assert not in_need(desired=given(hours=24))
    assert in_need(desired=given(hours=RENEW_BEFORE.total_seconds() / 3600))
    assert in_need(desired=given(hours=-1))


@pytest.mark.parametrize(
    "broken",
    [
        {"host": "fabrikam.blob.core.windows.net"},
        {"query": ""},
        {"expires": "tomorrow"},
        {"expires": "2999-01-01T00:00:00"},
        {"expires": None},
        {"expires": 5},
    ],
)
def test_access_that_is_not_usable_does_not_count(broken):
    assert in_need(desired=given(**broken))


@pytest.mark.parametrize("mess", [None, 5, "x", [], {"azure-blob": "x"}, {"azure-blob": None}])
def test_malformed_access_and_reports_do_not_count(mess):
    assert in_need(desired={"access": mess}, reported={"models": mess})


def test_models_from_elsewhere_need_no_access():
    assert not in_need(wanted=device(model=release(url="https://files.example.com/m.onnx")))
    assert not in_need(wanted=device(model=release(url=STORE.url + "-public/m.onnx")))
    assert in_need(wanted=device(model=release(url=STORE.url + "/m.onnx")))


def test_of_several_files_any_may_come_from_the_store():
    elsewhere = ReleaseFile("a", 1, "aa", url="https://files.example.com/a")
    stored = ReleaseFile("b", 1, "bb", path="m/b")
    several = ModelRelease("m", "1.0.0", "x", (elsewhere, stored))
    assert in_need(wanted=device(model=several))
    done = {"models": {"slot": {"sha256": several.sha256}}}
    assert not in_need(wanted=device(model=several), reported=done)
    nowhere = ModelRelease("m", "1.0.0", "x", (elsewhere, replace(elsewhere, name="b")))
    assert not in_need(wanted=device(model=nowhere))


@pytest.mark.parametrize("kind", [StoreKind.LOCAL, StoreKind.GITHUB_RELEASE, None])
def test_open_stores_need_no_access(kind):
    assert not in_need(store=replace(STORE, store=kind))


def test_a_device_without_models_is_not_in_need():
    assert not in_need(wanted=replace(device(), models={}))


def test_access_is_not_in_any_representation():
    made = grants(["d"], StoreKind.AZURE_BLOB, access())
    assert made.patch["access"]["azure-blob"] == {
        "host": "contoso.blob.core.windows.net",
        "query": QUERY,
        "expires": "2026-07-02T12:00:00Z",
    }
    assert "sig" not in repr(made)


# --- writing it -------------------------------------------------------------------


def fleet(*devices):
    return DesiredFleet("f", "c1", {}, {wanted.name: wanted for wanted in devices})


async def read(hub, wanted):
    requests = {name: ReadRequest(("model_loader",)) for name in wanted.devices}
    return await read_live(hub, requests, by_query=False, progress=lambda done, total: None)


def planned(live, wanted):
    options = PlanOptions(create=True)
    created = "2026-01-01T00:00:00Z"
    hub = HubTarget("h", "contoso", artifacts=STORE)
    return make_plan(wanted, live, hub=hub, options=options, managed=(), created_at=created)


async def sync(hub, *devices, access=None, before=None):
    """What `edgeops sync` does; `before` happens between reading and writing."""
    wanted = fleet(*devices)
    live = await read(hub, wanted)
    plan = planned(live, wanted)
    needy = devices_in_need(wanted.devices, live, STORE, now=NOW)
    made = grants(needy, StoreKind.AZURE_BLOB, access or globals()["access"]()) if needy else None
    if before:
        await before()
    outcomes = await apply(plan, wanted, hub, grants=made, observer=lambda outcome: None)
    return plan, {outcome.device: (outcome.status, outcome.written) for outcome in outcomes}


async def loader(hub, name="d"):
    return await hub.twin(name, "model_loader")


def test_a_new_device_gets_its_access_in_the_write_that_names_the_model():
    async def run():
        hub = MemoryHub()
        _, outcomes = await sync(hub, device())
        assert outcomes == {"d": (Status.APPLIED, 4)}  # device, its stamp, module, its twin
        twin = await loader(hub)
        assert twin.desired["access"]["azure-blob"]["query"] == QUERY
        assert twin.desired["models"]["slot"]["sha256"] == SHA
        assert twin.desired_version == 2  # one write: the device wakes up once

    asyncio.run(run())


def test_a_plan_says_which_store_and_nothing_else_knows_of_access():
    async def run():
        hub = MemoryHub()
        plan, _ = await sync(hub, device())
        hub.report("d", "model_loader", {"models": {"slot": {"sha256": SHA}}})
        shown = to_json(plan)
        assert shown.pop("access") == ["azure-blob"]
        assert "access" not in json.dumps(shown)
        stamp = decode((await loader(hub)).tags)
        assert not [path for path in stamp.owned if "access" in path]
        again, outcomes = await sync(hub, device())
        assert (again.changes, outcomes) == ((), {})
        # A change leaves it where it is, and so does a key that git gives up.
        await sync(hub, device(keep=3))
        assert (await loader(hub)).desired["access"]["azure-blob"]["query"] == QUERY
        emptied = replace(device(), modules={"model_loader": DesiredModule("model_loader", {}, {})})
        await sync(hub, replace(emptied, models={}))
        assert (await loader(hub)).desired.keys() == {"access"}

    asyncio.run(run())


def test_access_that_ends_is_renewed_without_a_change_and_counted():
    async def run():
        hub = MemoryHub()
        await sync(hub, device(), device("e"), access=access(hours=1, query="sig=old"))
        hub.report("e", "model_loader", {"models": {"slot": {"sha256": SHA}}})
        plan, outcomes = await sync(hub, device(), device("e"))
        assert plan.changes == ()
        assert outcomes == {"d": (Status.ACCESS, 1)}  # e has its model
        assert (await loader(hub)).desired["access"]["azure-blob"]["query"] == QUERY
        assert (await loader(hub, "e")).desired["access"]["azure-blob"]["query"] == "sig=old"
        assert (await sync(hub, device(), device("e")))[1] == {}

    asyncio.run(run())


def test_a_change_elsewhere_on_the_device_renews_access_too():
    async def run():
        hub = MemoryHub()
        await sync(hub, device(), access=access(hours=1, query="sig=old"))
        _, outcomes = await sync(hub, replace(device(), tags={"site": "cbd"}))
        assert outcomes == {"d": (Status.APPLIED, 2)}
        assert (await loader(hub)).desired["access"]["azure-blob"]["query"] == QUERY

    asyncio.run(run())


def test_a_device_that_reports_meanwhile_still_gets_its_access():
    async def run():
        hub = MemoryHub()
        await sync(hub, device(), access=access(hours=1))

        async def reports():
            hub.report("d", "model_loader", {"loader": {"version": "1"}})

        _, outcomes = await sync(hub, device(), before=reports)
        assert outcomes == {"d": (Status.ACCESS, 1)}
        _, outcomes = await sync(hub, device(keep=3), before=reports)  # planned on an old etag
        assert outcomes == {"d": (Status.APPLIED, 1)}

    asyncio.run(run())


class RefusingHub(MemoryHub):
    """Refuses every write of a module twin once `error` is set."""

    error = None

    async def patch_twin(self, device, module, **patch):
        if self.error and module:
            raise self.error
        return await super().patch_twin(device, module, **patch)


def test_a_twin_that_keeps_changing_is_a_conflict():
    async def run():
        hub = RefusingHub()
        await sync(hub, device(), access=access(hours=1))
        hub.error = EtagMismatch("changed")
        _, outcomes = await sync(hub, device())
        assert outcomes == {"d": (Status.CONFLICT, 0)}

    asyncio.run(run())


def test_a_hub_that_is_closed_to_us_is_an_error():
    async def run():
        hub = RefusingHub()
        await sync(hub, device(), access=access(hours=1))
        hub.error = Unauthorized("no permission")
        with pytest.raises(Unauthorized):
            await sync(hub, device())

    asyncio.run(run())
