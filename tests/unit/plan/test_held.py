"""A saved plan does not write what git has left alone since."""

from dataclasses import replace

import pytest

from edgeops.errors import Refused
from edgeops.fleet.model import DesiredDevice, DesiredFleet, HubTarget
from edgeops.plan.held import check_not_held
from edgeops.plan.model import PlanOptions
from edgeops.plan.plan import make_plan


def device(name, **fields):
    plain = DesiredDevice(name, {}, (), False, "sas", False, {}, {"x": 1}, {}, {}, {})
    return replace(plain, **fields)


def fleet(*devices, **fields):
    return DesiredFleet("f", "c1", {}, {each.name: each for each in devices}, **fields)


THEN = fleet(device("a"), device("b", ignore=("/tags/t",)))
PLAN = make_plan(
    THEN,
    {},
    hub=HubTarget("local"),
    options=PlanOptions(create=True),
    managed=(),
    created_at="2026-01-01T00:00:00Z",
)


@pytest.mark.parametrize(
    "now",
    [
        THEN,
        fleet(),
        fleet(device("a", desired={"x": 2}), device("b")),
        fleet(device("a"), device("b"), device("c", paused=True, ignore=("/desired/x",))),
    ],
    ids=["the same", "without them", "less is ignored", "another device"],
)
def test_what_git_does_not_leave_alone_is_written(now):
    check_not_held(PLAN, THEN, now)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (fleet(device("a"), device("b", paused=True)), "git pauses b now"),
        (fleet(device("a"), paused_elsewhere=frozenset({"b"})), "git pauses b now"),
        (fleet(device("a", ignore=("/desired/x",))), "git leaves /desired/x of a to others now"),
        (fleet(device("a", paused=True), device("b", paused=True)), "a now; git pauses b now"),
    ],
)
def test_what_git_leaves_alone_now_is_refused(now, why):
    with pytest.raises(Refused, match=f"the saved plan is stale: .*{why}"):
        check_not_held(PLAN, THEN, now)


def test_many_devices_are_not_all_named():
    names = [f"d{number:02}" for number in range(20)]
    many = fleet(*map(device, names))
    plan = make_plan(
        many,
        {},
        hub=HubTarget("local"),
        options=PlanOptions(create=True),
        managed=(),
        created_at="2026-01-01T00:00:00Z",
    )
    now = fleet(*(device(name, paused=True) for name in names))
    with pytest.raises(Refused, match="d04 now; and 15 more"):
        check_not_held(plan, many, now)
