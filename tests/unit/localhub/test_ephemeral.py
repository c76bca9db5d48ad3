"""The folder of a hub that keeps nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.localhub.ephemeral import ephemeral_dir
from edgeops.localhub.files import refuse_other_folder


def test_a_temporary_folder_is_deleted():
    with ephemeral_dir() as folder:
        (folder / "artifacts").mkdir()
        (folder / "artifacts/file").touch()
        refuse_other_folder(folder)  # it is known as one of a hub
    assert not folder.exists()


def test_a_hub_that_is_ended_while_it_starts_leaves_nothing():
    program = (
        "from edgeops.localhub.ephemeral import ephemeral_dir\n"
        "with ephemeral_dir() as folder:\n"
        "    print(folder, flush=True)\n"
        "    input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        folder = Path(process.stdout.readline().strip())
        assert folder.is_dir()
        process.terminate()
        assert process.wait(timeout=20) == 128 + signal.SIGTERM
    assert not folder.exists()


def test_a_chosen_folder_is_left_as_it_was(tmp_path):
    new, empty = tmp_path / "a" / "new", tmp_path / "empty"
    empty.mkdir()
    for chosen in (new, empty):
        with ephemeral_dir(chosen) as folder:
            assert folder == chosen
            (folder / "hub.db").touch()
    assert not new.exists()
    assert list(empty.iterdir()) == []


def test_a_chosen_folder_that_is_a_mount_is_not_replaced(tmp_path):
    mount = os.open(tmp_path, os.O_RDONLY)  # keeps its number from being used again
    try:
        with ephemeral_dir(tmp_path) as folder:
            assert folder.stat().st_ino == os.fstat(mount).st_ino
    finally:
        os.close(mount)


def test_what_a_killed_hub_has_left_is_deleted(tmp_path):
    with ephemeral_dir(tmp_path / "hub") as folder:
        kept = {file.name: file.read_bytes() for file in folder.iterdir()}
    folder.mkdir()
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    (folder / "hub.db").write_text("old")
    (folder / "artifacts").mkdir()
    with ephemeral_dir(folder):
        assert {file.name for file in folder.iterdir()} == set(kept)


def test_nothing_of_others_is_deleted(tmp_path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(UsageError, match="is not empty"), ephemeral_dir(tmp_path):
        pass
    assert (tmp_path / "thesis.txt").exists()


def test_the_folder_of_a_running_hub_is_not_taken(local_hub):
    (local_hub.state_dir / "ephemeral").touch()
    with (
        pytest.raises(EdgeOpsError, match="another local hub is running"),
        ephemeral_dir(local_hub.state_dir),
    ):
        pass
    assert local_hub.ca_file.exists()


def test_a_folder_of_other_things_is_not_one_of_a_hub(tmp_path):
    refuse_other_folder(tmp_path)
    refuse_other_folder(tmp_path / "absent")
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    with pytest.raises(UsageError, match="not the folder of a local hub"):
        refuse_other_folder(tmp_path)
    with pytest.raises(EdgeOpsError, match="cannot read"):
        refuse_other_folder(tmp_path / ".gitignore")
