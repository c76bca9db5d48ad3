"""What a document that cannot be read would define."""

import time

import pytest

from edgeops.fleet.outline import ANY, is_spoiled, may_hold, of_text, of_value

KINDS = ("Device", "Fleet", "Module", "ModelRelease")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: Module\nmetadata:\n  name: camera\nspec: [", ("Module camera",)),
        ("kind: Module\nmetadata:\n  labels: {a: b}\n  name: camera\n", ("Module camera",)),
        ('{"kind": "Module", "metadata": {"name": "camera"', ("Module camera",)),
        ("metadata: {name: 'camera'}\nkind: \"Module\"\n: :", ("Module camera",)),
        ("kind: ModelRelease\nmetadata: {name: m, version: 1.0.0}\n", ("ModelRelease m@1.0.0",)),
        ("kind: ModelRelease\nmetadata: {name: m}\n", ("ModelRelease *",)),
        ("kind: Modul\nmetadata: {name: m}\n", ("Module m",)),
        ("kind: Lamp\nmetadata: {name: m}\n", ("* m",)),
        ("name: m\nkind: Module", ("Module *",)),
        ("x: [", (ANY,)),
        (
            "kind: Module\nmetadata: {name: a}\n---\nkind: Device\nmetadata: {name: b}\n---\n",
            ("Device b", "Module a"),
        ),
    ],
)
def test_of_text(text, expected):
    assert of_text(text, KINDS) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"kind": "Module", "metadata": {"name": "m"}}, "Module m"),
        ({"kind": ["Module"], "metadata": {"name": "m"}}, "* m"),
        ({"kind": "Fleet", "metadata": 5}, "Fleet *"),
        ({"kind": "ModelRelease", "metadata": {"name": "m", "version": 1.5}}, "ModelRelease *"),
        ([], ANY),
        (None, ANY),
    ],
)
def test_of_value(value, expected):
    assert of_value(value, KINDS) == expected


def test_what_may_be_among_them():
    spoiled = frozenset({"Module a", "* b", "Device *"})
    assert is_spoiled(spoiled, "Module", "a")
    assert is_spoiled(spoiled, "Module", "b")
    assert is_spoiled(spoiled, "Device", "z")
    assert not is_spoiled(spoiled, "Module", "c")
    assert is_spoiled({ANY}, "Module", "c")
    assert may_hold({"Module a"}, "Module", "Fleet")
    assert may_hold({ANY}, "Fleet")
    assert not may_hold({"Module a"}, "Fleet")


@pytest.mark.parametrize("text", ["kind" * 200_000, " " * 900_000, "metadata" + ":\n" * 400_000])
def test_a_large_text_takes_no_long_time(text):
    started = time.monotonic()
    of_text(text, KINDS)
    assert time.monotonic() - started < 2
