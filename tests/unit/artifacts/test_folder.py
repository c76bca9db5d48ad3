"""The folder store: published once, never half-written."""

import os
import threading

import pytest

from edgeops.artifacts.folder import FolderStore
from edgeops.artifacts.store import ArtifactError, verify
from edgeops.digest import digest_file
from edgeops.errors import Refused


@pytest.fixture
def store(tmp_path):
    return FolderStore(tmp_path / "artifacts", "https://localhost:8443/artifacts/")


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    return file


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_appears_under_its_name_whole(store, model, tmp_path):
    store.put(model, "m/1.0.0/model.onnx", digest_file(model))
    assert (tmp_path / "artifacts/m/1.0.0/model.onnx").read_bytes() == b"weights"
    assert files_in(tmp_path / "artifacts") == ["model.onnx"]


def test_a_file_with_another_digest_is_not_published(store, model, tmp_path):
    digest = digest_file(model)
    model.write_bytes(b"changed")
    with pytest.raises(ArtifactError, match="it was modified"):
        store.put(model, "m/1/model.onnx", digest)
    assert files_in(tmp_path / "artifacts") == []


def test_of_two_publishers_at_once_one_wins_and_nothing_is_mixed(store, tmp_path):
    ends = []

    def publish(content):
        file = tmp_path / content
        file.write_text(content * 100_000)
        barrier.wait()
        try:
            store.put(file, "m/1/model.onnx", digest_file(file))
        except Refused:
            ends.append("refused")
        else:
            ends.append(content)

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=publish, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = set(ends) - {"refused"}
    assert ends.count("refused") == 3
    assert (tmp_path / "artifacts/m/1/model.onnx").read_text() == winner * 100_000


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_an_error(store, model, tmp_path):
    (tmp_path / "artifacts").mkdir(mode=0o500)
    with pytest.raises(ArtifactError, match="Permission denied"):
        store.put(model, "m/1/model.onnx", digest_file(model))


def test_a_file_where_a_folder_should_be_is_an_error(store, model):
    store.put(model, "m", digest_file(model))
    with pytest.raises(ArtifactError, match="cannot write"):
        store.put(model, "m/1/model.onnx", digest_file(model))


def test_a_file_that_was_tampered_with_is_found_out(store, model, tmp_path):
    digest = digest_file(model)
    store.put(model, "m/1/model.onnx", digest)
    verify(store, "m/1/model.onnx", digest)
    (tmp_path / "artifacts/m/1/model.onnx").write_bytes(b"evil")
    with pytest.raises(ArtifactError, match=r"another file as m/1/model\.onnx: 4 bytes"):
        verify(store, "m/1/model.onnx", digest)
