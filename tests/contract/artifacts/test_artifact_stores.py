"""What every store of published files does: one list of tests x folder, Azurite, fake GitHub."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from edgeops.artifacts.open import open_store
from edgeops.artifacts.store import ArtifactError, verify
from edgeops.digest import digest_file
from edgeops.errors import Refused, UsageError
from edgeops.fleet.model import ArtifactTarget, StoreKind

NAME = "crowdedness-24h/1.0.0/crowdedness-24h-1.0.0.onnx"


@dataclass(frozen=True)
class Place:
    """A store, and what a device gets from a URL of it."""

    store: Any
    fetch: Callable[[str], requests.Response]


@pytest.fixture(params=list(StoreKind))
def place(request: pytest.FixtureRequest) -> Place:
    return request.getfixturevalue(f"_{request.param.replace('-', '_')}")


@pytest.fixture
def _local(local_hub, tmp_path):
    target = ArtifactTarget(f"https://localhost:{local_hub.port}/artifacts", StoreKind.LOCAL)
    store = open_store(target, {}, folder=local_hub.artifacts)
    return Place(store, lambda url: requests.get(url, verify=str(local_hub.ca_file), timeout=10))


@pytest.fixture
def _azure_blob(azurite, tmp_path):
    from edgeops.artifacts.azure_account import open_container, read_access
    from edgeops.artifacts.azure_blob import AzureBlobStore

    url = f"{azurite.url}/models-{uuid.uuid4().hex[:8]}"
    target = ArtifactTarget(url, StoreKind.AZURE_BLOB, "STORAGE")
    environ = {"STORAGE": azurite.connection_string}
    container = open_container(target, environ, ca_file=str(azurite.ca_file))
    container.client.create_container()
    access = read_access(container, now=datetime.now(UTC), lifetime=timedelta(hours=1))

    def fetch(url: str) -> requests.Response:
        return requests.get(f"{url}?{access.query}", verify=str(azurite.ca_file), timeout=10)

    yield Place(AzureBlobStore(container), fetch)
    container.account.close()


@pytest.fixture
def _github_release(github, github_token, certificate):
    target = ArtifactTarget(github.url, StoreKind.GITHUB_RELEASE)
    environ = {"GITHUB_TOKEN": github_token, "SSL_CERT_FILE": str(certificate.ca_file)}
    store = open_store(target, environ, folder=certificate.ca_file.parent)
    return Place(store, lambda url: requests.get(url, verify=str(certificate.ca_file), timeout=10))


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    return file


def test_what_was_published_is_what_a_device_downloads(place, model):
    digest = digest_file(model)
    assert place.store.sha256_of(NAME) is None
    url = place.store.put(model, NAME, digest)
    assert url.endswith("/" + NAME)
    assert place.fetch(url).content == b"weights"
    assert place.store.sha256_of(NAME) == digest.sha256
    verify(place.store, NAME, digest)


def test_the_same_bytes_again_change_nothing(place, model):
    digest = digest_file(model)
    url = place.store.put(model, NAME, digest)
    assert place.store.put(model, NAME, digest) == url
    assert place.fetch(url).content == b"weights"


def test_other_bytes_under_the_same_name_are_refused(place, model):
    url = place.store.put(model, NAME, digest_file(model))
    model.write_bytes(b"retrained")
    with pytest.raises(Refused, match="already published with other bytes") as refused:
        place.store.put(model, NAME, digest_file(model))
    assert refused.value.exit_code == 5
    assert place.fetch(url).content == b"weights"


def test_several_files_and_versions_stand_side_by_side(place, model):
    first = place.store.put(model, NAME, digest_file(model))
    second = place.store.put(model, NAME.replace(".onnx", ".json"), digest_file(model))
    model.write_bytes(b"retrained")
    third = place.store.put(model, "crowdedness-24h/1.1.0/m.onnx", digest_file(model))
    contents = [place.fetch(url).content for url in (first, second, third)]
    assert contents == [b"weights", b"weights", b"retrained"]


def test_a_name_that_was_never_published_is_absent(place):
    assert place.store.sha256_of(NAME) is None
    with pytest.raises(ArtifactError, match="is not in the store"), place.store.open(NAME):
        pass


@pytest.mark.parametrize("name", ["", "/a/b", "../a/b", "a/../b", "a//b", "a/.b", "a b/c", "a/b/"])
def test_a_name_cannot_leave_the_store(place, model, name):
    with pytest.raises(UsageError, match="not a valid name"):
        place.store.put(model, name, digest_file(model))
    with pytest.raises(UsageError, match="not a valid name"):
        place.store.sha256_of(name)


def test_a_large_file_goes_in_pieces_and_tells_its_progress(place, tmp_path):
    file = tmp_path / "large.onnx"
    size = 68 * 1024 * 1024  # beyond what Azure takes in one piece
    with file.open("wb") as content:
        content.seek(size - 3)
        content.write(b"end")
    progress = []
    digest = digest_file(file)
    url = place.store.put(file, NAME, digest, lambda done, total: progress.append((done, total)))
    assert progress[-1] == (size, size)
    assert len(progress) > 10
    assert progress == sorted(progress)
    verify(place.store, NAME, digest)
    assert place.fetch(url).headers["Content-Length"] == str(size)


@pytest.mark.parametrize("changed", [b"weightS", b"weights and more", b"wei", b""])
def test_a_file_that_is_not_what_its_digest_says_is_not_published(place, model, changed):
    digest = digest_file(model)
    model.write_bytes(changed)
    with pytest.raises(ArtifactError, match="it was modified"):
        place.store.put(model, NAME, digest)
    assert place.store.sha256_of(NAME) is None
    model.write_bytes(b"weights")
    place.store.put(model, NAME, digest)
    verify(place.store, NAME, digest)


def test_publishing_a_missing_file_is_an_error(place, tmp_path, model):
    with pytest.raises(ArtifactError, match=r"cannot read .*none\.onnx: No such file"):
        place.store.put(tmp_path / "none.onnx", NAME, digest_file(model))
