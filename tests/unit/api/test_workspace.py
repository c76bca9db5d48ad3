"""Where a fleet is, and what it says at a revision."""

import pytest

import edgeops.api
from edgeops.api import InvalidFleet, Workspace
from edgeops.errors import EdgeOpsError, Refused, UsageError


def test_a_workspace_is_found_from_any_folder_of_the_repository(workspace, root):
    assert (workspace.root, workspace.hub, workspace.state) == (root, "local", root / ".edgeops")


def test_where_there_is_no_fleet(tmp_path):
    with pytest.raises(EdgeOpsError, match="no fleet was found"):
        Workspace.find(tmp_path)


def test_state_that_came_with_the_checkout(root, tmp_path):
    (root / ".edgeops").symlink_to(tmp_path)
    with pytest.raises(Refused):
        Workspace.find(root)


def test_a_fleet_on_disk_and_at_a_commit(workspace, root):
    file = root / "fleet/fleet.yaml"
    file.write_text(file.read_text().replace("60", "30"))
    disk, head = workspace.at(None), workspace.at("HEAD")
    assert disk.fleet.devices["a"].desired == {"interval": 30}
    assert head.fleet.devices["a"].desired == {"interval": 60}
    assert (disk.fleet.commit, len(head.fleet.commit)) == (None, 40)
    assert sorted(head.catalog.groups) == ["all"]


def test_each_form_of_a_revision_is_made_once(workspace):
    head = workspace.at("HEAD")
    assert head.snapshot is head.snapshot
    assert head.fleet is head.fleet


def test_an_invalid_fleet_has_its_problems(workspace, root):
    file = root / "fleet/fleet.yaml"
    file.write_text(file.read_text().replace("priority: 1", "priority: one"))
    with pytest.raises(InvalidFleet, match="the working tree is not valid") as caught:
        _ = workspace.at(None).fleet
    (problem,) = caught.value.problems
    assert (problem.pointer, problem.place.line) == ("/metadata/priority", 8)
    assert workspace.at("HEAD").fleet


@pytest.mark.parametrize("port", ["", "0", "65536", "x", "٣"])
def test_a_port_that_is_not_a_port_number_is_an_error(root, port):
    with pytest.raises(UsageError):
        _ = Workspace.find(root, environ={"EDGEOPS_HTTPS_PORT": port}).https_port


def test_only_the_environment_that_was_given_counts(root, monkeypatch):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", "1")
    assert Workspace.find(root).https_port == 8443
    assert Workspace.find(root, environ={"EDGEOPS_HTTPS_PORT": "9"}).local_artifacts_url == (
        "https://localhost:9/artifacts"
    )


def test_a_hub_can_be_in_another_folder(root, tmp_path, monkeypatch):
    assert Workspace.find(root).hub_dir == root / ".edgeops"
    assert Workspace.find(root, environ={"EDGEOPS_HUB_DIR": ""}).hub_dir == root / ".edgeops"
    monkeypatch.chdir(tmp_path)
    elsewhere = Workspace.find(root, environ={"EDGEOPS_HUB_DIR": "hub"})
    assert elsewhere.hub_dir == tmp_path / "hub"
    assert elsewhere.state == root / ".edgeops"
    with pytest.raises(UsageError, match="is not empty, and not the folder of a local hub"):
        Workspace.find(root, environ={"EDGEOPS_HUB_DIR": str(root)})


def test_all_public_names_are_there():
    for name in edgeops.api.__all__:
        assert getattr(edgeops.api, name).__doc__, name
    with pytest.raises(AttributeError):
        _ = edgeops.api.nothing
