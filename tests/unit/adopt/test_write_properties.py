"""Whatever devices have: the fleet that is written says the same, and holds no secret."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeops.twin import LiveDevice, Twin

from .conftest import container, edge_device, imported

NAMES = st.sampled_from(["camera", "Camera", "opc-1", "_store"])
TEXTS = st.sampled_from(
    ["", "s1", "site 2", "gw-1", "rtsp://gw-1.s1.example/x", "yes", "1.10", "${x}", "$${", "null"]
)
VALUES = st.one_of(
    TEXTS, st.integers(-3, 9), st.booleans(), st.lists(st.integers(0, 2), max_size=2)
)
KEYS = st.sampled_from(["site", "rate", "a-b", "on", "desired", "0"])
TREES = st.dictionaries(
    KEYS, st.one_of(VALUES, st.dictionaries(KEYS, VALUES, max_size=2)), max_size=3
)
CONTAINERS = st.builds(
    lambda image, options, env, more: {**container(image, options, **env), **more},
    st.sampled_from(["reg.example/a:1.0", "reg.example/a:1.1", "b:2"]),
    st.sampled_from([{}, {"HostConfig": {"Binds": ["/a:/b"]}}, {"Tty": True}]),
    st.dictionaries(st.sampled_from(["HOST", "LOG", "MODE"]), TEXTS, max_size=2),
    st.sampled_from([{}, {"startupOrder": 2}, {"version": "1.0"}, {"imagePullPolicy": "never"}]),
)


@st.composite
def devices(draw, name):
    tags, desired = draw(TREES), draw(TREES)
    if draw(st.booleans()):
        modules = draw(st.dictionaries(NAMES, CONTAINERS, max_size=3))
        twins = {module: draw(TREES) for module in modules}
        live = edge_device(name, twins, tags, **modules)
        twin = Twin(name, tags=tags, desired=desired, edge=True)
        return LiveDevice(twin, live.modules)
    modules = {m: Twin(name, m, desired=draw(TREES)) for m in draw(st.sets(NAMES, max_size=1))}
    parent = draw(st.sampled_from(["", "gw-above"]))
    return LiveDevice(Twin(name, tags=tags, desired=desired, parent=parent), modules)


@st.composite
def fleets(draw):
    """Some devices; several are copies of one with another name, as in real fleets."""
    kinds = draw(st.lists(devices("kind"), min_size=1, max_size=3))
    count = draw(st.integers(1, 7))
    return [_called(draw(st.sampled_from(kinds)), f"gw-{number}") for number in range(1, count + 1)]


def _called(live, name):
    twin = live.twin
    renamed = Twin(
        name,
        tags={**twin.tags, "serial": f"sn-{name}"},
        desired=twin.desired,
        edge=twin.edge,
        parent=twin.parent,
    )
    modules = {m: Twin(name, m, desired=t.desired) for m, t in live.modules.items()}
    return LiveDevice(renamed, modules)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(fleets(), st.sampled_from(["", "site", "rate"]))
def test_nothing_changes(fleet, group_by):
    assert imported(*fleet, group_by=group_by).changes == []
