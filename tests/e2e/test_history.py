"""What the hub remembers: the history, syncs that build on it, and the way back."""

import json

import pytest
from azure.iot.hub.models import Twin, TwinProperties

from edgeops.history import ApplyResult
from edgeops.history_document import decode, encode

HISTORY = "edgeops.tiny"
DEVICE = (
    "---\napiVersion: edgeops/v1\nkind: Device\nmetadata: {name: %s}\nspec: {tags: {floor: 1}}\n"
)


@pytest.fixture
def twins_read(local_hub):
    """The devices whose twins are read in a block, and the queries that are sent."""
    asked = []

    def take(method, path):
        if method == "GET" and path.startswith("/twins/"):
            asked.append(path.split("/")[2].partition("?")[0])
        if "query" in path:
            asked.append("query")

    def read(call):
        asked.clear()
        local_hub.faults.take = take
        result = call()
        assert result.code == 0, result
        return set(asked) - {HISTORY}

    return read


def history_of(registry):
    return decode(dict(registry.get_twin(HISTORY).properties.desired))


def put(registry, value):
    """Write a history as another client: everything else there goes."""
    live = dict(registry.get_twin(HISTORY).properties.desired)
    gone = {key: None for key in live if not key.startswith("$")}
    registry.update_twin(HISTORY, Twin(properties=TwinProperties(desired=gone)), "*")
    registry.update_twin(HISTORY, Twin(properties=TwinProperties(desired=value)), "*")


def many_devices(repo, count=9):
    fleet = (repo.root / "fleet/fleet.yaml").read_text()
    repo.write("fleet/fleet.yaml", fleet + "".join(DEVICE % f"m{n}" for n in range(count)))
    return repo.commit("many")


def faster(repo, device="a", interval=30):
    """Another interval for one of the two devices."""
    text = (repo.root / "fleet/fleet.yaml").read_text()
    before, mark, after = text.partition(f"name: {device}")
    after = after.replace("60", str(interval), 1)
    repo.write("fleet/fleet.yaml", before + mark + after)
    return repo.commit(f"faster {device}")


def test_a_sync_is_recorded_and_a_second_writes_nothing(hub_repo, registry):
    assert "nothing was recorded yet" in hub_repo.edgeops("history").out
    assert hub_repo.edgeops("sync", "--dry-run").code == 0
    assert registry.get_devices() == []
    assert hub_repo.edgeops("sync").code == 0
    identity = registry.get_device(HISTORY)
    assert (identity.status, identity.connection_state) == ("disabled", "Disconnected")
    assert "edgeops" not in (registry.get_twin(HISTORY).tags or {})
    etag = registry.get_twin(HISTORY).etag
    for options in ((), ("--since-last",), ("--target", "a"), ("--dry-run",), ("--drift-only",)):
        assert hub_repo.edgeops("sync", *options).code == 0
    assert registry.get_twin(HISTORY).etag == etag

    shown = json.loads(hub_repo.edgeops("history", "-o", "json").out)
    head = hub_repo.git("rev-parse", "HEAD")
    assert (shown["complete"]["commit"], shown["complete"]["left"]) == (head, [])
    (record,) = shown["applies"]
    assert (record["commit"], record["subject"]) == (head, "tiny fleet")
    assert (record["outcome"], record["devices"]) == ("applied", ["a", "b"])
    assert record["counts"] == {"create": 2, "applied": 2}
    _, line, *_ = hub_repo.edgeops("history").out.splitlines()
    assert line.split()[2] == head[:7]
    assert line.split()[-5:] == ["all", "+2", "applied", "tiny", "fleet"]


def test_a_workflow_run_says_who_and_where(hub_repo, monkeypatch):
    for name, value in (
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "ada[bot]"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_RUN_ID", "4711"),
    ):
        monkeypatch.setenv(name, value)
    assert hub_repo.edgeops("sync").code == 0
    (record,) = json.loads(hub_repo.edgeops("history", "-o", "json").out)["applies"]
    assert record["who"] == "ada[bot]"
    assert record["run"] == "https://github.com/o/r/actions/runs/4711"
    assert "ada[bot] (run 4711)" in hub_repo.edgeops("history").out


