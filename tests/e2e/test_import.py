"""A hub that Microsoft's SDK filled becomes a fleet, and nothing on it changes but the stamps."""

from __future__ import annotations

import json

import pytest

A, B = "8F43288AD272F3103B6FB1428485EA3014C0BCFE", "2FD4E1C67A2D28FCED849EE1BB76E7391B93EB12"
PROVED = "proved: planned against what was read, no value changes"


def container(image, options=None, env=None, **more):
    chunks = options if isinstance(options, dict) and "createOptions" in options else None
    return {
        "type": "docker",
        "status": "running",
        "restartPolicy": "always",
        "settings": {"image": image, **(chunks or {"createOptions": json.dumps(options or {})})},
        "env": {name: {"value": value} for name, value in (env or {}).items()},
        **more,
    }


def content(modules, routes=None, registries=None, hub=None, image="mcr.microsoft.com/x-agent:1.4"):
    ports = {"HostConfig": {"PortBindings": {"8883/tcp": [{"HostPort": "18883"}]}}}
    return {
        "$edgeAgent": {
            "properties.desired": {
                "schemaVersion": "1.1",
                "runtime": {
                    "type": "docker",
                    "settings": {"registryCredentials": registries or {}, "loggingOptions": ""},
                },
                "systemModules": {
                    "edgeAgent": {"type": "docker", "settings": {"image": image}},
                    "edgeHub": container("mcr.microsoft.com/x-hub:1.4", ports, **(hub or {})),
                },
                "modules": modules,
            }
        },
        "$edgeHub": {
            "properties.desired": {
                "schemaVersion": "1.1",
                "routes": routes or {},
                "storeAndForwardConfiguration": {"timeToLiveSecs": 3600},
            }
        },
    }


CHUNKS = '{"Env": ["MODE=a"], "HostConfig": {"Binds": ["/srv/a:/a"]}}'
DEPLOYMENTS = {
    "proxy": content(
        {"proxy": container("proxy:3", {"HostConfig": {"PortBindings": {"443/tcp": []}}})},
        hub={"startupOrder": 1, "env": {"OptimizeForPerformance": {"value": "false"}}},
    ),
    "lower": content({"m": container("$upstream:443/m:1")}, image="$upstream:443/x-agent:1.4"),
    "routed": content(
        {"m": container("m:1", startupOrder=2, imagePullPolicy="never")},
        routes={
            "plain": "FROM /messages/* INTO $upstream",
            "first": {"route": "FROM /messages/a INTO $upstream", "priority": 1},
        },
    ),
    "private": content(
        {"m": container("reg.example/m:1", env={"A": "0012", "B": "1.10", "C": "true"})},
        registries={"r": {"address": "reg.example", "username": "pull", "password": "Pull-1"}},
    ),
    "chunks": content(
        {
            "m": container(
                "m:2", {"createOptions": CHUNKS[:20], "createOptions01": CHUNKS[20:]}, version="2"
            ),
            "stopped": container("m:1", status="stopped", restartPolicy="on-failure"),
        }
    ),
}


@pytest.fixture
def hub(empty_repo, with_hub, local_hub):
    """The local hub of an empty repository, and its other managers."""
    from azure.iot.hub import IoTHubConfigurationManager

    with_hub(empty_repo)
    manager = IoTHubConfigurationManager.from_connection_string(local_hub.connection_string)
    manager.protocol.config.connection.verify = str(local_hub.ca_file)
    return manager


@pytest.fixture
def twins(registry):
    """Every twin of the hub as it is now, without what edgeops may write."""

    def read():
        from azure.iot.hub.models import QuerySpecification

        found = {}
        for query in ("SELECT * FROM devices", "SELECT * FROM devices.modules"):
            for twin in registry.query_iot_hub(QuerySpecification(query=query)).items:
                tags = {k: v for k, v in (twin.tags or {}).items() if k != "edgeops"}
                desired = dict(twin.properties.desired)
                desired.pop("$metadata"), desired.pop("$version")
                identity = (
                    twin.authentication_type,
                    twin.status,
                    twin.x509_thumbprint.primary_thumbprint,
                )
                if not twin.device_id.startswith("edgeops."):  # the history
                    found[twin.device_id, twin.module_id] = (tags, desired, identity)
        return found

    return read


def set_twin(registry, device, tags=None, desired=None):
    from azure.iot.hub.models import Twin, TwinProperties

    patch = Twin(tags=tags or {}, properties=TwinProperties(desired=desired or {}))
    registry.update_twin(device, patch)


def set_module(registry, device, module, desired):
    from azure.iot.hub.models import Twin, TwinProperties

    registry.update_module_twin(device, module, Twin(properties=TwinProperties(desired=desired)))


def gateway(registry, hub, name, deployment, **tags):
    from azure.iot.hub.models import ConfigurationContent

    registry.create_device_with_sas(name, "", "", "enabled", iot_edge=True)
    set_twin(registry, name, tags)
    hub.apply_configuration_on_edge_device(name, ConfigurationContent(modules_content=deployment))


def takes_over(repo, twins, *args):
    """Import, commit and sync; nothing on the hub changes but stamps."""
    before = twins()
    done = repo.edgeops("import", *args)
    assert (done.code, PROVED in done.out) == (0, True), done
    repo.commit()
    assert repo.edgeops("validate").code == 0
    plan = json.loads(repo.edgeops("sync", "--dry-run", "-o", "json").out)
    assert [change for change in plan["changes"] if change.get("patch")] == []
    assert plan["refusals"] == []
    assert repo.edgeops("sync").code == 0
    assert twins() == before
    assert repo.in_sync()
    return done


