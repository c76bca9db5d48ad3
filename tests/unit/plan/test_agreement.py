"""A device that agrees with git is told without a patch, and nothing else is taken for one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule
from edgeops.jsonvalue import leaves, merge_patch
from edgeops.plan.agreement import Agreed, agrees
from edgeops.plan.device import plan_device
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.secret_reference import with_secrets
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin

OWNER = Owner("f", commit="c" * 40)
SETTINGS = {"image": "i:1", "createOptions": "{}"}
PASSWORD = {"fromEnv": "EDGEOPS_SECRET_ACR", "version": 2}
CONTENT = {
    EDGE_AGENT: {
        "runtime": {"settings": {"registryCredentials": {"acr": {"password": PASSWORD}}}},
        "modules": {"m": {"settings": SETTINGS}},
    },
    EDGE_HUB: {"routes": {"r": "FROM /* INTO $upstream"}},
}
DEFAULTS = {EDGE_AGENT: {"systemModules": {"edgeAgent": {"type": "docker"}}}}
PLAIN = DesiredDevice(
    name="d",
    labels={},
    groups=(),
    edge=False,
    authentication="sas",
    protect=False,
    tags={"site": "cbd"},
    desired={"on": True, "count": 1, "limits": {"low": 1.5, "zones": [1, 2]}},
    modules={"own": DesiredModule("own", {}, {"a": 1}), "bare": DesiredModule("bare", {}, {})},
    models={},
    edge_content={},
)
EDGE = replace(
    PLAIN,
    edge=True,
    modules={"m": DesiredModule("m", {}, {"key": PASSWORD, "b": {"c": "x"}})},
    edge_content=CONTENT,
    edge_defaults=DEFAULTS,
)


def synced(want):
    """The device on a hub that is in sync, with values in place of secrets."""
    system = (EDGE_AGENT, EDGE_HUB) if want.edge else ()
    live = LiveDevice(Twin("d", edge=want.edge), {name: Twin("d", name) for name in system})
    changes = (
        replace(change, patch=with_secrets(dict(change.patch), str))
        for change in plan_device(want, live, OWNER, create=True)
    )
    return carried_out(live, changes)


def with_twin(live, name, **sections):
    """The device with patched sections of its own twin (""), or of a module's."""
    twin = live.modules[name] if name else live.twin
    twin = replace(twin, **{key: merge_patch(getattr(twin, key), p) for key, p in sections.items()})
    if not name:
        return replace(live, twin=twin)
    return replace(live, modules={**live.modules, name: twin})


@pytest.mark.parametrize("want", [PLAIN, EDGE], ids=["plain", "edge"])
def test_a_device_in_sync_agrees_whatever_others_added(want):
    live = synced(want)
    assert agrees(want, live, OWNER)
    later = replace(OWNER, commit="d" * 40)
    live = with_twin(live, "", tags={"of": {"others": 1}}, desired={"limits": {"high": 9}})
    assert agrees(want, live, later)


DRIFTS = {
    "a tag": ("", {"tags": {"site": "port"}}),
    "a number": ("", {"desired": {"count": 2}}),
    "of another type": ("", {"desired": {"count": True}}),
    "a value that is gone": ("", {"desired": {"limits": {"low": None}}}),
    "a list": ("", {"desired": {"limits": {"zones": [1, 2, 3]}}}),
    "a value in place of an object": ("", {"desired": {"limits": "none"}}),
    "the stamp": ("", {"tags": {"edgeops": {"digest": "0" * 64}}}),
    "no stamp": ("", {"tags": {"edgeops": None}}),
    "the stamp of another fleet": ("", {"tags": {"edgeops": {"fleet": "g"}}}),
    "the stamp of a copied twin": ("", {"tags": {"edgeops": {"device": "e"}}}),
}
OF_EDGE = {
    "a property of a module": ("m", {"desired": {"b": {"c": "y"}}}),
    "the stamp of a module": ("m", {"tags": {"edgeops": {"digest": "0" * 64}}}),
    "an image": (EDGE_AGENT, {"desired": {"modules": {"m": {"settings": {"image": "i:2"}}}}}),
    "a chunk of options": (
        EDGE_AGENT,
        {"desired": {"modules": {"m": {"settings": {"createOptions01": "x"}}}}},
    ),
    "a route": (EDGE_HUB, {"desired": {"routes": {"r": None}}}),
    "no deployment yet": (EDGE_AGENT, {"desired": {"systemModules": None}}),
    "a secret that is gone": ("m", {"desired": {"key": None}}),
}


