"""What the pull requests of workflows say, and that it always fits."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.api.proposals import NextPromotion
from edgeops.fleet.kinds import Rollout
from edgeops.health.device import HealthState
from edgeops.promotion.change import ManifestChange
from edgeops.promotion.decide import Decision, RingHealth, RolloutState, Step, UnhealthyDevice
from edgeops.promotion.rings import Ring
from edgeops.promotion.value import UNSET
from edgeops.release import ModelRelease, ReleaseFile, Variant
from edgeops.report.markdown import COMMENT_LIMIT
from edgeops.report.proposal import (
    promotion_proposal,
    promotion_text,
    promotion_title,
    release_text,
    release_title,
)

DAY = timedelta(days=1)
RELEASE = ModelRelease.of_file(
    "m", "1.1.0", "m-1.1.0.onnx", 1234, "a" * 64, "b" * 32, "onnx", path="m"
)
TO_CANARY = ManifestChange(
    "fleet/groups.yaml", "canary", ("models", "crowds"), "m@1.0.0", "m@1.1.0"
)
CANARY = Ring("canary", Rollout(1, DAY, 100), "m@1.1.0", ("c1",))
REST = Ring("all", Rollout(2, DAY, 100), "m@1.0.0", ("d1",))
ROLLOUT = RolloutState(("models", "crowds"), "m@1.1.0", (CANARY,), (REST,))


def text(changes=(TO_CANARY,), scorecard="### Model `m`", **more):
    facts = {"why_not": "No ring has m yet.", "plots": ()}
    return release_text(RELEASE, changes, scorecard=scorecard, **(facts | more))


def test_a_release_for_the_first_ring():
    assert release_title(RELEASE, (TO_CANARY,)) == "Release m@1.1.0 to canary"
    assert text(plots=["https://host/1.1.0-week.png"]) == (
        f"`m@1.1.0`, 1,234 bytes, sha256 `{'a' * 64}`.\n\n"
        "| group | slot | before | after |\n|---|---|---|---|\n"
        "| `canary` | `crowds` | `m@1.0.0` | `m@1.1.0` |\n\n"
        "### Model `m`\n\n"
        "![1.1.0-week](https://host/1.1.0-week.png)"
    )
    first = replace(TO_CANARY, before=UNSET)
    assert "| `crowds` | `nothing` | `m@1.1.0` |" in text((first,))


def test_a_release_of_several_files_or_with_variants():
    files = (ReleaseFile("a", 1000, "aa", path="a"), ReleaseFile("b", 234, "bb", path="b"))
    several = ModelRelease("m", "2.0.0", "savedmodel", files)
    jetson = Variant((("class", "jetson"),), "engine", files)
    variants = ModelRelease("m", "2.1.0", variants=(jetson, Variant((), "onnx", files[:1])))
    first, second = (
        release_text(release, (TO_CANARY,), why_not="", scorecard="", plots=())
        for release in (several, variants)
    )
    assert first.startswith(
        f"`m@2.0.0`, 2 files, 1,234 bytes, sha256 `{several.sha256}`.\n\n| group"
    )
    assert second.startswith(
        "`m@2.1.0`, by the labels of devices:\n\n"
        "* `class=jetson: engine, 2 files, 1,234 bytes`\n"
        "* `every other device: onnx, 1 file, 1,000 bytes`\n\n| group"
    )


def test_a_release_for_nobody_yet():
    assert release_title(RELEASE, ()) == "Release m@1.1.0"
    assert "No group gets it yet. No ring has m yet." in text(())


@pytest.mark.parametrize("length", [60_000, 64_500, 65_536, 200_000])
@pytest.mark.parametrize("images", [0, 30])
def test_it_always_fits(length, images):
    plots = [f"https://host/{'x' * 100}/{number}.png" for number in range(images)]
    body = text(scorecard="é" * (length // 2), plots=plots)
    assert len(body.encode()) < COMMENT_LIMIT
    assert ("the scorecard is too long" in body) == (length > 61_000 + 2_000 * (not images))


def test_a_promotion_says_why():
    decision = Decision(ROLLOUT, Step.PROMOTE, RingHealth(CANARY, Step.PROMOTE, 1))
    to_all = ManifestChange("fleet/groups.yaml", "all", ("models", "crowds"), "m@1.0.0", "m@1.1.0")
    assert promotion_title(decision, [to_all]) == "Promote m@1.1.0 to all"
    assert promotion_text(decision, [to_all]).splitlines()[0] == (
        "`crowds: all gets m@1.1.0 after 1 device of canary were healthy with it for 24 h`"
    )
    done = Decision(RolloutState(("models", "crowds"), "m@1.1.0", (CANARY,), ()), Step.DONE)
    assert promotion_text(done, ()) == "`crowds: every ring has m@1.1.0`"


def test_a_revert_lists_the_devices_whatever_they_say():
    message = "`@everyone` | <img src=x>\n# no"
    reasons = tuple(
        UnhealthyDevice(f"c{n}", HealthState.DEGRADED, message, None) for n in range(60)
    )
    decision = Decision(ROLLOUT, Step.DEGRADED, RingHealth(CANARY, Step.DEGRADED, 1, reasons))
    back = ManifestChange("fleet/groups.yaml", "canary", ("models", "crowds"), "m@1.1.0", "m@1.0.0")
    assert promotion_title(decision, [back]) == "Revert crowds to m@1.0.0 in canary"
    lines = promotion_text(decision, [back]).splitlines()
    listed = [line for line in lines if line.startswith("* ")]
    assert len(listed) == 51
    assert listed[-1] == "* and 10 more devices"
    assert all(line.startswith("* ``c") and line.endswith("``") for line in listed[:-1])


def proposed(path, value="b"):
    ring = Ring("canary", Rollout(1, DAY, 100), value, ("c1",))
    rollout = RolloutState(path, value, (ring,), (REST,))
    decision = Decision(rollout, Step.PROMOTE, RingHealth(ring, Step.PROMOTE, 1))
    to_all = ManifestChange("fleet/groups.yaml", "all", path, UNSET, value)
    return promotion_proposal(NextPromotion(decision, (to_all,), {}))


def test_a_promotion_of_a_value_names_its_path():
    proposal = proposed(("modules", "opc", "image"), "opc:2")
    assert proposal.title == "Promote modules.opc.image opc:2 to all"
    assert "| group | value | before | after |" in proposal.text("")
    assert '| `all` | `modules.opc.image` | `nothing` | `"opc:2"` |' in proposal.text("")
    assert "hunter2" not in proposed(("desired", "password"), "hunter2").text("")


@pytest.mark.parametrize(
    ("path", "branch"),
    [
        (("models", "crowds"), "crowds"),
        (("modules", "opc", "image"), "modules.opc.image"),
        (("modules", "opc", "env", "LOG-LEVEL"), "modules.opc.env.LOG-LEVEL"),
        (("desired", "a.b"), "desired-a-b-32409f40141f"),
    ],
)
def test_a_branch_is_named_after_the_path(path, branch):
    assert proposed(path).branch == f"edgeops/promote/{branch}"


KEYS = st.text(min_size=1) | st.sampled_from(["a.lock", "..", "@{", "~", "a/b", "-", "a" * 300])


@given(st.lists(KEYS, min_size=1, max_size=3), st.lists(KEYS, min_size=1, max_size=3))
def test_any_path_has_a_branch_of_its_own_that_git_allows(keys, other):
    one, two = (proposed(("desired", *path)).branch for path in (keys, other))
    assert (one == two) == (keys == other)
    assert re.fullmatch(r"edgeops/promote/[A-Za-z0-9_][A-Za-z0-9_.-]{0,98}", one)
    assert ".." not in one
    assert not one.endswith((".", ".lock"))
