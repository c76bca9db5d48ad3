"""Which devices belong to which hub, and what they are there."""

import pytest

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.fleet.catalog import read_catalog
from edgeops.fleet.explain import explain
from edgeops.fleet.hubs import alike
from edgeops.fleet.resolve import resolve

FLEET = """
kind: Fleet
metadata: {name: f}
spec:
  hubs:
    local: {}
    eu: {hostname: eu.azure-devices.net, auth: entra}
    us: {hostname: us.azure-devices.net, auth: entra}
"""
OWN = """
kind: Fleet
metadata: {name: f}
spec:
  hubs:
    eu:
      hostname: eu.azure-devices.net
      auth: entra
      variables: {region: europe}
      defaults: {tags: {law: gdpr}}
    us: {hostname: us.azure-devices.net, auth: entra, variables: {region: america}}
"""
HUBS = ("local", "eu", "us")


def device(name, spec="{}", labels="{}"):
    return f"---\nkind: Device\nmetadata: {{name: {name}, labels: {labels}}}\nspec: {spec}\n"


def group(name, priority, spec):
    return (
        f"---\nkind: Group\nmetadata: {{name: {name}, priority: {priority}}}\n"
        f"spec: {{selector: {{matchLabels: {{{name}: 'yes'}}}}, {spec}}}\n"
    )


@pytest.fixture
def fleet_of(snapshot_of):
    return lambda *parts: snapshot_of({"f.yaml": "\n".join(parts)})


def on(snapshot, hub):
    resolution = resolve(snapshot, hub=hub)
    assert resolution.problems == ()
    return resolution.fleet


def belongs(snapshot):
    """The hubs of each device."""
    fleets = {hub: on(snapshot, hub) for hub in HUBS}
    names = sorted({name for fleet in fleets.values() for name in fleet.devices})
    return {name: [hub for hub in HUBS if name in fleets[hub].devices] for name in names}


# --- binding ----------------------------------------------------------------------


def test_a_device_belongs_to_every_hub_unless_something_says_otherwise(fleet_of):
    snapshot = fleet_of(FLEET, device("a"), device("b", "{hubs: [us]}"))
    assert belongs(snapshot) == {"a": [*HUBS], "b": ["us"]}
    assert on(snapshot, "eu").elsewhere == {"b": ("us",)}
    assert on(snapshot, "us").elsewhere == {}


def test_the_higher_group_wins_over_the_lower_and_the_device_over_both(fleet_of):
    groups = group("high", 20, "hubs: [us]"), group("low", 10, "hubs: [eu]")
    both = "{low: 'yes', high: 'yes'}"
    snapshot = fleet_of(
        FLEET, *groups, device("low", labels="{low: 'yes'}"), device("both", labels=both),
        device("own", "{hubs: [local, eu]}", both), group("silent", 30, "tags: {a: 1}"),
        device("silent", labels="{silent: 'yes', low: 'yes'}"),
    )  # fmt: skip
    assert belongs(snapshot) == {
        "low": ["eu"], "both": ["us"], "own": ["local", "eu"], "silent": ["eu"],
    }  # fmt: skip


def test_members_of_a_device_set_follow_the_template_or_their_own_word(fleet_of):
    members = """---
kind: DeviceSet
metadata: {name: s}
spec:
  template: {spec: {hubs: [eu]}, labels: {low: 'yes'}}
  devices: [{name: m1}, {name: m2, hubs: [us]}]
"""
    snapshot = fleet_of(FLEET, group("low", 1, "hubs: [local]"), members)
    assert belongs(snapshot) == {"m1": ["eu"], "m2": ["us"]}


@pytest.mark.parametrize(
    ("manifest", "place"),
    [
        (device("d", "\n  hubs: [eu, uss]"), "f.yaml:14:14"),
        (group("g", 1, "hubs: [uss]"), "f.yaml:13:52"),
        ("---\nkind: DeviceSet\nmetadata: {name: s}\n"
         "spec: {template: {spec: {hubs: [uss]}}, devices: [{name: m}]}", "f.yaml:13:33"),
        ("---\nkind: DeviceSet\nmetadata: {name: s}\n"
         "spec: {template: {}, devices: [{name: n}, {name: m, hubs: [uss]}]}", "f.yaml:13:60"),
    ],
    ids=["device", "group", "template", "member"],
)  # fmt: skip
def test_a_hub_that_the_fleet_does_not_have_is_a_problem_of_its_line(fleet_of, manifest, place):
    (problem,) = resolve(fleet_of(FLEET, manifest)).problems
    assert (problem.message, problem.hint) == ("there is no hub `uss`", "did you mean `us`?")
    assert str(problem.place) == place


