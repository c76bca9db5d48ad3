"""Whole texts of edgeops with hostile words at every place, as GitHub's own parser reads them."""

from dataclasses import replace

import pytest
from github_markdown import escapes
from hostile import MARKED, commands
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.api.workspace import InvalidFleet
from edgeops.apply.outcome import Outcome, Status
from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.kinds import rollout
from edgeops.fleet.model import DesiredDevice, Place, Problem
from edgeops.health.device import HealthState
from edgeops.plan.model import Action, Change, Plan, Reason, Refusal
from edgeops.promotion.change import ManifestChange
from edgeops.promotion.decide import Decision, RingHealth, RolloutState, Step, UnhealthyDevice
from edgeops.promotion.rings import Ring
from edgeops.release import ModelRelease
from edgeops.report import outcomes, scorecard
from edgeops.report.markdown import COMMENT_LIMIT
from edgeops.report.plan_markdown import digest_line, markdown
from edgeops.report.plan_text import text as plan_text
from edgeops.report.planned import no_plan
from edgeops.report.proposal import promotion_text, release_text
from edgeops.report.pull_request import comment
from edgeops.training.evaluate.scorecard import MODEL, Score, Scorecard, Verdict

RUN = "https://github.com/o/r/actions/runs/1"
FORGED = "f" * 64

VALUES = st.recursive(
    MARKED | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(MARKED, inner, max_size=2),
    max_leaves=4,
)
SECTIONS = st.dictionaries(
    st.sampled_from(["tags", "desired"]), st.dictionaries(MARKED, VALUES, max_size=3)
)
CHANGES = st.builds(
    Change,
    MARKED,
    st.sampled_from([action for action in Action if action is not Action.DEPLOY]),
    st.sampled_from(Reason),
    module=MARKED,
    patch=SECTIONS,
    before=SECTIONS,
)  # fmt: skip
PLANS = st.builds(
    lambda fleet, hub, changes, refusals: Plan(
        fleet, hub, "c" * 40, "t", len(changes), tuple(changes), tuple(refusals), "d" * 64, 5.0
    ),
    MARKED,
    MARKED,
    st.lists(CHANGES, max_size=4),
    st.lists(st.builds(Refusal, MARKED, MARKED, MARKED), max_size=2),
)
FEW = settings(max_examples=50)


def inert(text, *, links=(), images=()):
    assert not escapes(text, links, images)
    assert not commands(text)
    assert len(text) < COMMENT_LIMIT
    assert digest_line(FORGED, "production") not in text.splitlines()
    return True


@pytest.mark.slow
@FEW
@given(PLANS, MARKED)
def test_a_plan(plan, group):
    device = DesiredDevice("d", {}, (group,), False, "sas", True, {}, {}, {}, {}, {})
    devices = {change.device: replace(device, name=change.device) for change in plan.changes[:2]}
    text = markdown(plan, devices)
    assert inert(text)
    assert inert(markdown(plan, devices, base=group))
    own = digest_line(plan.digest, plan.hub)
    assert text.splitlines().count(own) == bool(plan.changes)
    assert not commands(plan_text(plan, verbose=True))


@pytest.mark.slow
@FEW
@given(PLANS, PLANS, MARKED)
def test_a_comment(plan, other, note):
    text = comment([markdown(plan), markdown(other)], note=note, run_url=RUN)
    assert inert(text, links=[RUN])


@FEW
@given(MARKED, st.lists(MARKED, min_size=4, max_size=4))
def test_a_failure(text, words):
    file, pointer, message, hint = words
    problem = Problem(Place(file), pointer, message, hint)
    invalid = InvalidFleet(text, hint, (problem,))
    for error in (EdgeOpsError(text, hint), Refused(text, hint), invalid):
        assert inert(no_plan(error))


@FEW
@given(
    st.lists(
        st.builds(Outcome, MARKED, st.sampled_from(Status), st.just(1), MARKED, MARKED), max_size=3
    )
)
def test_outcomes(drawn):
    assert inert(outcomes.markdown(drawn))
    assert not commands(outcomes.text(drawn))
    assert not commands(outcomes.as_json(drawn))


@FEW
@given(MARKED, MARKED, MARKED, MARKED, st.sampled_from(["models", "desired"]))
def test_proposals(group, slot, model, message, part):
    path = (part, slot)
    ring = Ring(group, rollout({"ring": 1}), model, (message,))
    last = Ring(slot, rollout({"ring": 2}), model, ())
    reasons = (UnhealthyDevice(message, HealthState.DEGRADED, message, None),)
    decision = Decision(
        RolloutState(path, model, (ring,), (last,)),
        Step.DEGRADED,
        RingHealth(ring, Step.DEGRADED, 1, reasons),
    )
    changes = [ManifestChange("fleet/x.yaml", group, path, message, model)]
    assert inert(promotion_text(decision, changes))
    release = ModelRelease.of_file(model, message, "f", 1, "a" * 64, "b" * 32, "onnx", path="p")
    text = release_text(release, (), why_not=message, scorecard="", plots=())
    assert inert(text)


def test_very_many_changes_fit():
    release = ModelRelease.of_file("m", "1.0.0", "f", 1, "a" * 64, "b" * 32, "onnx", path="p")
    changes = [ManifestChange("f", "g" * 64, ("models", "s" * 64), "m" * 64, "n" * 64)] * 2_000
    text = release_text(release, changes, why_not="", scorecard="s", plots=())
    assert "and 1,950 more groups" in text
    assert len(text) < COMMENT_LIMIT


@FEW
@given(MARKED, MARKED, MARKED)
def test_a_scorecard(model, gate, series):
    score = {MODEL: Score(10, 0.1, 1.0, 0.5, 0.1, 0.1, 0)}
    gates = (Verdict(gate, 1.0, False, series),)
    card = Scorecard(model, (series,), 1, (0.5,), {}, per_series={series: score}, gates=gates)
    assert inert(scorecard.markdown(card))
