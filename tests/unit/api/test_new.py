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
