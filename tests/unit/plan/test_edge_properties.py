"""What holds for every deployment on a device, and everything that git may say of it."""

import json
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeops.fleet.edge import edge_content, edge_defaults
from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.jsonvalue import leaves, merge_patch, same
from edgeops.plan.device import plan_device
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin

NEW = object()
few = settings(max_examples=60)  # each example is a whole deployment
names = st.sampled_from(["m", "n", "o"])
scalars = st.sampled_from([0, 1, True, False, "1", "true", "x", "1.10", 1.5])
options = st.recursive(
    st.none() | scalars,
    lambda inner: (
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2) | st.lists(scalars, max_size=2)
    ),
    max_leaves=4,
)
option_objects = st.dictionaries(st.sampled_from(["HostConfig", "Env"]), options, max_size=2)
texts = st.sampled_from(["FROM /* INTO $upstream", "FROM /a INTO $upstream"])
routes = texts | st.fixed_dictionaries(
    {"route": texts},
    optional={"priority": st.integers(0, 2), "timeToLiveSecs": st.integers(0, 2)},
)
small = {
    "imagePullPolicy": st.sampled_from(["on-create", "never"]),
    "version": st.sampled_from(["1.0", "2.0"]),
    "startupOrder": st.sampled_from([0, 1, 4294967295]),
    "status": st.sampled_from(["running", "stopped"]),
    "restartPolicy": st.sampled_from(["always", "never"]),
}
images = st.sampled_from(["i:1", "i:2"])


# --- what the device has -----------------------------------------------------------


@st.composite
def live_settings(draw):
    text = json.dumps(draw(option_objects), sort_keys=draw(st.booleans()))
    cut = draw(st.integers(1, len(text)))
    chunks = {"createOptions": text[:cut]} | ({"createOptions01": text[cut:]} if text[cut:] else {})
    written = draw(st.sampled_from([{}, chunks, {"createOptions": ""}, {"createOptions": "{"}]))
    return {"image": draw(images), **written, **draw(foreign)}


foreign = st.dictionaries(st.sampled_from(["x1", "x2"]), scalars, max_size=1)
live_modules = st.builds(
    lambda settings, env, rest, more: {
        "type": "docker",
        "settings": settings,
        **({"env": env} if env else {}),
        **rest,
        **more,
    },
    live_settings(),
    st.dictionaries(names, st.fixed_dictionaries({"value": scalars}), max_size=2),
    st.fixed_dictionaries({}, optional=small),
    foreign,
)
live_agents = st.builds(
    lambda version, modules, system, credentials, more: {
        "schemaVersion": version,
        "runtime": {"type": "docker", "settings": {"minDockerVersion": "v1", **credentials}},
        "systemModules": system,
        "modules": modules,
        **more,
    },
    st.sampled_from(["1.0", "1.1"]),
    st.dictionaries(names, live_modules, max_size=3),
    st.fixed_dictionaries({"edgeAgent": live_modules, "edgeHub": live_modules}),
    st.sampled_from([{}, {"registryCredentials": {"acr": {"address": "a", "username": "u"}}}]),
    foreign,
)
live_hubs = st.builds(
    lambda version, by_name, store, more: {
        "schemaVersion": version,
        "routes": by_name,
        "storeAndForwardConfiguration": {"timeToLiveSecs": store},
        "mqttBroker": {"bridges": [1]},
        **more,
    },
    st.sampled_from(["1.0", "1.1", "1.2"]),
    st.dictionaries(names, routes, max_size=3),
    st.integers(1, 2),
    foreign,
)
lives = st.builds(
    lambda agent, hub, tags: LiveDevice(
        Twin("d", edge=True, tags=tags),
        {
            EDGE_AGENT: Twin("d", EDGE_AGENT, desired=agent),
            EDGE_HUB: Twin("d", EDGE_HUB, desired=hub),
        }
        | {name: Twin("d", name) for name in agent["modules"]},
    ),
    live_agents,
    live_hubs,
    foreign,
)


# --- what git says -------------------------------------------------------------------

containers = {
    **small,
    "env": st.dictionaries(names, scalars, min_size=1, max_size=2),
    "createOptions": option_objects,
}
specs = st.fixed_dictionaries({"image": images}, optional=containers)
runtimes = st.fixed_dictionaries(
    {},
    optional={
        "agent": st.fixed_dictionaries({}, optional={"image": images, **containers}),
        "hub": st.fixed_dictionaries(
            {},
            optional={"image": images, **containers, "schemaVersion": st.sampled_from(["1.0"])},
        ),
        "routes": st.dictionaries(names, routes, max_size=2),
        "timeToLiveSecs": st.integers(1, 3),
        "minDockerVersion": st.sampled_from(["v1", "v2"]),
        "loggingOptions": st.sampled_from(["a", "b"]),
    },
)


def device_of(modules, runtime):
    wanted = {name: DesiredModule(name, spec, {}) for name, spec in modules.items()}
    content = edge_content(wanted, runtime)
    return DesiredDevice(
        name="d",
        labels={},
        groups=(),
        edge=True,
        authentication=None,
        protect=False,
        tags={},
        desired={},
        modules=wanted,
        models={},
        edge_content=content,
        edge_defaults=edge_defaults(wanted, runtime, content),
        runtime=runtime,
    )


