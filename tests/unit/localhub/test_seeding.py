"""Filling a hub from one document: all or nothing, and only what differs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.localhub.service import registry, seeding, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.resetting import reset
from edgeops.localhub.service.seeding import seed
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.store import HubStore

SEED = {
    "devices": {
        "t1": {"tags": {"site": "north"}, "desired": {"interval": 60}},
        "g1": {"edge": True, "modules": {"camera": {"desired": {"fps": 5}, "tags": {"a": 1}}}},
        "off": {"status": "disabled"},
    }
}


@pytest.fixture
def hub(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        yield EmulatedHub(store)


def counts(result):
    assert result["errors"] == []
    return result["created"], result["changed"], result["unchanged"]


def test_devices_modules_and_twins_are_created(hub):
    assert counts(seed(hub, SEED)) == (4, 0, 0)

    twin = twins.get_twin(hub, "t1")
    assert twin["tags"] == {"site": "north"}
    assert twin["properties"]["desired"]["interval"] == 60
    assert registry.get_device(hub, "g1")["capabilities"] == {"iotEdge": True}
    assert registry.get_device(hub, "off")["status"] == "disabled"
    camera = twins.get_twin(hub, "g1", "camera")
    assert (camera["properties"]["desired"]["fps"], camera["tags"]) == (5, {"a": 1})
    assert registry.get_device(hub, "t1")["authentication"]["symmetricKey"]["primaryKey"]


def test_what_is_as_it_says_is_not_written(hub):
    seed(hub, SEED)
    before = [twins.get_twin(hub, "t1"), registry.get_device(hub, "g1"), hub.store.last_event()]
    assert counts(seed(hub, SEED)) == (0, 0, 4)
    after = [twins.get_twin(hub, "t1"), registry.get_device(hub, "g1"), hub.store.last_event()]
    assert after == before


def test_what_it_names_becomes_exactly_that_and_the_rest_stays(hub):
    seed(hub, SEED)
    twins.report(hub, "t1", "", {"temperature": 21})
    key = registry.get_device(hub, "t1")["authentication"]
    changed = {"devices": {"t1": {"desired": {"unit": "C", "gone": None}, "status": "disabled"}}}

    assert counts(seed(hub, changed)) == (0, 1, 0)

    twin = twins.get_twin(hub, "t1")
    assert twin["properties"]["desired"]["unit"] == "C"
    assert not twin["properties"]["desired"].keys() & {"interval", "gone"}
    assert twin["tags"] == {"site": "north"}
    assert twin["properties"]["reported"]["temperature"] == 21
    assert twin["status"] == "disabled"
    assert registry.get_device(hub, "t1")["authentication"] == key
    assert registry.get_device(hub, "off")


def test_with_one_refusal_nothing_is_saved_and_all_are_told(hub):
    seed(hub, SEED)
    before = hub.store.last_event()
    result = seed(
        hub,
        {
            "devices": {
                "new": {},
                "t1": {"tags": {"site": "south"}},
                "a b": {"modules": {"m": {}}},
                "g1": {
                    "modules": {"$edgeAgent": {"desired": {"a": 1}}, "big": {"tags": {"a.b": 1}}}
                },
            }
        },
    )
    refused = [(error["deviceId"], error["moduleId"]) for error in result.pop("errors")]
    assert refused == [("a b", None), ("g1", "$edgeAgent"), ("g1", "big")]
    assert result == {"created": 0, "changed": 0, "unchanged": 0}
    assert hub.store.entry("new") is None
    assert hub.store.entry("g1", "big") is None
    assert twins.get_twin(hub, "t1")["tags"] == {"site": "north"}
    assert hub.store.last_event() == before


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"devices": []},
        {"devices": {"a": 1}},
        {"devices": {"a": {"modules": {"m": None}}}},
    ],
)
def test_another_shape_is_refused(hub, body):
    with pytest.raises(HubFault) as refusal:
        seed(hub, body)
    assert refusal.value.status == 400


@pytest.mark.parametrize("value", [{"tags": 1}, {"desired": []}, {"status": "on"}, {"edge": 1}])
def test_another_shape_of_a_device_is_refused(hub, value):
    assert [error["deviceId"] for error in seed(hub, {"devices": {"a": value}})["errors"]] == ["a"]


def test_a_seed_is_bounded(hub, monkeypatch):
    monkeypatch.setattr(seeding, "MAX_IDENTITIES", 3)
    with pytest.raises(HubFault, match="At most 3 devices and modules") as refusal:
        seed(hub, SEED)
    assert refusal.value.status == 413


sections = st.dictionaries(
    st.sampled_from("abc"),
    st.none() | st.integers(-9, 9) | st.dictionaries(st.sampled_from("ab"), st.booleans()),
)
values = st.fixed_dictionaries({}, optional={"tags": sections, "desired": sections})
devices = st.fixed_dictionaries(
    {},
    optional={
        "tags": sections,
        "desired": sections,
        "edge": st.booleans(),
        "status": st.sampled_from(["enabled", "disabled"]),
        "modules": st.dictionaries(st.sampled_from(["m", "n"]), values),
    },
)
seeds = st.fixed_dictionaries({"devices": st.dictionaries(st.sampled_from("xyz"), devices)})


@pytest.fixture(scope="module")
def kept_store(tmp_path_factory):
    with HubStore(tmp_path_factory.mktemp("hub") / "hub.db") as store:
        yield store


@settings(max_examples=40)
@given(seeds, seeds)
def test_a_seed_that_was_done_changes_nothing(kept_store, first, second):
    hub = EmulatedHub(kept_store)
    reset(hub)
    seed(hub, first)
    done = seed(hub, second)
    assert done["errors"] == []
    again = seed(hub, second)
    assert (again["created"], again["changed"]) == (0, 0)
