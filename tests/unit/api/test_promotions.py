"""Releases of models: who has them, whether they are as published, who gets them next."""

from datetime import UTC, datetime

import pytest

from edgeops.api import Clock, Workspace, list_releases, promote, promote_next, sync, verify
from edgeops.artifacts.verify import Found
from edgeops.digest import digest_of
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.promotion.decide import Step
from edgeops.publishing.release_file import release_document
from edgeops.release import ModelRelease

LOADER = """\
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {image: "loader:1"}
"""
RINGS = """\
apiVersion: edgeops/v1
kind: Group
metadata: {name: canary, priority: 30}
spec:
  selector: {matchLabels: {ring: canary}}
  rollout: {ring: 1, soak: 24h}
  models: {crowds: m@1.1.0}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: rest, priority: 10}
spec:
  selector: {}
  rollout: {ring: 2}
  models: {crowds: m@1.0.0}  # proven
"""


@pytest.fixture
def rings(root):
    """Two releases of a model in two rings; `a` has the older one, `b` the newer one."""
    fleet = root / "fleet/fleet.yaml"
    with_loader = "spec: {hubs: {local: {}}, defaults: {modules: {model_loader: {}}}}"
    fleet.write_text(fleet.read_text().replace("spec: {hubs: {local: {}}}", with_loader) + LOADER)
    (root / "fleet/rings.yaml").write_text(RINGS)
    folder = root / "models/m/releases"
    folder.mkdir(parents=True)
    for version in ("1.0.0", "1.1.0"):
        content = version.encode()
        digest, file = digest_of([content]), f"m-{version}.onnx"
        release = ModelRelease.of_file(
            name="m",
            version=version,
            file_name=file,
            size=digest.size,
            sha256=digest.sha256,
            md5=digest.md5,
            format="onnx",
            path=f"m/{version}/{file}",
        )
        (folder / file).write_bytes(content)
        (folder / f"{version}.yaml").write_text(
            release_document(release, {"wape": 0.07}, ["wape is fine"], {})
        )
    return root


def test_who_has_which_release(rings, workspace, listener):
    newest, oldest = list_releases(workspace)
    assert (newest.release.reference, oldest.release.reference) == ("m@1.1.0", "m@1.0.0")
    assert (newest.wape, newest.passed, newest.on_hub) == (0.07, True, None)
    assert [(use.kind, use.name, use.slot) for use in newest.in_git] == [
        ("Group", "canary", "crowds")
    ]
    assert "the local hub is not running" in listener.notes[-1]
    with pytest.raises(UsageError, match="there is no release `n`"):
        list_releases(workspace, "n")


def test_what_runs_where(rings, with_hub, git):
    git("add", "--all")
    git("commit", "--quiet", "--message", "rings")
    sync(with_hub)
    newest, oldest = list_releases(with_hub)
    assert (newest.on_hub.converged, newest.on_hub.devices) == (0, 1)
    assert oldest.on_hub.devices == 1


def test_verify_reads_the_published_files_again(rings, workspace):
    assert [row.release for row in verify(workspace)] == ["m@1.0.0", "m@1.1.0"]
    assert all(row.good for row in verify(workspace))
    (rings / "models/m/releases/m-1.1.0.onnx").write_bytes(b"other")
    (bad,) = verify(workspace, ["m@1.1.0"])
    assert (bad.good, bad.checks[0].found) == (False, Found.CHANGED)
    with pytest.raises(UsageError, match="there is no release `x`"):
        verify(workspace, ["x"])


def test_a_promotion_edits_one_value(rings, workspace):
    before = (rings / "fleet/rings.yaml").read_text()
    shown = promote(workspace, "m@1.1.0", "rest", dry_run=True)
    assert (rings / "fleet/rings.yaml").read_text() == before
    done = promote(workspace, "m@1.1.0", "rest")
    assert done == shown
    after = before.replace("m@1.0.0", "m@1.1.0")
    assert done.texts == {"fleet/rings.yaml": (before, after)}
    assert (rings / "fleet/rings.yaml").read_text() == after
    assert promote(workspace, "m@1.1.0", "rest").texts == {}
    for release, group in (("m", "rest"), ("m@2.0.0", "rest"), ("m@1.1.0", "all of them")):
        with pytest.raises(UsageError):
            promote(workspace, release, group)


def test_the_next_ring_waits_for_the_devices_of_the_first(rings, with_hub):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    later = Workspace(with_hub.root, clock=Clock(now=lambda: now))
    done = promote_next(later, slot="crowds")
    (decision,) = done.decisions
    assert (decision.step, decision.to, done.changes, done.texts) == (Step.HOLD, "rest", (), {})
    assert [device.device for device in decision.ring.unhealthy] == ["b"]
    assert not done.is_over
    with pytest.raises(UsageError, match="no ring has a slot `other`"):
        promote_next(later, slot="other")


def test_without_rings_there_is_no_next(workspace):
    with pytest.raises(EdgeOpsError, match="no group is a ring"):
        promote_next(workspace)
