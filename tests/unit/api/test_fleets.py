"""The desired state without a hub."""

from dataclasses import replace

import pytest

from edgeops.api import InvalidFleet, Workspace, explain, render, validate
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.report.problems import none_in


def test_a_valid_fleet_has_no_problems(workspace):
    checked = validate(workspace)
    assert checked.problems == ()
    assert sorted(checked.fleet.devices) == ["a", "b"]


def test_all_problems_are_given_and_none_is_raised(workspace, root):
    (root / "fleet/more.yaml").write_text(
        "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: a}\nspec: {desired: 5}\n"
    )
    checked = validate(workspace)
    assert checked.fleet is None
    assert {problem.place.file for problem in checked.problems} == {"fleet/more.yaml"}
    assert validate(workspace, rev="HEAD").problems == ()
    with pytest.raises(InvalidFleet) as refused:
        render(workspace)
    assert refused.value.problems == checked.problems


def test_twins_and_deployment_manifests(workspace):
    everything = render(workspace)
    assert sorted(everything) == ["a", "b"]
    assert render(workspace, ["b"]) == {"b": everything["b"]}
    assert everything["a"]["desired"] == {"interval": 60}
    with pytest.raises(EdgeOpsError, match="a is not an IoT Edge device"):
        render(workspace, ["a"], deployment=True)
    with pytest.raises(UsageError, match="the fleet has no device `c`"):
        render(workspace, ["c"])


def test_where_a_value_comes_from(workspace):
    (explained,) = explain(workspace, "a", "/desired/interval")
    assert (explained.value, explained.layer, explained.place.file) == (
        60,
        "Group all",
        "fleet/fleet.yaml",
    )


def test_warnings_are_given_and_leave_the_fleet_valid(workspace, root):
    (root / "fleet/more.yaml").write_text("# nothing\n")
    checked = validate(workspace)
    assert (checked.problems, sorted(checked.fleet.devices)) == ((), ["a", "b"])
    assert [str(warning.place) for warning in checked.warnings] == ["fleet/more.yaml:1:1"]
    assert validate(workspace, below="fleet/fleet.yaml").warnings == ()
    assert validate(workspace, rev="HEAD").warnings == ()


def test_problems_of_model_files_leave_the_fleet_valid(workspace, root):
    (root / "models/m").mkdir(parents=True)
    (root / "models/m/model.yaml").write_text("kind: Model\n")
    checked = validate(workspace)
    assert {problem.place.file for problem in checked.problems} == {"models/m/model.yaml"}
    assert sorted(checked.fleet.devices) == ["a", "b"]
    assert validate(workspace, below="fleet").elsewhere == len(checked.problems)


EDGE_DEVICE = """\
apiVersion: edgeops/v1
kind: Device
metadata: {name: gate}
spec:
  edge:
    registryCredentials:
      acr:
        address: acr.example
        username: pull
        password: {fromEnv: EDGEOPS_SECRET_ACR, version: 3}
  desired: {pin: {fromEnv: EDGEOPS_SECRET_PIN, version: 1}}
"""


@pytest.mark.parametrize(
    ("environ", "password", "note"),
    [
        (
            {"EDGEOPS_SECRET_ACR": "s3cret", "EDGEOPS_SECRET_PIN": "1234"},
            "s3cret",
            "note: the output holds secrets: EDGEOPS_SECRET_ACR",
        ),
        (
            {},
            "<EDGEOPS_SECRET_ACR version 3>",
            "note: not set, so the output names them only: EDGEOPS_SECRET_ACR",
        ),
    ],
)
def test_a_deployment_manifest_holds_the_secrets_of_the_environment(
    root, listener, environ, password, note
):
    (root / "fleet/gate.yaml").write_text(EDGE_DEVICE)
    workspace = Workspace.find(root, environ=environ, observer=listener)
    rendered = render(workspace, ["gate"])["gate"]
    assert rendered["desired"]["pin"] == {"fromEnv": "EDGEOPS_SECRET_PIN", "version": 1}
    assert listener.notes == []
    manifest = render(workspace, ["gate"], deployment=True)["gate"]
    agent = manifest["modulesContent"]["$edgeAgent"]["properties.desired"]
    assert agent["runtime"]["settings"]["registryCredentials"]["acr"]["password"] == password
    assert listener.notes == [note]


TWO_HUBS = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs:
    eu: {hostname: eu.azure-devices.net, auth: entra, variables: {region: europe}}
    us: {hostname: us.azure-devices.net, auth: entra}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: few}
spec:
  template: {spec: {tags: {region: "${region}"}}}
  devices: [{name: a, hubs: [eu]}, {name: b, hubs: [us]}]
"""


def test_every_hub_is_checked_and_each_has_its_own_devices(root, workspace):
    (root / "fleet/fleet.yaml").write_text(TWO_HUBS)
    (problem,) = validate(workspace).problems
    assert problem.message == "there is no variable `region` (device b)"
    (root / "fleet/fleet.yaml").write_text(TWO_HUBS.replace("hubs: [us]", "hubs: [eu]"))
    checked = validate(workspace)
    assert (checked.problems, none_in(checked.fleet)) == ((), "tiny: 2 devices, no problems")
    eu = replace(workspace, hub="eu")
    assert render(workspace) == {}
    assert render(eu)["a"]["tags"] == {"region": "europe"}
    assert explain(eu, "a", "/tags/region")[0].value == "europe"
    with pytest.raises(UsageError, match="git binds the device `a` to the hub eu"):
        render(workspace, ["a"])
