"""The fleet in the working tree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.source.cache import Cache
from edgeops.source.root import find_root
from edgeops.source.worktree import load_worktree

DEVICE = "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: d1}\nspec: {}\n"


def names(root: Path, path: Path | None = None) -> list[str]:
    return [document.file for document in load_worktree(root, path=path).documents]


def test_manifests_come_in_file_order_with_the_schemas(fleet: Path) -> None:
    snapshot = load_worktree(fleet)
    assert snapshot.commit is None
    assert [d.file for d in snapshot.documents] == ["fleet/devices/d1.yaml", "fleet/fleet.yaml"]
    assert snapshot.schemas == {"schemas/modules/m.json": {"type": "object"}}
    assert not snapshot.problems


def test_other_files_are_left_alone(fleet: Path) -> None:
    for name in ("fleet/README.md", "fleet/.hidden.yaml", "models/m/model.yaml", "schemas/x.txt"):
        (fleet / name).parent.mkdir(parents=True, exist_ok=True)
        (fleet / name).write_text("{broken")
    (fleet / "schemas" / "device.schema.json").write_text("{broken: a copy of edgeops' own")
    assert not load_worktree(fleet).problems


def test_paths_with_spaces_and_other_letters(fleet: Path) -> None:
    (fleet / "fleet" / "Tāmaki Makaurau").mkdir()
    (fleet / "fleet" / "Tāmaki Makaurau" / "queen street.yml").write_text(DEVICE)
    assert "fleet/Tāmaki Makaurau/queen street.yml" in names(fleet)


def test_only_a_part_is_read_when_asked(fleet: Path) -> None:
    assert names(fleet, fleet / "fleet" / "devices") == ["fleet/devices/d1.yaml"]
    assert names(fleet, fleet / "fleet" / "fleet.yaml") == ["fleet/fleet.yaml"]
    assert len(names(fleet, fleet)) == 2
    with pytest.raises(EdgeOpsError, match="there is no manifest or schema at"):
        load_worktree(fleet, path=fleet / "fleet" / "none.yaml")


def test_a_link_is_refused(fleet: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(DEVICE)
    (fleet / "fleet" / "outside.yaml").symlink_to(tmp_path / "outside.yaml")
    (fleet / "fleet" / "folder").symlink_to(tmp_path)
    (fleet / "fleet" / "gone.yaml").symlink_to("nowhere")
    assert [(p.place.file, p.message) for p in load_worktree(fleet).problems] == [
        ("fleet/folder", "is a symbolic link"),
        ("fleet/gone.yaml", "is a symbolic link"),
        ("fleet/outside.yaml", "is a symbolic link"),
    ]


def test_a_huge_file_is_refused_by_its_size(fleet: Path) -> None:
    with (fleet / "fleet" / "huge.yaml").open("wb") as file:
        file.truncate(50_000_000)
    (problem,) = load_worktree(fleet).problems
    assert problem.message == "is 50,000,000 bytes; a file can have at most 1,048,576"


def test_a_pipe_is_refused_and_not_waited_for(fleet: Path) -> None:
    os.mkfifo(fleet / "fleet" / "pipe.yaml")
    (problem,) = load_worktree(fleet).problems
    assert str(problem.place) == "fleet/pipe.yaml:1:1"
    assert problem.message.endswith("is not a file")


def test_a_folder_named_like_a_manifest_is_a_folder(fleet: Path) -> None:
    (fleet / "fleet" / "folder.yaml").mkdir()
    (fleet / "fleet" / "folder.yaml" / "d2.yaml").write_text(DEVICE)
    assert "fleet/folder.yaml/d2.yaml" in names(fleet)


def test_the_root_is_the_nearest_folder_with_a_fleet_or_git(fleet: Path, tmp_path: Path) -> None:
    assert find_root(fleet / "fleet" / "devices" / "d1.yaml") == fleet
    assert find_root(fleet) == fleet
    (tmp_path / "other" / ".git").mkdir(parents=True)
    assert find_root(tmp_path / "other") == tmp_path / "other"
    with pytest.raises(EdgeOpsError, match="there is no fleet/ folder"):
        load_worktree(tmp_path / "other")


def test_no_fleet_anywhere(tmp_path: Path) -> None:
    with pytest.raises(EdgeOpsError, match="no fleet was found in") as caught:
        find_root(tmp_path)
    assert "--repo" in caught.value.hint
    with pytest.raises(EdgeOpsError, match="does not exist"):
        find_root(tmp_path / "nowhere")


def test_a_remembered_tree_needs_neither_git_nor_jsonschema(fleet: Path) -> None:
    with Cache(fleet / ".edgeops") as cache:
        load_worktree(fleet, cache)
    script = f"""
import sys
import os
from pathlib import Path
from edgeops.source.cache import Cache
from edgeops.source.worktree import load_worktree
root = Path({str(fleet)!r})
with Cache(root / ".edgeops") as cache:
    assert len(load_worktree(root, cache).documents) == 2
assert not {{"git", "jsonschema"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
