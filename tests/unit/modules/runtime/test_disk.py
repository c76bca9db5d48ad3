"""Files that are written whole, whatever lies in the way."""

from __future__ import annotations

from edgeops.modules.runtime.disk import replace


def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / ".a.json.part").symlink_to(victim)
    (tmp_path / "a.json").symlink_to(victim)
    replace(tmp_path / "a.json", [b"1", b"2"])
    assert victim.read_text() == "untouched"
    assert (tmp_path / "a.json").read_text() == "12"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "victim"]
