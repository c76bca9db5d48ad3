"""`edgeops model verify` and `list`, and a clone whose hub serves what git holds."""

from __future__ import annotations

import json
import signal

import pytest

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs:
    local: {}
    bare: {hostname: contoso.azure-devices.net, connectionStringEnv: NONE}
    web:
      hostname: contoso.azure-devices.net
      connectionStringEnv: NONE
      artifacts: {url: "https://localhost:PORT/artifacts"}
    github:
      hostname: contoso.azure-devices.net
      connectionStringEnv: NONE
      artifacts: {store: github-release, url: "https://git.example/c/f/releases/download"}
  defaults:
    modules: {model_loader: {}}
    models: {crowds: m@1.1.0}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {image: "loader:1"}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a}
spec: {}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: b}
spec: {models: {crowds: m@1.0.0}}
"""
COPY = "models/m/releases/m-1.1.0.onnx"
STORED = "m/1.1.0/m-1.1.0.onnx"


@pytest.fixture
def repo(empty_repo, release_in_git):
    """Two releases of one model, on two devices; no hub runs."""
    empty_repo.write("fleet/fleet.yaml", FLEET)
    for version in ("1.0.0", "1.1.0"):
        release_in_git(empty_repo, "m", version)
    empty_repo.commit()
    return empty_repo


def verified(result):
    """What `verify` found, as {release: {place: found}}."""
    return {
        row["release"]: {check["place"]: check["found"] for check in row["checks"]}
        for row in json.loads(result.out)["releases"]
    }


class TestVerify:
    def test_a_fresh_clone_verifies(self, repo):
        done = repo.edgeops("model", "verify", "-o", "json")
        assert (done.code, done.err) == (0, "")
        assert verified(done) == {
            "m@1.0.0": {"git": "same", "store": "absent"},
            "m@1.1.0": {"git": "same", "store": "absent"},
        }
        assert (repo.root / ".edgeops/.gitignore").exists()

    def test_an_artifact_that_changed_is_named(self, repo):
        repo.write(COPY, "something else")
        done = repo.edgeops("model", "verify", "m")
        assert done.code == 1
        assert "m@1.1.0 (git): the artifact changed after it was published" in done.out
        assert "error: 2 releases: 1 not confirmed" in done.err
        assert repo.edgeops("model", "verify", "m@1.0.0").code == 0
        (repo.root / COPY).unlink()
        missing = repo.edgeops("model", "verify", "m@1.1.0")
        assert (missing.code, f"(store): {STORED} is not in the store" in missing.out) == (1, True)

    def test_the_store_of_the_hub_is_read(self, repo, with_hub):
        hub = with_hub(repo)
        file = hub.artifacts / STORED
        file.parent.mkdir(parents=True)
        file.write_bytes(b"m 1.1.0")
        assert verified(repo.edgeops("model", "verify", "-o", "json"))["m@1.1.0"]["store"] == "same"
        file.write_bytes(b"m 1.1.1")
        changed = repo.edgeops("model", "verify", "m@1.1.0")
        assert (changed.code, "m@1.1.0 (store): the artifact changed" in changed.out) == (1, True)

    def test_a_url_is_read_by_tls(self, repo, local_hub, release_in_git, monkeypatch):
        local_hub.artifacts.mkdir()
        (local_hub.artifacts / "u.onnx").write_bytes(b"u 1.0.0")
        url = f"https://localhost:{local_hub.port}/artifacts/u.onnx"
        release_in_git(repo, "u", "1.0.0", url=url)
        untrusted = repo.edgeops("model", "verify", "u")
        assert (untrusted.code, "is not trusted" in untrusted.out) == (1, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
        done = repo.edgeops("model", "verify", "u", "-o", "json")
        assert (done.code, verified(done)) == (0, {"u@1.0.0": {"git": "same", "url": "same"}})

    def test_a_web_server_without_credentials_is_read(self, repo, local_hub, monkeypatch):
        repo.edit("fleet/fleet.yaml", "PORT", str(local_hub.port))
        monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
        absent = repo.edgeops("model", "verify", "m@1.1.0", "--hub", "web")
        url = f"https://localhost:{local_hub.port}/artifacts/{STORED}"
        assert (absent.code, f"(url): {url} does not exist" in absent.out) == (1, True)
        file = local_hub.artifacts / STORED
        file.parent.mkdir(parents=True)
        file.write_bytes(b"m 1.1.0")
        assert repo.edgeops("model", "verify", "m@1.1.0", "--hub", "web").code == 0

    def test_a_store_that_cannot_be_reached_is_reported(self, repo):
        done = repo.edgeops("model", "verify", "--hub", "github")
        assert (done.code, "cannot be reached" in done.out) == (1, True)

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            (("n",), 64, "there is no release `n`"),
            (("m@1.1.1",), 64, "did you mean `m@1.1.0`?"),
            (("--hub", "bare"), 1, "hub `bare` has no artifact store"),
            (("--hub", "wep"), 64, "did you mean `web`?"),
        ],
    )
    def test_verifying_what_does_not_exist_is_an_error(self, repo, arguments, code, message):
        done = repo.edgeops("model", "verify", *arguments)
        assert (done.code, message in done.err) == (code, True), done.err

    def test_a_broken_release_file_is_named(self, repo):
        repo.edit("models/m/releases/1.0.0.yaml", "size: 7", "size: seven")
        done = repo.edgeops("model", "verify")
        assert (done.code, "models/m/releases/1.0.0.yaml:10:3" in done.err) == (3, True), done.err

    def test_verifying_without_releases_succeeds(self, tiny_repo):
        done = tiny_repo.edgeops("model", "verify")
        assert (done.code, done.out) == (0, "no releases in models/\n")


class TestList:
    def test_without_a_hub_it_shows_git(self, repo):
        done = repo.edgeops("model", "list")
        assert done.code == 0
        assert done.out.splitlines()[:3] == [
            "MODEL   VERSION   WAPE     GATES    BYTES   SIGNED BY   IN GIT",
            "m       1.1.0      7.45%   passed   7       unsigned    Fleet defaults (crowds)",
            "m       1.0.0      7.45%   passed   7       unsigned    Device b (crowds)",
        ]
        assert "the local hub is not running" in done.err

    def test_with_a_hub_it_shows_what_runs(self, repo, with_hub):
        hub = with_hub(repo)
        assert repo.edgeops("sync").code == 0
        release = json.loads(repo.edgeops("model", "list", "m", "-o", "json").out)["releases"][0]
        assert (release["version"], release["hub"]) == ("1.1.0", {"converged": 0, "devices": 1})
        slot = {"state": "ready", "sha256": release["sha256"], "since": "2026-01-01T00:00:00Z"}
        hub.report("a", "model_loader", models={"crowds": slot})
        assert "1 of 1 Converged" in repo.edgeops("model", "list").out

    def test_a_hub_that_cannot_be_asked_is_a_note(self, repo):
        done = repo.edgeops("model", "list", "--hub", "github")
        assert (done.code, "note: hub github cannot be read: " in done.err) == (0, True)
        assert "2 releases of 1 model" in done.out

    def test_an_invalid_fleet_is_a_note(self, repo):
        repo.edit("fleet/fleet.yaml", "m@1.0.0", "m@3.0.0")
        repo.write("models/m/releases/4.0.0.yaml", "kind: [")
        done = repo.edgeops("model", "list")
        assert (done.code, "2 releases of 1 model" in done.out) == (0, True)
        assert "the desired state is not valid" in done.err
        assert "left out: models/m/releases/4.0.0.yaml" in done.err

    def test_a_repository_without_a_fleet(self, empty_repo, release_in_git):
        release_in_git(empty_repo, "m", "1.0.0")
        done = empty_repo.edgeops("model", "list")
        assert (done.code, "there is no fleet/ folder" in done.err) == (0, True)
        assert "not used" in done.out
        unknown = empty_repo.edgeops("model", "list", "mm")
        assert (unknown.code, "did you mean `m`?" in unknown.err) == (64, True)


class TestAClone:
    """`edgeops hub serve` and the hub of a sync serve the artifacts that git holds."""

    def test_the_hub_of_a_sync_has_the_artifacts(self, repo, monkeypatch, unused_port):
        monkeypatch.setenv("EDGEOPS_HTTPS_PORT", str(unused_port))
        assert repo.edgeops("sync").code == 0
        assert (repo.root / ".edgeops/artifacts" / STORED).read_bytes() == b"m 1.1.0"
        places = verified(repo.edgeops("model", "verify", "-o", "json"))["m@1.0.0"]
        assert places == {"git": "same", "store": "same"}

    def test_a_copy_that_changed_is_never_served(self, repo):
        repo.write(COPY, "something else")
        hub = repo.start("hub", "serve", "--port", "0")
        assert "local IoT Hub" in hub.stdout.readline()
        hub.send_signal(signal.SIGINT)
        done = repo.end_of(hub)
        assert "warning: m@1.1.0 is not served from git: the file does not match" in done.err
        assert not (repo.root / ".edgeops/artifacts" / STORED).exists()
        assert (repo.root / ".edgeops/artifacts/m/1.0.0/m-1.0.0.onnx").exists()
