"""Whose a device is, with Microsoft's service SDK as the other writer."""

from azure.iot.hub.models import Twin

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: shared}
spec: {%shubs: {local: {}}, limits: {maxDeletes: 100%%}}
"""
DEVICE = """\
apiVersion: edgeops/v1
kind: Device
metadata: {name: %s}
spec: {desired: {interval: 60}}
"""
OURS, OTHER = "uid: repository-1, ", "uid: repository-2, "


def commit(repo, uid, *devices):
    documents = [FLEET % uid, *(DEVICE % name for name in devices)]
    repo.write("fleet/fleet.yaml", "---\n".join(documents))
    repo.commit()


def ids(registry):
    """The devices on the hub, without that of the history."""
    return sorted({device.device_id for device in registry.get_devices()} - {"edgeops.shared"})


def test_two_repositories_with_one_fleet_name_leave_each_other_alone(hub_repo, registry):
    commit(hub_repo, OURS, "d1", "d2")
    assert hub_repo.edgeops("sync").code == 0
    commit(hub_repo, OTHER, "d3")
    assert hub_repo.edgeops("sync", "--prune").code == 0
    assert ids(registry) == ["d1", "d2", "d3"]
    commit(hub_repo, OTHER, "d1", "d3")
    refused = hub_repo.edgeops("sync", "--prune")
    assert (refused.code, "uid repository-1" in refused.out) == (5, True)
    commit(hub_repo, "", "d1", "d3")
    refused = hub_repo.edgeops("sync", "--prune", "--dry-run")
    assert "restore `uid` in the spec of the Fleet" in refused.out
    assert ids(registry) == ["d1", "d2", "d3"]


def test_a_twin_that_the_sdk_copied_is_not_deleted(hub_repo, registry):
    commit(hub_repo, OURS, "d1")
    assert hub_repo.edgeops("sync").code == 0
    registry.create_device_with_sas("copy", "", "", "enabled")
    registry.update_twin("copy", Twin(tags=registry.get_twin("d1").tags), "*")
    assert hub_repo.edgeops("sync", "--prune").code == 0
    assert ids(registry) == ["copy", "d1"]
    commit(hub_repo, OURS, "d1", "copy")
    refused = hub_repo.edgeops("sync", "--prune")
    assert (refused.code, "is a copy of d1" in refused.out) == (5, True)
    registry.update_twin("copy", Twin(tags={"edgeops": None}), "*")
    assert hub_repo.edgeops("sync").code == 0


def test_a_fleet_gets_a_uid_and_writes_only_stamps(hub_repo, registry):
    commit(hub_repo, "", "d1")
    assert hub_repo.edgeops("sync").code == 0
    version = registry.get_twin("d1").properties.desired["$version"]
    commit(hub_repo, OURS, "d1")
    assert "only the ownership stamp" in hub_repo.edgeops("sync").out
    twin = registry.get_twin("d1")
    assert (twin.tags["edgeops"]["uid"], twin.tags["edgeops"]["device"]) == ("repository-1", "d1")
    assert twin.properties.desired["$version"] == version  # nothing wakes the device
    assert hub_repo.in_sync()


def test_a_device_is_let_go_and_stays_as_it_is(hub_repo, registry):
    commit(hub_repo, OURS, "d1", "d2")
    assert hub_repo.edgeops("sync").code == 0
    still = hub_repo.edgeops("forget", "d1")
    assert (still.code, "still in git" in still.err) == (5, True)
    commit(hub_repo, OURS, "d2")
    key = registry.get_device("d1").authentication.symmetric_key.primary_key
    assert "would forget d1" in hub_repo.edgeops("forget", "d1", "--dry-run").out
    assert "edgeops" in registry.get_twin("d1").tags
    assert "forgot d1" in hub_repo.edgeops("forget", "d1").out
    twin = registry.get_twin("d1")
    assert "edgeops" not in (twin.tags or {})
    assert twin.properties.desired["interval"] == 60
    assert registry.get_device("d1").authentication.symmetric_key.primary_key == key
    assert hub_repo.edgeops("sync", "--prune").code == 0
    assert ids(registry) == ["d1", "d2"]
    again = hub_repo.edgeops("forget", "d1")
    assert (again.code, "not managed by edgeops" in again.err) == (5, True)


def test_what_another_repository_wrote_is_not_deleted_even_without_uid(hub_repo, registry):
    commit(hub_repo, "", "d1", "d2")
    assert hub_repo.edgeops("sync").code == 0
    theirs = {"edgeops": {"commit": "b" * 40}}  # a commit that this clone does not have
    registry.update_twin("d2", Twin(tags=theirs), registry.get_twin("d2").etag)
    commit(hub_repo, "", "d1")
    refused = hub_repo.edgeops("sync", "--prune")
    assert (refused.code, ids(registry)) == (5, ["d1", "d2"])
    assert "last written from commit bbbbbbb, which this clone does not have" in refused.out
    assert "git fetch --unshallow" in refused.out
    assert hub_repo.edgeops("sync").code == 0  # it blocks deletion only


def test_a_paused_device_is_told_and_not_written(hub_repo, registry):
    commit(hub_repo, OURS, "d1", "d2")
    assert hub_repo.edgeops("sync").code == 0
    file = hub_repo.root / "fleet/fleet.yaml"
    paused = "spec: {paused: true, desired: {interval: 5}}"
    file.write_text(file.read_text().replace("spec: {desired: {interval: 60}}", paused))
    hub_repo.commit()
    shown = hub_repo.edgeops("sync", "--dry-run")
    assert "paused: 2 devices: differs in 1 value: desired.interval" in shown.out
    assert hub_repo.edgeops("sync", "--prune").code == 0
    assert registry.get_twin("d1").properties.desired["interval"] == 60
    status = hub_repo.edgeops("status", "--wait")
    assert (status.code, "2 Paused" in status.out) == (0, True)