@pytest.mark.parametrize("drift", [*DRIFTS, *OF_EDGE])
def test_what_somebody_changed_is_seen(drift):
    want = EDGE if drift in OF_EDGE else PLAIN
    name, sections = {**DRIFTS, **OF_EDGE}[drift]
    live = with_twin(synced(want), name, **sections)
    assert not agrees(want, live, OWNER)
    assert plan_device(want, live, OWNER, create=False)


@pytest.mark.parametrize(
    "change",
    [
        {"desired": {"on": True, "count": 1}},
        {"tags": {}},
        {"protect": True},
        {"status": "disabled"},
        {"edge": True},
        {"modules": {"own": PLAIN.modules["own"]}},
        {"modules": {**PLAIN.modules, "new": DesiredModule("new", {}, {})}},
        {"foreign": {"": frozenset({("count",)})}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_git_changed_is_seen(change):
    assert not agrees(replace(PLAIN, **change), synced(PLAIN), OWNER)


def test_a_deployment_of_others_is_seen():
    live = synced(EDGE)
    agent = replace(live.modules[EDGE_AGENT], configurations=("theirs",))
    live = replace(live, modules={**live.modules, EDGE_AGENT: agent})
    assert not agrees(EDGE, live, OWNER)


def test_values_that_have_no_text_are_compared_too():
    want = replace(PLAIN, desired={"much": 2**70, "half": "\ud800"})
    live = synced(want)
    assert agrees(want, live, OWNER)
    assert not agrees(want, with_twin(live, "", desired={"much": 2**70 + 1}), OWNER)


keys = st.sampled_from(["a", "b"])
values = st.sampled_from([0, 1, True, False, 1.0, "x", [1], [True], None, {}])
sections = st.dictionaries(keys, values | st.dictionaries(keys, values), max_size=2)
without_null = sections.filter(lambda value: all(leaf is not None for _, leaf in leaves(value)))


@given(without_null, without_null, sections, sections)
def test_only_a_device_without_changes_agrees(tags, desired, other_tags, other_desired):
    want = replace(PLAIN, tags=tags, desired=desired, modules={})
    live = with_twin(synced(want), "", tags=other_tags, desired=other_desired)
    known = agrees(want, live, OWNER)
    assert not known or all(
        merge_patch(section, wanted) == section
        for section, wanted in ((live.twin.tags, tags), (live.twin.desired, desired))
    )
    assert agrees(want, carried_out(live, plan_device(want, live, OWNER, create=False)), OWNER)


def test_those_that_agree_are_told_by_name_and_commit():
    fleet = DesiredFleet("f", "c" * 40, {}, {"d": PLAIN})
    live, agreed = synced(PLAIN), Agreed(fleet)
    assert agreed.take("d", live)
    assert agreed.commits == {"d": "c" * 40}
    assert not agreed.take("other", live)
    assert not agreed.take("d", with_twin(live, "", desired={"count": 2}))  # read again
    assert agreed.commits == {}


@pytest.mark.parametrize("change", [{"paused": True}, {"parent": "gateway"}])
def test_those_that_others_decide_about_are_kept(change):
    want = replace(PLAIN, **change)
    assert not Agreed(DesiredFleet("f", "c", {}, {"d": want})).take("d", synced(want))


def test_those_that_configurations_target_are_kept():
    live = synced(PLAIN)
    live = replace(live, twin=replace(live.twin, configurations=("theirs",)))
    assert not Agreed(DesiredFleet("f", "c", {}, {"d": PLAIN})).take("d", live)
