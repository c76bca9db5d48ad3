"""Publishing to GitHub releases: drafts, what cut-off publishers left, tokens."""

import pytest
import requests

from edgeops.artifacts.github_release import GitHubReleaseStore
from edgeops.artifacts.store import ArtifactError
from edgeops.digest import digest_file
from edgeops.errors import EdgeOpsError, Refused, UsageError

NAME = "crowdedness-24h/1.0.0/model.onnx"


@pytest.fixture
def store(github, github_token, certificate):
    return GitHubReleaseStore(github.url, github_token, ca_file=str(certificate.ca_file))


@pytest.fixture
def anonymous(github, certificate):
    return GitHubReleaseStore(github.url, None, ca_file=str(certificate.ca_file))


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    return file


def test_a_release_is_a_draft_until_its_file_is_whole(store, anonymous, github, model):
    github.fail_next_upload = True
    with pytest.raises(ArtifactError, match="GitHub answered 502"):
        store.put(model, NAME, digest_file(model))
    (release,) = github.releases
    assert release["draft"]
    assert release["assets"][0]["state"] == "starter"
    assert anonymous.sha256_of(NAME) is None

    store.put(model, NAME, digest_file(model))  # takes the draft up again
    (release,) = github.releases
    assert not release["draft"]
    assert [asset["state"] for asset in release["assets"]] == ["uploaded"]
    assert anonymous.sha256_of(NAME) == digest_file(model).sha256


def test_a_whole_file_in_a_draft_is_published_only_if_it_is_the_same(store, github, model):
    store.put(model, NAME, digest_file(model))
    github.releases[0]["draft"] = True
    other = model.with_name("other.onnx")
    other.write_bytes(b"retrained")
    with pytest.raises(Refused):
        store.put(other, NAME, digest_file(other))
    assert github.releases[0]["draft"]
    store.put(model, NAME, digest_file(model))
    assert not github.releases[0]["draft"]


def test_a_draft_is_found_among_many_releases(store, github, model):
    for number in range(120):
        github.releases.append(
            {"id": 1000 + number, "draft": False, "tag_name": f"v{number}", "assets": []}
        )
    github.fail_next_upload = True
    with pytest.raises(ArtifactError):
        store.put(model, NAME, digest_file(model))
    store.put(model, NAME, digest_file(model))
    assert len(github.releases) == 121


def test_assets_without_a_digest_are_read(store, github, model):
    github.tells_digests = False
    store.put(model, NAME, digest_file(model))
    assert store.sha256_of(NAME) == digest_file(model).sha256
    model.write_bytes(b"retrained")
    with pytest.raises(Refused):
        store.put(model, NAME, digest_file(model))


def test_a_name_that_github_would_change_is_not_published(store, github, model):
    with pytest.raises(ArtifactError, match=r"would rename m\+1\.onnx to m\.1\.onnx"):
        store.put(model, "m/1/m+1.onnx", digest_file(model))
    assert github.releases[0]["assets"] == []
    assert github.releases[0]["draft"]


def test_reading_needs_no_token_and_publishing_does(anonymous, store, model):
    store.put(model, NAME, digest_file(model))
    with anonymous.open(NAME) as chunks:
        assert b"".join(chunks) == b"weights"
    with pytest.raises(EdgeOpsError, match="GITHUB_TOKEN is not set") as missing:
        anonymous.put(model, "m/2/model.onnx", digest_file(model))
    assert "contents: write" in missing.value.hint


def test_a_bad_token_is_an_error_that_does_not_show_it(github, certificate, model):
    store = GitHubReleaseStore(github.url, "ghp_" + "x" * 36, ca_file=str(certificate.ca_file))
    with pytest.raises(ArtifactError, match="answered 401") as refused:
        store.put(model, NAME, digest_file(model))
    assert "GITHUB_TOKEN" in refused.value.hint
    assert "xxx" not in f"{refused.value} {refused.value.hint} {store!r}"


def test_a_token_in_netrc_is_not_used(github, certificate, model, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine localhost login me password hunter22\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    store = GitHubReleaseStore(github.url, None, ca_file=str(certificate.ca_file))
    assert store.sha256_of(NAME) is None  # basic authentication would be refused with 401


def test_a_file_needs_a_tag(store, model):
    with pytest.raises(UsageError, match="does not name a release"):
        store.put(model, "model.onnx", digest_file(model))


def test_an_untrusted_certificate_is_refused(github, github_token, model):
    store = GitHubReleaseStore(github.url, github_token)
    with pytest.raises(ArtifactError, match="certificate is not trusted"):
        store.put(model, NAME, digest_file(model))


def test_a_github_that_does_not_answer_is_an_error(github_token, model):
    url = "https://localhost:1/contoso/models/releases/download"
    with pytest.raises(ArtifactError, match="contoso/models cannot be reached"):
        GitHubReleaseStore(url, github_token).put(model, NAME, digest_file(model))


def test_a_server_that_is_not_github_is_an_error(local_hub, github_token):
    url = f"https://localhost:{local_hub.port}/contoso/models/releases/download"
    store = GitHubReleaseStore(url, github_token, ca_file=str(local_hub.ca_file))
    assert store.sha256_of(NAME) is None
    with pytest.raises(ArtifactError, match="answered 404"):
        store._api.create_draft("v1")


def test_draft_files_are_not_for_devices(store, github, model, certificate):
    url = store.put(model, NAME, digest_file(model))
    github.releases[0]["draft"] = True
    assert requests.get(url, verify=str(certificate.ca_file), timeout=10).status_code == 404