def test_only_what_git_changed_is_read(hub_repo, twins_read):
    many_devices(hub_repo)
    assert hub_repo.edgeops("sync", "--prune").code == 0
    faster(hub_repo)
    assert twins_read(lambda: hub_repo.edgeops("sync", "--since-last", "--prune")) == {"a"}
    assert twins_read(lambda: hub_repo.edgeops("sync", "--since-last", "--prune")) == set()
    hub_repo.write("README.md", "x")
    hub_repo.commit("documentation")
    assert twins_read(lambda: hub_repo.edgeops("sync", "--since-last")) == set()
    assert hub_repo.in_sync()
    shown = json.loads(hub_repo.edgeops("history", "-o", "json").out)
    assert shown["complete"]["commit"] == hub_repo.git("rev-parse", "HEAD")


def test_what_git_dropped_is_deleted_within_the_budget_of_the_whole_fleet(
    hub_repo, registry, twins_read
):
    many_devices(hub_repo, 18)
    assert hub_repo.edgeops("sync", "--prune").code == 0
    whole = (hub_repo.root / "fleet/fleet.yaml").read_text()
    hub_repo.write("fleet/fleet.yaml", whole.replace(DEVICE % "m1", "").replace(DEVICE % "m2", ""))
    hub_repo.commit("without two")
    asked = twins_read(lambda: hub_repo.edgeops("sync", "--since-last", "--prune"))
    assert asked == {"m1", "m2"}  # 2 of 20 are 10%
    names = {device.device_id for device in registry.get_devices()}
    assert (len(names), names & {"m1", "m2"}) == (19, set())
    left = (hub_repo.root / "fleet/fleet.yaml").read_text()
    for name in ("m3", "m4", "m5"):
        left = left.replace(DEVICE % name, "")
    hub_repo.write("fleet/fleet.yaml", left)
    hub_repo.commit("without three")
    refused = hub_repo.edgeops("sync", "--since-last", "--prune")
    assert (refused.code, "3 of 18 managed devices" in refused.err) == (5, True)


def test_git_goes_back_after_a_sync_that_was_killed(hub_repo, registry, local_hub, twins_read):
    """The twin has what no commit from the complete one to now says."""
    many_devices(hub_repo)
    assert hub_repo.edgeops("sync").code == 0
    faster(hub_repo, "a")
    faster(hub_repo, "b", 20)
    process = hub_repo.start("sync")

    def die(method, path):
        if method == "PATCH" and path.startswith("/twins/b"):
            process.kill()
            process.wait(30)

    local_hub.faults.take = die
    assert hub_repo.end_of(process).code == -9
    local_hub.faults.take = lambda *_: None
    assert registry.get_twin("a").properties.desired["interval"] == 30
    assert [each.result for each in history_of(registry).records][-1] is ApplyResult.STARTED
    assert "started, no end" in hub_repo.edgeops("history").out

    hub_repo.git("revert", "--no-edit", "HEAD", "HEAD~1")
    assert twins_read(lambda: hub_repo.edgeops("sync", "--since-last")) == {"a", "b"}
    assert registry.get_twin("a").properties.desired["interval"] == 60
    assert hub_repo.in_sync()


def test_what_failed_is_tried_again_though_git_is_the_same(
    hub_repo, registry, local_hub, twins_read
):
    many_devices(hub_repo)
    assert hub_repo.edgeops("sync").code == 0
    registry.update_twin("b", Twin(tags={"edgeops": {"fleet": "other"}}), "*")
    faster(hub_repo, "b")
    assert hub_repo.edgeops("sync", "--since-last").code == 5
    assert history_of(registry).complete.left == ("b",)
    registry.update_twin("b", Twin(tags={"edgeops": None}), "*")
    assert twins_read(lambda: hub_repo.edgeops("sync", "--since-last")) == {"b"}
    assert history_of(registry).complete.left == ()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda value: value["edgeops"].pop("complete"), "no record of a complete sync"),
        (lambda value: value.update(edgeops={"records": [7]}), "no record of a complete sync"),
        (lambda value: value["edgeops"]["complete"].update(commit="e" * 40), "at eeeeeee"),
        (lambda value: value["edgeops"]["complete"].update(touched=["e" * 40]), "at eeeeeee"),
        (lambda value: value["edgeops"]["complete"].update(hub="eu (x)"), "another hub, eu (x)"),
        (lambda value: value["edgeops"]["complete"].update(version="0.0.1"), "edgeops 0.0.1"),
        (lambda value: value["edgeops"].update(uid="another-repository"), "another repository"),
    ],
)
def test_every_device_is_read_where_the_history_is_of_no_use(
    hub_repo, registry, twins_read, spoil, why
):
    assert hub_repo.edgeops("sync").code == 0
    value = encode(history_of(registry))
    spoil(value)
    put(registry, value)
    for options in (("--dry-run",), ()):
        result = hub_repo.edgeops("sync", "--since-last", *options)
        assert (result.code, why in result.err) == (0, True), result.err


