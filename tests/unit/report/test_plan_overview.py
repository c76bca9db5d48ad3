"""Warnings, blast radius and groups of a plan."""

import pytest

from edgeops.fleet.model import DesiredDevice
from edgeops.plan.model import Action, Change, Plan, Reason
from edgeops.report.plan_markdown import markdown


def device(name, *groups, protect=False):
    return DesiredDevice(
        name, {}, groups, edge=False, authentication="sas", protect=protect,
        tags={}, desired={}, modules={}, models={}, edge_content={},
    )  # fmt: skip


def change(name, value=1, reason=Reason.CHANGED):
    return Change(name, Action.PATCH_DEVICE, reason, patch={"desired": {"a": value}})


def shown(*changes, devices=()):
    plan = Plan("f", "local", "c1", "2026-01-01T00:00:00Z", 9, changes, (), "d")
    return markdown(plan, {planned.name: planned for planned in devices}).split("\n\n")


def test_the_groups_that_get_something_the_most_first():
    devices = [
        device("a", "all", "canary"),
        device("b", "all", "half"),
        device("c", "all"),
        device("d", "quiet"),
    ]
    blocks = shown(
        change("a"), change("b"), Change("gone", Action.DELETE_DEVICE, Reason.REMOVED),
        devices=devices,
    )  # fmt: skip
    assert (
        "| group | devices | to create | to change | to delete |\n"
        "|---|---:|---:|---:|---:|\n"
        "| `all` | 3 | 0 | 2 | 0 |\n"
        "| no longer in git |  | 0 | 0 | 1 |\n"
        "| `canary` | 1 | 0 | 1 | 0 |\n"
        "| `half` | 1 | 0 | 1 | 0 |"
    ) in blocks


def test_without_groups_there_is_no_table_of_them():
    assert not any("| group |" in block for block in shown(change("a"), devices=[device("a")]))
    assert not any("| group |" in block for block in shown(change("a")))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 1, 1], "one patch × 3 devices"),
        ([1], "one patch × 1 device"),
        ([1, 1, 2], "2 patches, the widest × 2 devices"),
        ([1, 2, 3], "3 devices, each with a patch of its own"),
    ],
)
def test_the_blast_radius(values, words):
    changes = (change(f"d{n}", value) for n, value in enumerate(values))
    assert f"**Blast radius:** {words}" in shown(*changes)


def test_what_others_changed_and_what_is_taken_over_is_warned_of():
    blocks = shown(
        change("a", reason=Reason.DRIFT),
        change("b", reason=Reason.DRIFT),
        change("c", reason=Reason.ADOPTED),
        change("d"),
    )
    assert blocks[1:3] == [
        "> [!WARNING]\n> **2 devices changed on the hub by others;"
        " this reverts them to git**: `a`, `b`",
        "> [!WARNING]\n> **1 device on the hub, not yet managed by edgeops;"
        " this takes it over**: `c`",
    ]


def test_protected_devices_are_named():
    blocks = shown(change("a"), change("b"), devices=[device("a", protect=True), device("b")])
    assert blocks[1] == "> [!WARNING]\n> **1 protected device affected**: `a`"


def test_long_lists_end_in_a_count():
    blocks = shown(*(change(f"d{n:03}", reason=Reason.DRIFT) for n in range(500)))
    assert blocks[1].endswith("and 300 more")
