"""What manifests say of identities, and parents that cannot be."""

import pytest

from edgeops.fleet.edge import render_device
from edgeops.fleet.explain import explain
from edgeops.fleet.resolve import resolve

SHA1, SHA256 = "8f43288ad272f3103b6fb1428485ea3014c0bcfe", "0a" * 32
FLEET = "kind: Fleet\nmetadata: {name: f}\nspec: {}\n"


@pytest.fixture
def resolved(snapshot_of):
    """The resolution of devices, given as `name=spec`."""

    def resolve_these(*extra, **specs):
        devices = [
            f"kind: Device\nmetadata: {{name: {name}}}\nspec: {spec}\n"
            for name, spec in specs.items()
        ]
        return resolve(snapshot_of({"f.yaml": "---\n".join([FLEET, *extra, *devices])}))

    return resolve_these


def messages(resolution):
    return [(p.place.line, p.pointer, p.message) for p in resolution.problems]


def test_nothing_is_wanted_of_an_identity_that_git_says_nothing_of(resolved):
    device = resolved(d="{}").fleet.devices["d"]
    assert device.identity == {}
    assert not {"authentication", "status", "parent"} & render_device(device).keys()


@pytest.mark.parametrize(
    ("spec", "identity"),
    [
        ("{authentication: sas}", {"authentication": "sas"}),
        ("{authentication: selfSigned, status: enabled}",
         {"authentication": "selfSigned", "status": "enabled"}),
        (f"{{authentication: {{type: selfSigned, primaryThumbprint: {SHA1}}}}}",
         {"authentication": "selfSigned", "thumbprints": {"primary": SHA1.upper()}}),
        (f"{{authentication: {{type: selfSigned, primaryThumbprint: {SHA1},"
         f" secondaryThumbprint: {SHA256}}}}}",
         {"authentication": "selfSigned",
          "thumbprints": {"primary": SHA1.upper(), "secondary": SHA256.upper()}}),
        ("{parent: gateway, status: disabled}", {"status": "disabled", "parent": "gateway"}),
        ("{parent: null}", {"parent": ""}),
    ],
)  # fmt: skip
def test_only_what_git_says_of_an_identity_is_wanted(resolved, spec, identity):
    assert resolved(d=spec).fleet.devices["d"].identity == identity


def test_a_resolved_device_shows_its_identity_as_the_manifest_says_it(resolved):
    spec = (
        f"{{authentication: {{type: selfSigned, secondaryThumbprint: {SHA256},"
        f" primaryThumbprint: {SHA1}}}, parent: null, status: enabled}}"
    )
    shown = render_device(resolved(d=spec).fleet.devices["d"])
    assert shown["authentication"] == {
        "type": "selfSigned",
        "primaryThumbprint": SHA1.upper(),
        "secondaryThumbprint": SHA256.upper(),
    }
    assert (shown["parent"], shown["status"]) == (None, "enabled")


def test_each_part_of_an_identity_has_a_line(snapshot_of):
    device = f"""\
kind: Device
metadata: {{name: d}}
spec:
  authentication:
    type: selfSigned
    primaryThumbprint: {SHA1}
  status: disabled
  parent: gateway
"""
    explained = explain(snapshot_of({"f.yaml": FLEET, "d.yaml": device}), "d")
    lines = {value.path: value.place.line for value in explained if value.place}
    assert lines == {
        "/authentication/primaryThumbprint": 6,
        "/authentication/type": 5,
        "/parent": 8,
        "/status": 7,
    }


def test_a_parent_is_an_edge_device(resolved):
    assert messages(resolved(lamp="{parent: other}", other="{}")) == [
        (7, "/spec/parent", "the parent `other` is not an IoT Edge device")
    ]
    assert resolved(lamp="{parent: other}", other="{edge: true}").problems == ()


def test_a_parent_may_be_on_the_hub_only(resolved):
    assert resolved(lamp="{parent: not-in-git}").problems == ()


def test_no_device_is_above_itself(resolved):
    assert messages(resolved(a="{edge: true, parent: a}")) == [
        (7, "/spec/parent", "`a` is its own parent")
    ]
    circle = resolved(
        a="{edge: true, parent: b}",
        b="{edge: true, parent: c}",
        c="{edge: true, parent: b}",
        leaf="{parent: a}",
    )
    assert messages(circle) == [
        (11, "/spec/parent", "`b` would be above itself: b -> c -> b"),
        (15, "/spec/parent", "`c` would be above itself: c -> b -> c"),
    ]


def test_the_template_of_a_set_can_name_one_of_its_devices_only_for_the_others(resolved):
    gateways = """\
kind: DeviceSet
metadata: {name: gateways}
spec:
  template: {spec: {edge: true, parent: g1}}
  devices: [{name: g1}, {name: g2}]
"""
    assert messages(resolved(gateways)) == [
        (8, "/spec/template/spec/parent", "`g1` is its own parent")
    ]
