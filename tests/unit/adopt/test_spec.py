"""What was found of a device, as a manifest says it."""

from __future__ import annotations

from dataclasses import replace

from edgeops.adopt.live import found_of
from edgeops.adopt.secret_names import SecretNames
from edgeops.adopt.spec import Describer
from edgeops.fleet.model import EdgeKind
from edgeops.twin import LiveDevice, Twin

from .conftest import container, edge_device, plain_device

REFERENCE = {"fromEnv": "EDGEOPS_SECRET_CAMERA_PASSWORD", "version": 1}


def describe(live, *, exist=True):
    describer = Describer(SecretNames({}), exist=exist)
    return describer.describe(found_of(live, "the hub"), live.twin.device), [
        note.text for note in describer.notes
    ]


def test_a_device_without_iot_edge():
    device, notes = describe(
        plain_device(
            "meter", {"floor": 1, "edgeops": {"fleet": "x"}}, {"rate": 5}, status="disabled"
        )
    )
    assert (device.kind, device.identity) == (EdgeKind.NONE, {"status": "disabled"})
    assert device.settings == {"tags": {"floor": 1}, "desired": {"rate": 5}}
    assert notes == []


def test_what_has_no_value_is_said_only_of_devices_that_do_not_exist_yet():
    live = edge_device("gateway", camera=container("a:1"))
    device, _ = describe(live)
    assert "minDockerVersion" not in device.settings["edge"]
    assert "status" not in device.settings["edge"]["hub"]
    device, _ = describe(live, exist=False)
    assert device.settings["edge"]["minDockerVersion"] is None
    assert device.settings["edge"]["hub"]["status"] is None


def test_secrets_become_references_or_stay_out():
    live = edge_device(
        "gateway",
        {"camera": {"users": [{"password": "winter24"}], "pin": 1234, "rate": 5}},
        {"apiToken": "winter24", "site": {"password": "winter24", "name": "s1"}},
        camera=container("a:1", {"Env": ["PASSWORD=winter24"]}, PASSWORD="winter24", LOG="info"),
    )
    device, notes = describe(live)
    assert "winter24" not in str(device) + str(notes)
    assert device.settings["tags"] == {"site": {"name": "s1"}}
    camera = device.modules["camera"]
    assert camera["env"] == {"PASSWORD": REFERENCE, "LOG": "info"}
    assert camera["desired"] == {"rate": 5}
    assert "createOptions" not in camera
    assert [text.partition("`")[2].partition("`")[0] for text in notes] == [
        "tags/apiToken",
        "tags/site/password",
        "modules/camera/createOptions",
        "camera/desired/users",
        "camera/desired/pin",
    ]


def test_the_deployment_of_others_stays_theirs():
    live = edge_device("gateway", tags={"site": "s1"}, camera=container("a:1"))
    automatic = replace(live.modules["$edgeAgent"], configurations=("base",))
    device, notes = describe(LiveDevice(live.twin, {**live.modules, "$edgeAgent": automatic}))
    assert (device.kind, device.modules) == (EdgeKind.EXTERNAL, {})
    assert notes == ["gateway gets its deployment from base: it is `edge: external`"]


def test_a_device_that_waits_for_its_deployment():
    device, notes = describe(LiveDevice(Twin("gateway", edge=True), {}))
    assert (device.kind, notes) == (
        EdgeKind.EXTERNAL,
        ["gateway has no deployment yet: it is `edge: external`"],
    )


def test_what_manifests_have_no_words_for_is_told_in_order():
    camera = {**container("a:1"), "zz": 1, "aa": 2}
    live = edge_device("gateway", {"leftover": {"a": 1}}, camera=camera, broken={"settings": {}})
    device, notes = describe(live)
    assert list(device.modules) == ["camera", "leftover"]
    assert device.modules["leftover"] == {"deployed": False, "desired": {"a": 1}}
    assert [text.split(" of ")[0] for text in notes] == [
        "`modules/camera/aa`",
        "`modules/camera/zz`",
        "`modules/broken`",
    ]


def test_identities():
    prints = {"primary": "A" * 40, "secondary": "B" * 40}
    device, _ = describe(plain_device("m", authentication="selfSigned", thumbprints=prints))
    assert device.identity["authentication"] == {
        "type": "selfSigned",
        "primaryThumbprint": "A" * 40,
        "secondaryThumbprint": "B" * 40,
    }
    device, _ = describe(plain_device("m", authentication="x509CA", parent="gateway"))
    assert device.identity == {"authentication": "x509CA", "parent": "gateway"}