# --- values of a hub ----------------------------------------------------------------


def test_a_device_has_the_variables_and_defaults_of_its_hub(fleet_of):
    snapshot = fleet_of(OWN, device("d", "{hubs: [eu, us], tags: {at: '${region}'}}"))
    assert on(snapshot, "eu").devices["d"].tags == {"at": "europe", "law": "gdpr"}
    assert on(snapshot, "us").devices["d"].tags == {"at": "america"}
    assert on(snapshot, "local").devices == {}


def test_explain_tells_of_the_hub(fleet_of):
    snapshot = fleet_of(OWN, device("d", "{hubs: [eu, us], tags: {at: '${region}'}}"))
    values = [
        (each.path, each.value, each.layer) for each in explain(snapshot, "d", "/tags", hub="eu")
    ]
    assert values == [
        ("/tags/at", "europe", "Device d"),
        ("/tags/law", "gdpr", "defaults of the hub eu"),
    ]
    with pytest.raises(EdgeOpsError) as error:
        explain(snapshot, "d", hub="local")
    assert error.value.message == "git binds the device `d` to the hubs eu, us"
    assert error.value.hint == "add `--hub eu`"
    with pytest.raises(UsageError, match="the fleet has no hub `uss`"):
        explain(snapshot, "d", hub="uss")


# --- problems of every hub ------------------------------------------------------------


def every(snapshot, hub="local"):
    return [problem.message for problem in resolve(snapshot, hub=hub, every_hub=True).problems]


def test_a_problem_of_a_device_on_another_hub_is_found(fleet_of):
    snapshot = fleet_of(FLEET, device("d", "{hubs: [us], tags: {edgeops: mine}}"))
    assert resolve(snapshot).problems == ()
    (message,) = every(snapshot)
    assert "hub" not in message  # the device is on no other
    assert every(snapshot, "eu") == every(snapshot, "us") == [message]


def test_a_problem_on_some_hubs_of_a_device_names_them(fleet_of):
    snapshot = fleet_of(OWN, device("d", "{tags: {at: '${region}'}}"))
    (message,) = every(snapshot)
    assert message == "there is no variable `region` (on hub local)"
    (message,) = every(fleet_of(OWN.replace("law: gdpr", "$law: gdpr"), device("d"), device("e")))
    assert message.endswith(" (devices d, e on hub eu)")
    snapshot = fleet_of(FLEET, device("d", "{tags: {at: '${region}'}}"))
    assert every(snapshot) == ["there is no variable `region`"]


def test_a_hub_without_a_store_for_the_models_of_its_devices_is_found(fleet_of):
    more = """---
kind: Module
metadata: {name: model_loader}
spec: {image: l:1}
---
kind: ModelRelease
metadata: {name: c, version: 1.0.0}
spec: {path: c, fileName: c.onnx, size: 9, sha256: aa, md5: bb, format: onnx}
"""
    spec = "{hubs: [%s], models: {c: c@1.0.0}, modules: {model_loader: {}}}"
    snapshot = fleet_of(FLEET, more, device("d", spec % "us"), device("e", spec % "local"))
    found = resolve(snapshot, local_artifacts_url="https://localhost/a", every_hub=True).problems
    assert [problem.message for problem in found] == [
        "hub `us` has no artifact store, but devices need c@1.0.0"
    ]


def test_devices_are_resolved_once_for_all_hubs_without_values_of_their_own(fleet_of):
    catalog, _ = read_catalog(fleet_of(FLEET))
    assert alike(catalog, HUBS) == [frozenset(HUBS)]
    catalog, _ = read_catalog(fleet_of(OWN))
    assert alike(catalog, HUBS) == [{"local"}, {"eu"}, {"us"}]
    assert alike(catalog, ["eu"]) == [{"eu"}]