def test_real_deployments(empty_repo, registry, hub, twins):
    for name, deployment in DEPLOYMENTS.items():
        gateway(registry, hub, f"gw-{name}", deployment, site="s1")
    done = takes_over(empty_repo, twins, "--name", "plants")
    assert "EDGEOPS_SECRET_R  /registry/r/password" in done.out
    text = "".join(path.read_text() for path in empty_repo.root.glob("fleet/**/*.yaml"))
    assert "Pull-1" not in text + done.out
    assert "name: plants" in text


def test_devices_of_all_kinds(empty_repo, registry, hub, twins):
    from azure.iot.hub.models import Configuration, ConfigurationContent

    for number in range(6):
        camera = container("camera:1", env={"ADDRESS": f"10.0.0.{number}"})
        gateway(registry, hub, f"gw-{number}", content({"camera": camera}), site=f"s{number // 3}")
        set_module(registry, f"gw-{number}", "camera", {"url": f"rtsp://gw-{number}/1"})
        registry.create_device_with_sas(f"meter-{number}", "", "", "enabled")
        set_twin(registry, f"meter-{number}", {"site": "s1"}, {"rate": 5 + number % 2})
        registry.create_module_with_sas(f"meter-{number}", "probe", "", "", "")
        set_module(registry, f"meter-{number}", "probe", {"depth": number, "list": [1, {"a": 2}]})
    registry.create_module_with_sas("gw-1", "leftover", "", "", "")
    set_module(registry, "gw-1", "leftover", {"a": 1})
    registry.create_device_with_x509("signed", A, B, "disabled")
    registry.create_device_with_certificate_authority("certified", "enabled")
    registry.create_device_with_sas("waiting", "", "", "enabled", iot_edge=True)
    registry.create_device_with_sas("automatic", "", "", "enabled", iot_edge=True)
    set_twin(registry, "automatic", {"automatic": True})
    automatic = ConfigurationContent(modules_content=content({"m": container("m:1")}))
    hub.create_configuration(
        Configuration(
            id="base", content=automatic, target_condition="tags.automatic = true", priority=1
        )
    )
    done = takes_over(empty_repo, twins, "--group-by", "tags.site")
    single = (empty_repo.root / "fleet/devices/single.yaml").read_text()
    assert "leftover: {}" in single or "leftover:\n" in single
    assert "waiting has no deployment yet" in done.out
    assert "automatic gets its deployment from base" in done.out


def test_a_part_of_the_hub_and_then_the_rest(empty_repo, registry, hub, twins):
    for number in range(6):
        gateway(registry, hub, f"gw-{number}", DEPLOYMENTS["routed"], site=f"s{number % 2}")
    before = twins()
    assert empty_repo.edgeops("import", "--query", "tags.site = 's0'").code == 0
    first = {p: p.read_text() for p in empty_repo.root.glob("fleet/**/*.yaml")}
    done = takes_over(empty_repo, twins)
    assert "3 devices in git already, kept as they are" in done.out
    assert {p: p.read_text() for p in first} == first
    assert twins() == before
    again = empty_repo.edgeops("import")
    assert (again.code, "git has each of these devices already: 6" in again.err) == (1, True)


def test_our_own_fleet_comes_back(example_repo, with_hub, twins, tmp_path):
    with_hub(example_repo)
    assert example_repo.edgeops("sync", "--create").code in (0, 2)
    for path in sorted((example_repo.root / "fleet").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (example_repo.root / "fleet").rmdir()
    example_repo.commit("lost")
    before = twins()
    done = example_repo.edgeops("import", "--group-by", "tags.site")
    assert (done.code, PROVED in done.out) == (0, True), done
    example_repo.commit()
    assert example_repo.edgeops("sync").code == 0
    assert twins() == before


def test_devices_of_another_fleet_are_told(empty_repo, registry, hub):
    registry.create_device_with_sas("m", "", "", "enabled")
    stamp = {"fleet": "others", "digest": "0" * 64, "owned": ""}
    set_twin(registry, "m", {"edgeops": stamp})
    done = empty_repo.edgeops("import", "--name", "mine")
    assert done.code == 0
    assert "m is managed by the fleet others" in done.out


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ((), 1, "there is no device to import in the hub local"),
        (("--query", "tags.site = = 's'"), None, "error: "),
        (("--hub", "other"), 64, "add --hostname NAME.azure-devices.net"),
        (("--group-by", "site."), 64, "is not the path of a tag"),
        (("--set", "A"), 64, "--set 'A' is not NAME=VALUE"),
        (("missing.json",), 1, "cannot read the file to import missing.json"),
    ],
)
def test_what_cannot_be_imported_leaves_nothing(empty_repo, hub, args, code, words):
    before = sorted(p.name for p in empty_repo.root.iterdir())
    done = empty_repo.edgeops("import", *args)
    assert done.code == code or (code is None and done.code), done
    assert words in done.err
    assert "Traceback" not in done.err
    assert sorted(p.name for p in empty_repo.root.iterdir()) == before


def test_options_that_nobody_can_parse_stay(empty_repo, registry, hub, twins):
    broken = content({"m": container("m:1", {"createOptions": "{not json"})})
    gateway(registry, hub, "gw", broken)
    before = twins()
    done = empty_repo.edgeops("import")
    assert "`modules/m/createOptions` of gw cannot be read" in done.out
    empty_repo.commit()
    empty_repo.edgeops("sync")
    assert twins() == before


def test_json_output(empty_repo, registry, hub):
    gateway(registry, hub, "gw", DEPLOYMENTS["private"])
    done = empty_repo.edgeops("import", "-o", "json")
    value = json.loads(done.out)
    assert (value["devices"], value["differences"]) == (1, [])
    assert value["secrets"] == {"EDGEOPS_SECRET_R": "/registry/r/password"}
    assert "Pull-1" not in done.out + done.err
