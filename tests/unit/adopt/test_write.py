"""Fleets of different shapes, as a person would have written them."""

from __future__ import annotations

import json

from edgeops.adopt.write import Known

from .conftest import container, edge_device, imported, plain_device


def cameras(count, **more):
    return [
        edge_device(
            f"gw-{n}",
            {"camera": {"rate": 5}},
            {"site": f"s{n // 4}"},
            camera=container("reg/camera:1", ADDRESS=f"10.0.0.{n}", NAME=f"cam-gw-{n}", **more),
        )
        for n in range(count)
    ]


def members(document):
    return {entry["name"]: entry for entry in document["spec"]["devices"]}


def test_one_device_says_what_it_has():
    written = imported(*cameras(1))
    assert written.changes == []
    assert list(written.files) == [
        "fleet/devices/gw-0.yaml",
        "fleet/fleet.yaml",
        "fleet/modules/camera.yaml",
    ]
    assert written.document("fleet/devices/gw-0.yaml")["spec"] == {
        "edge": True,
        "tags": {"site": "s0"},
        "modules": {"camera": {}},
    }


def test_what_differs_on_each_device_is_a_variable():
    written = imported(*cameras(3))
    assert written.changes == []
    env = written.document("fleet/modules/camera.yaml")["spec"]["env"]
    assert env == {"ADDRESS": "${ADDRESS}", "NAME": "cam-${device.name}"}
    devices = members(written.document("fleet/devices/devices.yaml"))
    assert devices["gw-2"] == {"name": "gw-2", "variables": {"ADDRESS": "10.0.0.2"}}


