"""After `sync --since-last` no device differs from git, whatever happened before."""

import pytest

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec: {hubs: {local: {}}}
"""
MODULE = """\
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: camera}
spec: {}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a}
spec: {desired: {interval: 60}, modules: {camera: {desired: {fps: 5}}}}
"""
PARENT = """\
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: gateway}
spec: {edge: true%s}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: leaf}
spec: {parent: gateway, desired: {interval: 60}}
"""


@pytest.fixture
def fleet(hub_repo):
    """Commits manifests as the whole fleet."""

    def put(text):
        hub_repo.write("fleet/fleet.yaml", FLEET + text)
        return hub_repo.commit()

    return put


def in_sync(repo, *options):
    """Whether a look at every device finds nothing to do."""
    return repo.edgeops("sync", "--dry-run", "--detailed-exitcode", *options).code == 0


@pytest.mark.parametrize("again", [("--since-last",), ()], ids=["since-last", "whole"])
def test_a_module_that_was_not_pruned_is_pruned_later(hub_repo, fleet, registry, again):
    fleet(MODULE)
    assert hub_repo.edgeops("sync", "--prune").code == 0
    fleet(MODULE.replace(", modules: {camera: {desired: {fps: 5}}}", ""))
    assert hub_repo.edgeops("sync", *again).code == 0
    assert hub_repo.edgeops("sync", "--since-last", "--prune").code == 0
    assert registry.get_modules("a") == []
    assert in_sync(hub_repo, "--prune")


@pytest.mark.parametrize("again", [("--since-last",), ()], ids=["since-last", "whole"])
def test_a_module_whose_deletion_failed_is_deleted_later(
    hub_repo, fleet, registry, local_hub, again
):
    fleet(MODULE)
    assert hub_repo.edgeops("sync", "--prune").code == 0
    fleet(MODULE.replace(", modules: {camera: {desired: {fps: 5}}}", ""))
    local_hub.faults.answer("DELETE", "/devices/a/modules/camera", 403)
    assert hub_repo.edgeops("sync", "--prune").code == 4
    assert hub_repo.edgeops("sync", *again).code == 0
    assert hub_repo.edgeops("sync", "--since-last", "--prune").code == 0
    assert registry.get_modules("a") == []


def test_a_device_gets_its_parent_once_that_one_is_there(hub_repo, fleet):
    fleet(PARENT % ", paused: true")
    assert hub_repo.edgeops("sync").code == 0
    fleet(PARENT % "")
    assert hub_repo.edgeops("sync", "--since-last").code == 0
    assert in_sync(hub_repo)


def test_a_device_that_was_forgotten_and_comes_back_is_adopted(hub_repo, registry):
    assert hub_repo.edgeops("sync", "--prune").code == 0
    text = (hub_repo.root / "fleet/fleet.yaml").read_text()
    hub_repo.write("fleet/fleet.yaml", text.rpartition("---\n")[0])
    hub_repo.commit("without b")
    assert hub_repo.edgeops("forget", "b").code == 0
    hub_repo.git("revert", "--no-edit", "HEAD")
    assert hub_repo.edgeops("sync", "--since-last", "--prune").code == 0
    assert "edgeops" in registry.get_twin("b").tags
    assert in_sync(hub_repo, "--prune")
