"""Changes of many devices: few lines, no rare value lost among the others, nothing uncounted."""

import random

import pytest

from edgeops.plan.model import Action, Change, Plan, Reason
from edgeops.report.markdown import COMMENT_LIMIT
from edgeops.report.plan_groups import abridged, grouped
from edgeops.report.plan_markdown import markdown
from edgeops.report.plan_text import text


def plan_of(changes):
    devices = len({change.device for change in changes})
    return Plan("f", "local", "c0ffee", "2026", devices, tuple(changes), (), "d")


def patch(device, want, live, reason=Reason.CHANGED, section="desired"):
    return Change(
        device, Action.PATCH_DEVICE, reason, patch={section: want}, before={section: live}
    )


def shown(changes):
    """The lines below the names of the devices."""
    return [
        line
        for block in text(plan_of(changes)).split("\n\n")[1:-1]
        for line in block.splitlines()
        if line.startswith(("  device", "    +", "    ~", "    -", "        "))
    ]


def site(n):
    return patch(f"gw-{n:03}", {"site": f"new {n}"}, {"site": f"old {n}"})


def test_where_each_device_has_its_own_value_some_are_shown():
    assert shown([site(n) for n in range(300)]) == [
        "  device (changed in git)",
        "    ~ desired.site: 300 different changes",
        '        gw-000  "old 0" -> "new 0"',
        '        gw-001  "old 1" -> "new 1"',
        '        gw-299  "old 299" -> "new 299"',
        "        and 297 more (-v shows them)",
    ]


def test_a_value_that_is_written_in_another_way_than_the_others_is_shown():
    changes = [site(n) for n in range(300)]
    changes[44] = patch("gw-044", {"site": "10.20.44.4"}, {"site": "old 44"})
    changes[55] = patch("gw-055", {"site": True}, {"site": "old 55"})
    assert shown(changes)[2:] == [
        '        gw-000  "old 0" -> "new 0"',
        '        gw-001  "old 1" -> "new 1"',
        '        gw-044  "old 44" -> "10.20.44.4"',
        '        gw-055  "old 55" -> true',
        "        and 296 more (-v shows them)",
    ]


def test_the_odd_one_out_is_named():
    live = ["info"] * 17 + ["warn"] + ["info"] * 282
    changes = [patch(f"gw-{n:03}", {"level": "debug"}, {"level": v}) for n, v in enumerate(live)]
    assert shown(changes)[1:] == [
        '    ~ desired.level: "info" -> "debug" x 299, "warn" -> "debug" x 1 (gw-017)'
    ]


def test_the_most_frequent_values_and_the_rarest_are_shown():
    values = [value for value in range(12) for _ in range(12 - value)]
    changes = [patch(f"d{n:02}", {"x": value}, {"x": -1}) for n, value in enumerate(values)]
    assert shown(changes)[1:] == [
        "    ~ desired.x: 12 different changes",
        "        12 devices     -1 -> 0",
        "        11 devices     -1 -> 1",
        "        10 devices     -1 -> 2",
        "        9 devices      -1 -> 3",
        "        4 devices      -1 -> 8",
        "        d72, d73, d74  -1 -> 9",
        "        d75, d76       -1 -> 10",
        "        d77            -1 -> 11",
        "        and 4 more on 26 devices (-v shows them)",
    ]


def test_long_values_of_several_devices_are_told_apart():
    long = "x" * 400
    changes = [patch(f"d{n}", {"x": f"{long}{n}"}, {"x": long}) for n in range(2)]
    changes += [patch(f"e{n}", {"y": f"{long}{n}"}, {}) for n in range(2)]
    lines = [line.strip() for line in shown(changes)]
    assert sum(line.endswith('x0" (403 chars)') for line in lines) == 2
    assert sum(line.endswith('x1" (403 chars)') for line in lines) == 2


def test_one_and_true_are_different_values():
    changes = [patch(name, {"x": v}, {}) for name, v in zip("abc", (1, True, 1.0), strict=True)]
    assert shown(changes)[1:] == ["    + desired.x: 1 x 1, true x 1, 1.0 x 1"]


def some_of_ten(devices):
    chance = random.Random(1)
    for n in range(devices):
        paths = chance.sample(range(10), chance.randint(1, 10))
        yield patch(f"d{n:04}", {f"p{p}": 2 for p in paths}, {f"p{p}": 1 for p in paths})