def test_each_value_of_a_tag_is_a_set_and_its_own_settings_a_group():
    live = [
        edge_device(f"gw-{n}", {}, {"site": f"site {n // 3}", "zone": n // 3}, m=container("a:1"))
        for n in range(9)
    ]
    written = imported(*live, group_by="site")
    assert written.changes == []
    assert sorted(members(written.document("fleet/devices/site-1.yaml"))) == [
        "gw-3",
        "gw-4",
        "gw-5",
    ]
    assert "metadata: {name: site-site-1, priority: 10}" in written.files["fleet/groups/site.yaml"]
    assert written.text.count("zone") == 3


def test_a_tag_that_is_a_number_or_nested_or_only_on_some():
    live = [plain_device(f"m-{n}", {"at": {"floor": n % 2}}) for n in range(4)]
    written = imported(*live, plain_device("m-9"), group_by="at.floor")
    assert written.changes == []
    document = written.document("fleet/devices/1.yaml")
    assert document["spec"]["template"]["labels"] == {"floor": "1"}
    assert "fleet/devices/devices.yaml" in written.files


def test_what_groups_have_in_common_is_not_repeated():
    live = [plain_device(f"m-{n}", {"site": f"s{n % 2}"}, {"rate": 7}) for n in range(6)]
    others = [edge_device(f"gw-{n}", {}, {}, camera=container("a:1")) for n in range(6)]
    written = imported(*live, *others, group_by="site")
    assert written.changes == []
    assert written.text.count("rate: 7") == 1


def test_two_kinds_of_gateways_are_two_sets():
    live = [
        edge_device(
            f"gw-{n}", **({"camera": container("c:1")} if n % 2 else {"opc": container("o:1")})
        )
        for n in range(8)
    ]
    written = imported(*live)
    assert written.changes == []
    assert "groups" not in "".join(written.files)
    camera = written.document("fleet/devices/camera.yaml")
    assert camera["spec"]["template"]["spec"] == {"edge": True, "modules": {"camera": {}}}
    assert camera["spec"]["devices"] == [{"name": f"gw-{n}"} for n in (1, 3, 5, 7)]


def test_three_versions_of_an_image_are_labels():
    live = [edge_device(f"gw-{n}", m=container(f"reg/m:1.{min(n % 5, 2)}")) for n in range(10)]
    written = imported(*live)
    assert written.changes == []
    assert written.document("fleet/modules/m.yaml")["spec"]["image"] == "reg/m:1.2"
    assert members(written.document("fleet/devices/devices.yaml"))["gw-5"] == {
        "name": "gw-5",
        "labels": {"m-image": "1.0"},
    }


def test_a_value_that_most_lack_is_not_a_default():
    live = [plain_device(f"m-{n}", {"old": True} if n < 3 else {}) for n in range(10)]
    written = imported(*live)
    assert written.changes == []
    assert "null" not in written.text
    assert "defaults" not in written.text


def test_devices_with_the_same_identity_are_a_set():
    live = [plain_device(f"m-{n}", authentication="x509CA", parent="gw") for n in range(4)]
    prints = {"primary": "A" * 40}
    own = plain_device("own", authentication="selfSigned", thumbprints=prints)
    written = imported(*live, own)
    assert written.changes == []
    template = written.document("fleet/devices/gw-x509CA.yaml")["spec"]["template"]
    assert template["spec"] == {"authentication": "x509CA", "parent": "gw"}
    assert "primaryThumbprint" in written.files["fleet/devices/single.yaml"]


def test_names_that_manifests_or_file_systems_do_not_take():
    modules = {"_agent": container("a:1"), "Camera": container("a:1"), "camera": container("b:1")}
    written = imported(edge_device("gw:*?", **modules, **{"m" * 100: container("c:1")}))
    assert written.changes == []
    files = [name.lower() for name in written.files]
    assert len(set(files)) == len(files)
    assert "fleet/devices/gw.yaml" in files


def test_many_sites_are_few_files():
    live = [
        edge_device(f"gw-{n}", {}, {"site": f"s{n // 3}"}, m=container("a:1", HOST=f"h.s{n // 3}"))
        for n in range(60)
    ]
    written = imported(*live, group_by="site")
    assert written.changes == []
    assert list(written.files) == [
        "fleet/devices.yaml",
        "fleet/fleet.yaml",
        "fleet/modules/m.yaml",
    ]
    assert "HOST: h.${device.labels.site}" in written.files["fleet/modules/m.yaml"]


def test_the_order_of_files_is_always_the_same():
    live = [*cameras(5, LOG="x"), *(plain_device(f"p-{n}", {"a": n % 3}) for n in range(7))]
    assert imported(*live).files == imported(*live).files


def test_files_refer_to_schemas_that_are_there():
    written = imported(*cameras(1), schemas=["Device"])
    first = written.files["fleet/devices/gw-0.yaml"].splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../schemas/device.schema.json"
    assert not written.files["fleet/fleet.yaml"].startswith("#")


def test_what_a_repository_has_stays():
    known = Known(
        {"Module": ["camera"], "Group": ["imported"], "DeviceSet": ["devices"]},
        labels=["base"],
        files=["fleet/modules/camera.yaml", "fleet/devices/devices.yaml"],
        defaults={"tags": {"owner": "x"}, "desired": {"rate": 1}, "modules": {"log": {}}},
    )
    described = imported(*cameras(3), known=known)
    assert "fleet/modules/camera-2.yaml" in described.files
    assert "fleet/devices/devices-2.yaml" in described.files
    assert not described.files.keys() & {"fleet/modules/camera.yaml"}


def test_over_a_fleet_that_exists_everything_is_a_group():
    from edgeops.adopt.live import found_of
    from edgeops.adopt.secret_names import SecretNames
    from edgeops.adopt.spec import Describer
    from edgeops.adopt.write import WantedFleet, write

    known = Known(
        {"Module": ["camera"]},
        defaults={"tags": {"owner": "x"}, "modules": {"log": {}}},
    )
    describer = Describer(SecretNames({}), exist=True)
    found = [describer.describe(found_of(d, "hub"), d.twin.device) for d in cameras(3)]
    files = write(found, WantedFleet(None, known=known, only=["local"]))
    text = files["fleet/groups/imported.yaml"]
    assert "owner: null" in text
    assert "log: null" in text
    assert "from: camera-2" in text
    assert "hubs:\n  - local" in text
    assert "labels:\n      base: imported" in files["fleet/devices/devices.yaml"]


def test_texts_keep_their_type_and_need_one_kind_of_quotes():
    live = plain_device("m", {"a": "1.10", "b": "yes", "c": 'say "x"', "d": "null", "e": "[x]"})
    written = imported(live)
    assert written.changes == []
    text = written.files["fleet/devices/m.yaml"]
    assert '"1.10"' in text
    assert "'" not in text
    assert json.dumps(written.document("fleet/devices/m.yaml")["spec"]["tags"]["b"]) == '"yes"'
