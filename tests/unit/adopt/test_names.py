"""Names that manifests take."""

from __future__ import annotations

import pytest

from edgeops.adopt.names import Names, is_name, label_values, slug


@pytest.mark.parametrize(
    ("text", "name"),
    [("s1", "s1"), ("site 2/b", "site-2-b"), ("..", "unnamed"), ("_x", "x"), ("ü", "unnamed")],
)
def test_a_text_as_a_name(text, name):
    assert Names().new(text) == name
    assert is_name(name)


def test_names_differ_also_without_case_and_when_they_are_cut():
    names = Names(["camera"])
    assert [names.new("Camera"), names.new("camera")] == ["Camera-2", "camera-3"]
    long = [names.new("x" * 80) for _ in range(3)]
    assert len(set(long)) == 3
    assert all(map(is_name, long))


def test_two_folders_may_have_the_same_name():
    names = Names(["fleet/groups/a"])
    assert names.below("fleet/groups", "A") == "fleet/groups/A-2"
    assert names.below("fleet/devices", "a") == "fleet/devices/a"


def test_labels_are_the_texts_where_they_can_be():
    assert label_values(["site 1", "site-1", "5"]) == {
        "5": "5",
        "site-1": "site-1",
        "site 1": "site-1-2",
    }
    assert slug("a" * 70 + ".b") == "a" * 63
