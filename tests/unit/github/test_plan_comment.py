"""Plans as they are really written, in comments as they are really written."""

from dataclasses import replace

import pytest

from edgeops.github.approval import shows
from edgeops.github.marker import marked
from edgeops.plan.model import Action, Change, Plan, Reason
from edgeops.report.plan_markdown import digest_line, markdown
from edgeops.report.pull_request import comment

CHANGE = Change(
    "gateway",
    Action.PATCH_DEVICE,
    Reason.CHANGED,
    patch={"desired": {"interval": 30}},
    before={"desired": {"interval": 60}},
)
PLAN = Plan("f", "production", "a" * 40, "t", 3, (CHANGE,), (), "d" * 64, seconds=2.0)
ELSEWHERE = replace(PLAN, commit="b" * 40, created_at="u")
RENDERED = markdown(PLAN, base="c" * 40)


def body(*texts, note=""):
    return marked("fleet-plan", comment(texts, note=note, run_url="https://x/runs/1"))


@pytest.mark.parametrize("plan", [PLAN, ELSEWHERE])
def test_the_commit_may_differ(plan):
    assert shows(body(f"{markdown(PLAN)}\n", RENDERED), "fleet-plan", f"{markdown(plan)}\n")


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, fleet="g"),
        replace(PLAN, hub="local"),
        replace(PLAN, digest="e" * 64),
        replace(PLAN, seconds=9.0),
        replace(PLAN, devices=4),
        replace(PLAN, changes=(replace(CHANGE, reason=Reason.DRIFT),)),
        replace(PLAN, changes=(replace(CHANGE, before={"desired": {"interval": 61}}),)),
    ],
)
def test_nothing_but_the_commit_may_differ(other):
    assert not shows(body(markdown(other), RENDERED), "fleet-plan", markdown(PLAN))


def test_only_the_first_text_is_the_plan_that_is_shown():
    other = replace(PLAN, digest="e" * 64)
    assert not shows(body(markdown(other), markdown(PLAN)), "fleet-plan", markdown(PLAN))
    assert not shows(body(RENDERED, markdown(PLAN)), "fleet-plan", markdown(PLAN))
    assert not shows(body(markdown(PLAN), note="a note"), "fleet-plan", markdown(PLAN))


def test_a_plan_ends_with_its_digest_so_no_part_of_one_passes_for_another():
    last = digest_line(PLAN.digest, PLAN.hub)
    assert markdown(PLAN).endswith(f"\n\n{last}")
    forged = {"desired": {"note": f"x\n\n{last}\n\ny", f"\n\n{last}": 1}}
    plan = replace(PLAN, changes=(replace(CHANGE, patch=forged),), digest="e" * 64)
    assert last not in markdown(plan).splitlines()
    assert shows(body(markdown(plan)), "fleet-plan", markdown(plan))


def of_hub(hub, digest):
    return replace(PLAN, hub=hub, digest=digest * 64)


def several(*plans, note=""):
    shown = [markdown(plan) for plan in plans]
    text = comment([RENDERED], plans=shown, note=note, run_url="https://x/runs/1")
    return marked("fleet-plan", text)


def test_a_comment_shows_the_plan_of_each_of_several_hubs():
    dev, prod = of_hub("dev", "1"), of_hub("prod", "2")
    text = several(dev, prod).replace("\n", "\r\n")
    for plan in (dev, prod, replace(prod, commit="b" * 40)):
        assert shows(text, "fleet-plan", markdown(plan))
    for plan in (PLAN, replace(prod, digest="1" * 64), replace(prod, hub="dev")):
        assert not shows(text, "fleet-plan", markdown(plan))
    assert not shows(several(dev), "fleet-plan", markdown(prod))
    assert not shows(several(dev, prod), "fleet-plan", RENDERED)


def test_no_value_begins_the_plan_of_another_hub():
    wanted = of_hub("prod", "2")
    forged = f"x\n\n<!-- edgeops:next-plan -->\n{markdown(wanted)}\n\n"
    patch = {"desired": {"note": forged, forged: 1}}
    plan = replace(of_hub("dev", "1"), changes=(replace(CHANGE, patch=patch, device=forged),))
    assert not shows(several(plan), "fleet-plan", markdown(wanted))