devices = st.builds(device_of, st.dictionaries(names, specs, max_size=3), runtimes)


def plan(device, live):
    return plan_device(device, live, Owner("f", commit="c"), create=True)


def content_of(live):
    return {name: live.modules[name].desired for name in (EDGE_AGENT, EDGE_HUB)}


def kept(before, after, named):
    """The leaves that changed although git does not name them."""
    now = dict(leaves(after))
    for path, value in leaves(before):
        said = any(path[: len(other)] == other[: len(path)] for other in named)
        if not said and not same(now.get(path, NEW), value):
            yield path


def named_paths(*contents):
    paths = set()
    for content in contents:
        for path, _ in leaves(content):
            if path[-1].startswith("createOptions"):
                path = path[:-1]  # all chunks are one value
            paths.add(path)
    return paths - {(EDGE_AGENT,), (EDGE_HUB,)}


def is_bumped_version(path):
    return path[1:] == ("schemaVersion",)


@few
@given(devices, lives)
def test_a_device_that_exists_keeps_what_git_does_not_name(device, live):
    after = carried_out(live, plan(device, live))
    lost = kept(content_of(live), content_of(after), named_paths(device.edge_content))
    assert [path for path in lost if not is_bumped_version(path)] == []
    assert after.twin.tags.items() >= live.twin.tags.items()
    assert plan(device, after) == ()


@few
@given(st.lists(devices, min_size=2, max_size=4), lives)
def test_a_device_keeps_what_git_never_named(history, live):
    before = content_of(live)
    for device in history:
        live = carried_out(live, plan(device, live))
        assert plan(device, live) == ()
    named = named_paths(*(device.edge_content for device in history))
    named |= {path[:3] for path in named if path[1] in ("modules", "routes")}  # removed as a whole
    lost = kept(before, content_of(live), named)
    assert [path for path in lost if not is_bumped_version(path)] == []


def means(content):
    """The content as IoT Edge reads it."""
    agent, hub = content[EDGE_AGENT], content[EDGE_HUB]
    units = {
        (group, name): {**unit, "env": env_texts(unit), "settings": joined(unit)}
        for group in ("systemModules", "modules")
        for name, unit in agent.get(group, {}).items()
    }
    texts = {
        name: route["route"] if isinstance(route, dict) else route
        for name, route in hub.get("routes", {}).items()
    }
    store = hub.get("storeAndForwardConfiguration", {})
    rest = {key: value for key, value in agent.items() if key not in ("systemModules", "modules")}
    return units, texts, store, rest


def env_texts(unit):
    values = {name: entry["value"] for name, entry in unit.get("env", {}).items()}
    return {n: v if isinstance(v, str) else json.dumps(v) for n, v in values.items()}


def joined(unit):
    settings = unit.get("settings", {})
    chunks = {key: settings[key] for key in settings if key.startswith("createOptions")}
    rest = {key: value for key, value in settings.items() if key not in chunks}
    if chunks:
        text = "".join(chunks[key] for key in sorted(chunks))
        options = "unreadable" if text == "{" else without_nulls(json.loads(text or "{}"))
        rest["createOptions"] = json.dumps(options, sort_keys=True)
    return rest


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def holds(live, wanted):
    if isinstance(wanted, dict):
        return all(key in live and holds(live[key], value) for key, value in wanted.items())
    return live == wanted


@few
@given(st.lists(devices, min_size=1, max_size=3), st.none() | lives)
@example([device_of({"m": {"image": "i:1", "imagePullPolicy": "on-create"}}, {})], None)
def test_every_value_that_git_names_is_there(history, live):
    live = live or LiveDevice(
        Twin("d", edge=True), {name: Twin("d", name) for name in (EDGE_AGENT, EDGE_HUB)}
    )
    for device in history:
        live = carried_out(live, plan(device, live))
    units, texts, store, rest = means(device.edge_content)
    # `on-create` and the last startup order are what IoT Edge takes for none.
    there, live_texts, live_store, live_rest = means(
        {
            name: merge_patch(content, _unsaid(device.edge_content[name], content))
            for name, content in content_of(live).items()
        }
    )
    for at, unit in units.items():
        if (
            unit["settings"].get("createOptions") == "{}"
            and "createOptions" not in there[at]["settings"]
        ):
            del unit["settings"]["createOptions"]
        assert holds(there[at], unit)
    assert holds(live_texts, texts)
    assert holds(live_store, store)
    assert holds(live_rest, rest)


def _unsaid(wanted, live):
    absent = {"imagePullPolicy": "on-create", "startupOrder": 4294967295}
    patch = {}
    for group in ("systemModules", "modules"):
        for name, unit in wanted.get(group, {}).items():
            there = live[group][name]
            said = {k: v for k, v in absent.items() if unit.get(k) == v and k not in there}
            patch.setdefault(group, {})[name] = said
    return patch


@few
@given(devices, st.integers(0, 5))
def test_a_new_device_that_is_cut_short_becomes_what_it_would_have_become(device, cut):
    blank = LiveDevice(Twin("d", edge=True))
    whole = carried_out(blank, plan(device, blank))
    half = carried_out(blank, plan(device, blank)[:cut])
    after = carried_out(half, plan(device, half))
    assert content_of(after) == content_of(whole)
    assert replace(after.twin, etag="") == replace(whole.twin, etag="")
