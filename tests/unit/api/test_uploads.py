"""Contexts reach the store before the devices that need them are written."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from edgeops.api import PlanRequest, plan, render_context, sync
from edgeops.api.uploads import read_uploads
from edgeops.errors import EdgeOpsError, Refused, UsageError
from edgeops.fleet.model import ArtifactTarget, StoreKind
from edgeops.plan.document import read_saved, to_json
from edgeops.report import plan_markdown, plan_text
from edgeops.report.documents import dump_json
from edgeops.report.markdown import Room
from edgeops.source.schemas import packaged_schema

CONCERT = "  - {name: concert, start: 2026-12-01T18:00, end: 2026-12-01T23:00}\n"
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: city}
spec:
  hubs: {local: {}}
  defaults: {contexts: {events: city-events}, modules: {model_loader: {}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {}
---
apiVersion: edgeops/v1
kind: Context
metadata: {name: city-events}
spec:
  events:
{CONCERT}---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: few}
spec: {template: {spec: {}}, devices: [{name: a}, {name: b}]}
"""
MATCH = "  - {name: match, start: 2026-12-05T14:00, end: 2026-12-05T16:00}\n"
KILLED = """\
import os, sys
from edgeops.api import Workspace, sync
import edgeops.api.recording as recording

async def die(*_): os._exit(9)
recording.Recording.begin = die
sync(Workspace.find(sys.argv[1], environ=dict(os.environ)))
"""


@pytest.fixture
def city(root, git, with_hub):
    (root / "fleet/fleet.yaml").write_text(FLEET.replace("{CONCERT}", CONCERT))
    git("commit", "--all", "--quiet", "--message", "a calendar")
    return with_hub


@pytest.fixture
def store(root):
    """The files in the store of the local hub, by path."""

    def files():
        folder = root / ".edgeops/artifacts"
        found = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path for path in found}

    return files


def add_match(root, git):
    file = root / "fleet/fleet.yaml"
    text = file.read_text()
    file.write_text(text.replace(CONCERT, CONCERT + MATCH))
    git("commit", "--all", "--quiet", "--message", "a match")


def test_a_dry_run_says_what_is_uploaded_and_uploads_nothing(city, store):
    planned = plan(city)
    assert "uploads: city-events (129 bytes), unless the artifact store has it" in (
        plan_text.text(planned.plan).splitlines()
    )
    assert "`uploads: city-events (129 bytes), unless the artifact store has it`" in (
        plan_markdown.markdown(planned.plan, room=Room.SUMMARY).splitlines()
    )
    (upload,) = to_json(planned.plan)["uploads"]
    assert (upload["name"], upload["size"]) == ("city-events", 129)
    assert store() == {}


def test_a_sync_uploads_it_once_and_the_next_nothing(city, store):
    sync(city)
    ((path, file),) = store().items()
    assert file.read_bytes() == render_context(city, "city-events", rev="HEAD")
    before = file.stat()
    done = sync(city)
    assert done.planned.plan.uploads == ()
    assert list(store()) == [path]
    assert store()[path].stat().st_mtime_ns == before.st_mtime_ns


def test_another_event_is_another_file_and_going_back_uploads_nothing(city, store, root, git):
    sync(city)
    add_match(root, git)
    (context,) = plan(city).plan.uploads
    sync(city)
    assert context.files[0].path in store()
    assert len(store()) == 2
    git("revert", "--no-edit", "HEAD")
    assert len(plan(city).plan.uploads) == 1
    fleet = city.at("HEAD").fleet
    assert read_uploads(city, fleet, plan(city).plan).contexts == ()
    sync(city)
    assert len(store()) == 2


def test_a_saved_plan_uploads_the_same(city, store):
    saved = read_saved(dump_json(to_json(plan(city).plan)), packaged_schema("plan"))
    sync(city, saved)
    assert len(store()) == 1


def test_an_offline_plan_says_it_too(city, root, git):
    add_match(root, git)
    made = plan(city, PlanRequest(changed_since="HEAD~1", offline=True))
    assert [context.name for context in made.plan.uploads] == ["city-events"]


def test_what_is_refused_uploads_nothing(city, store):
    def refuse():
        raise Refused("not today")

    with pytest.raises(Refused, match="not today"):
        sync(city, at_last=refuse)
    assert store() == {}


def test_a_kill_between_upload_and_write_leaves_nothing_wrong(city, store, root):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(root)], check=False, capture_output=True, text=True
    )
    assert killed.returncode == 9, killed.stderr
    assert len(store()) == 1
    assert [change.device for change in plan(city).plan.changes]  # nothing was written
    assert {outcome.status.value for outcome in sync(city).outcomes} == {"applied"}
    assert plan(city).plan.changes == ()


def test_other_bytes_in_the_store_are_refused_before_anything_is_written(city, store, root):
    (context,) = plan(city).plan.uploads
    file = root / ".edgeops/artifacts" / context.files[0].path
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    with pytest.raises(Refused, match="is already published with other bytes"):
        sync(city)
    assert plan(city).plan.changes


def on_store(city, target):
    """The fleet and its plan, as if the hub had this store."""
    fleet = city.at("HEAD").fleet
    hubs = {"local": replace(fleet.hubs["local"], artifacts=target)}
    return replace(fleet, hubs=hubs), plan(city).plan


def test_a_store_of_an_unknown_kind_is_refused_with_what_to_do(city, local_hub):
    url = f"https://{local_hub.endpoint.hostname}/artifacts"
    trusting = replace(city, environ={"SSL_CERT_FILE": str(local_hub.endpoint.ca_file)})
    fleet, made = on_store(city, ArtifactTarget(url))
    (context,) = made.uploads
    with pytest.raises(Refused, match="cannot upload the Context `city-events`") as refused:
        read_uploads(trusting, fleet, made)
    assert "edgeops render --context city-events" in refused.value.hint
    assert context.files[0].path in refused.value.hint
    file = city.root / ".edgeops/artifacts" / context.files[0].path  # somebody puts it there
    file.parent.mkdir(parents=True)
    file.write_bytes(render_context(city, "city-events"))
    assert read_uploads(trusting, fleet, made).contexts == ()
    file.write_text("{}")
    with pytest.raises(EdgeOpsError, match="the artifact changed after it was published"):
        read_uploads(trusting, fleet, made)


def test_a_web_server_that_does_not_answer_is_told(city):
    fleet, made = on_store(city, ArtifactTarget("https://127.0.0.1:9/artifacts"))
    with pytest.raises(EdgeOpsError, match="devices would not get the Context `city-events`"):
        read_uploads(city, fleet, made)


def test_a_store_without_credentials_is_told_before_anything_is_written(city):
    target = ArtifactTarget(
        "https://contoso.blob.core.windows.net/m", StoreKind.AZURE_BLOB, "EDGEOPS_STORE"
    )
    fleet, made = on_store(city, target)
    with pytest.raises(EdgeOpsError, match="EDGEOPS_STORE"):
        read_uploads(city, fleet, made)


def test_the_file_of_a_context_that_does_not_exist(city):
    with pytest.raises(UsageError, match="no Context `city-event`") as failure:
        render_context(city, "city-event")
    assert "`city-events`" in failure.value.hint
    assert json.loads(render_context(city, "city-events"))["context"] == 1