def test_the_history_of_another_repository_stays(hub_repo, registry):
    assert hub_repo.edgeops("sync").code == 0
    theirs = encode(history_of(registry))
    theirs["edgeops"]["uid"] = "another-repository"
    put(registry, theirs)
    etag = registry.get_twin(HISTORY).etag
    faster(hub_repo)
    done = hub_repo.edgeops("sync")
    assert done.code == 0
    assert "the history lacks this sync" in done.err
    assert "uid another-repository" in done.err
    assert registry.get_twin(HISTORY).etag == etag
    assert "is that of another repository" in hub_repo.edgeops("history").out


def test_a_device_of_this_name_that_others_use_stays(hub_repo, registry):
    registry.create_device_with_sas(HISTORY, "", "", "enabled")
    done = hub_repo.edgeops("sync")
    assert (done.code, "does not hold a history" in done.err) == (0, True)
    assert registry.get_device(HISTORY).status == "enabled"


def test_credentials_that_may_not_create_devices(hub_repo, local_hub, monkeypatch, registry):
    from edgeops.localhub.access import connection_string

    registry.create_device_with_sas("a", "", "", "enabled")
    registry.create_device_with_sas("b", "", "", "enabled")
    hub = "production: {hostname: %s, connectionStringEnv: IOTHUB}"
    hub_repo.edit("fleet/fleet.yaml", "local: {}", hub % f"localhost:{local_hub.port}")
    hub_repo.commit()
    monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
    monkeypatch.setenv("IOTHUB", connection_string(local_hub.state_dir, "service"))
    done = hub_repo.edgeops("sync", "--hub", "production")
    assert done.code == 0
    assert "note: the history lacks this sync: these credentials may not" in done.err
    assert "nothing was recorded yet" in hub_repo.edgeops("history", "--hub", "production").out


def test_a_sync_that_could_not_be_recorded_says_what_that_means(hub_repo, local_hub):
    assert hub_repo.edgeops("sync").code == 0
    faster(hub_repo)
    local_hub.faults.answer("PATCH", f"/twins/{HISTORY}", 403, times=9)
    done = hub_repo.edgeops("sync")
    assert (done.code, "the history lacks this sync" in done.err) == (0, True)
    assert "`sync --since-last` may overlook what was written" in done.err
    local_hub.faults.clear()
    assert "may overlook" not in hub_repo.edgeops("sync").err


def test_the_history_of_a_device(hub_repo):
    many_devices(hub_repo, 30)
    assert hub_repo.edgeops("sync").code == 0
    faster(hub_repo, "b")
    assert hub_repo.edgeops("sync").code == 0
    text = (hub_repo.root / "fleet/fleet.yaml").read_text()
    hub_repo.write("fleet/fleet.yaml", text.replace("floor: 1", "floor: 3"))
    hub_repo.commit("upstairs")
    assert hub_repo.edgeops("sync").code == 0
    listed = json.loads(hub_repo.edgeops("history", "b", "-o", "json").out)["applies"]
    assert [each["subject"] for each in listed] == ["faster b", "many"]
    listed = json.loads(hub_repo.edgeops("history", "m7", "-o", "json").out)["applies"]
    assert [each["subject"] for each in listed] == ["upstairs", "many"]
    assert listed[0]["reason"].startswith("git changed it since")
    assert json.loads(hub_repo.edgeops("history", "nobody", "-o", "json").out)["applies"] == []
    assert len(json.loads(hub_repo.edgeops("history", "-n", "1", "-o", "json").out)["applies"]) == 1


def test_a_history_is_not_a_device(hub_repo):
    assert hub_repo.edgeops("sync").code == 0
    assert HISTORY not in hub_repo.edgeops("sync", "--prune", "--dry-run", "-o", "json").out
    assert HISTORY not in hub_repo.edgeops("status", "-o", "json").out
    imported = hub_repo.edgeops("import")
    assert (imported.code, HISTORY in imported.out + imported.err) == (1, False)
    hub_repo.write("fleet/more.yaml", (DEVICE % "edgeops.x").removeprefix("---\n"))
    refused = hub_repo.edgeops("validate")
    assert refused.code == 3
    assert "fleet/more.yaml:3:" in refused.out + refused.err
    assert "take a name that does not begin with `edgeops.`" in refused.out + refused.err
