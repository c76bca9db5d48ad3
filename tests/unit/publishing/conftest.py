"""A repository and a store to publish to."""

from pathlib import Path

import pytest

from edgeops.artifacts.folder import FolderStore
from edgeops.publishing.publish import PublishTarget


@pytest.fixture
def root(tmp_path):
    return tmp_path / "repo"


@pytest.fixture
def to(tmp_path, root):
    root.mkdir()
    return PublishTarget(root, FolderStore(tmp_path / "store", "https://localhost/artifacts"))


@pytest.fixture
def write(tmp_path):
    """Writes a file of the user; gives its path."""

    def make(name: str, data: bytes = b"some bytes") -> Path:
        file = tmp_path / "mine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    return make