def test_devices_that_change_different_paths_are_shown_together():
    changes = [*some_of_ten(3_000), patch("odd", {"p3": 2, "p3b": 7}, {"p3": 6})]
    lines = shown(changes)
    assert "    ~ desired.p0: 1 -> 2  on 1,337 devices" in lines
    assert "    + desired.p3b: 7  on odd" in lines
    assert next(line for line in lines if "6 -> 2" in line).endswith(
        "6 -> 2 x 1 (odd)  on 1,385 devices"
    )
    groups = grouped(plan_of(changes))
    assert [(len(group.devices), group.mixed) for group in groups] == [(2_719, True), (282, False)]
    assert sum(group.patches for group in groups) == 820


def test_a_note_of_some_devices_says_of_which():
    changes = list(some_of_ten(300))
    status = {"identity": {"status": "disabled"}}, {"identity": {"status": "enabled"}}
    changes.append(
        Change("odd", Action.UPDATE_IDENTITY, Reason.CHANGED, patch=status[0], before=status[1])
    )
    assert "refuses it until it is enabled  on odd\n" in text(plan_of(changes))
    assert "refuses it until it is enabled on odd\n" in markdown(plan_of(changes))


def test_of_many_paths_the_most_frequent_and_the_rarest_are_shown():
    changes = [patch(f"d{n:04}", {f"p{n:04}": 1, "all": 1}, {}) for n in range(3_000)]
    (group,) = grouped(plan_of(changes))
    paths = [entry.path[1] for entry in abridged(group, 4).parts[0].entries]
    assert (paths, abridged(group, 4).left_out) == (["all", "p0000", "p2998", "p2999"], 2_997)
    assert "\n  and 2,961 more paths (-v shows them)\n" in text(plan_of(changes))
    assert "\n# and 2,961 more paths\n" in markdown(plan_of(changes))


def created(n, tags):
    name = f"d{n:04}"
    yield Change(name, Action.CREATE_DEVICE, Reason.NEW)
    yield Change(name, Action.PATCH_DEVICE, Reason.NEW, patch={"tags": tags})


def test_an_odd_value_of_a_new_device_is_shown():
    serials = {n: f"S{n}" for n in range(50)}
    like = [c for n, serial in serials.items() for c in created(n, {"serial": serial})]
    odd = [c for n, s in (serials | {7: "TODO"}).items() for c in created(n, {"serial": s})]
    assert shown(like)[1:] == ['    + tags.serial: "S0", ... (50 different values)']
    assert '        d0007  "TODO"' in shown(odd)


PLANS = {
    "one env value per site": ([site(n) for n in range(300)], 40),
    "one serial per new device": (
        [c for n in range(3_000) for c in created(n, {"serial": f"S{n}", "site": "akl"})],
        60,
    ),
    "one serial per device": (
        [patch(f"d{n:04}", {"serial": f"S{n}"}, {}, section="tags") for n in range(3_000)],
        60,
    ),
    "five values of each gateway": (
        [
            patch(f"d{n:03}", {f"p{p}": n for p in range(5)}, {f"p{p}": -n - 1 for p in range(5)})
            for n in range(300)
        ],
        60,
    ),
    "some of ten paths": (list(some_of_ten(3_000)), 60),
    "a path of its own for each": ([patch(f"d{n:04}", {f"p{n}": 1}, {}) for n in range(3_000)], 60),
    "some tags of each new device": (
        [c for n in range(3_000) for c in created(n, {f"t{n % 97}": n, f"u{n % 89}": n})],
        200,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANS)
def test_plans_for_many_devices_are_short_and_those_that_ask_get_all(name):
    changes, most = PLANS[name]
    plan = plan_of(changes)
    assert len(text(plan).splitlines()) <= most
    every = text(plan, verbose=True)
    assert {change.device for change in changes} <= set(every.replace(",", " ").split())
    assert "more" not in every
    assert "different" not in every
    assert len(markdown(plan)) < COMMENT_LIMIT / 4


def test_the_devices_of_a_deletion_are_all_named():
    names = [f"d{n:04}" for n in range(3_000)]
    changes = [Change(name, Action.DELETE_DEVICE, Reason.REMOVED) for name in names]
    assert set(names) <= set(text(plan_of(changes)).replace(",", " ").split())
