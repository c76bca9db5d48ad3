"""A new fleet repository."""

import pytest

from edgeops.api import Workspace, init, validate
from edgeops.errors import Refused, UsageError


def test_a_new_fleet_is_valid_and_lists_what_is_left_to_do(tmp_path):
    made = init(tmp_path / "mine")
    assert "fleet/fleet.yaml" in made.files
    assert any("no --owner was given" in point for point in made.open_points)
    checked = validate(Workspace.find(made.root))
    assert checked.problems == ()
    assert len(checked.fleet.devices) == 2


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(Refused, match=r"these files already exist: README\.md"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    with pytest.raises(UsageError):
        init(tmp_path / "other", owner="a b")


def test_existing_files_can_stay_and_the_rest_is_written(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "LICENSE").write_text("mine")
    made = init(tmp_path, keep_existing=True)
    assert made.kept == (".gitignore", "README.md")
    assert not {"README.md", ".gitignore"} & {*made.files}
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / ".gitignore").read_text() == "*.log\n"
    assert "add to .gitignore: .edgeops/, .venv/" in made.open_points
    assert validate(Workspace.find(tmp_path)).problems == ()
    again = init(tmp_path, keep_existing=True)
    assert again.files == ()


def test_a_gitignore_that_has_all_needs_nothing(tmp_path):
    ignored = init(tmp_path / "one").root / ".gitignore"
    (tmp_path / "two").mkdir()
    (tmp_path / "two/.gitignore").write_bytes(b"*.log\n" + ignored.read_bytes())
    made = init(tmp_path / "two", keep_existing=True)
    assert not any(".gitignore" in point for point in made.open_points)


def test_a_fleet_of_ones_own_gets_no_example_devices(tmp_path):
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet/mine.yaml").write_text("kind: Fleet")
    with pytest.raises(Refused, match="has manifests already"):
        init(tmp_path, keep_existing=True)
    assert [path.name for path in tmp_path.iterdir()] == ["fleet"]


def test_a_link_leads_nowhere_else(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new/schemas").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="is a link out of"):
        init(tmp_path / "new", keep_existing=True)
    assert [*(tmp_path / "elsewhere").iterdir()] == []
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["schemas"]
