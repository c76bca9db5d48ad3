"""A plan as a pull request comment."""

import re
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.plan.model import Action, Change, Plan, Reason, Refusal
from edgeops.report.markdown import COMMENT_LIMIT, Room, code
from edgeops.report.plan_markdown import digest_line, markdown, same_plan


def plan_of(*changes, devices=22, refusals=(), seconds=None):
    return Plan(
        "auckland-cbd", "production", "1a2b3c4d5e6f", "2025-05-01T10:00:00Z", devices, changes,
        refusals, "d", seconds,
    )  # fmt: skip


def patch(device, want, live=None):
    return Change(
        device,
        Action.PATCH_DEVICE,
        Reason.CHANGED,
        patch={"desired": want},
        before={"desired": live or {}},
    )


def outside_fences(text):
    """The lines that are not in a fence; fails when a fence is not closed."""
    lines, inside = [], False
    for line in text.split("\n"):
        if line.strip().startswith("```"):
            assert line == ("```" if inside else "```diff")
            inside = not inside
        elif not inside:
            lines.append(line)
    assert not inside
    return lines


def test_one_change_on_three_devices():
    plan = plan_of(*(patch(name, {"interval": 30}, {"interval": 60}) for name in "abc"), seconds=9)
    assert markdown(plan) == (
        "### edgeops plan: `auckland-cbd` at `1a2b3c4` → hub `production`\n"
        "\n"
        "| to create | to change | to delete | in sync | refused |\n"
        "|---:|---:|---:|---:|---:|\n"
        "| 0 | 3 | 0 | 19 | 0 |\n"
        "\n"
        "**Blast radius:** one patch × 3 devices\n"
        "\n"
        "<details open><summary>change: this patch × <b>3 devices</b></summary>\n"
        "\n"
        "`a`, `b`, `c`\n"
        "\n"
        "```diff\n"
        "@@ device (changed in git) @@\n"
        "- desired.interval: 60\n"
        "+ desired.interval: 30\n"
        "```\n"
        "\n"
        "</details>\n"
        "\n"
        "Estimated duration at the rate limits of this hub: 9 s.\n"
        "\n"
        "Plan digest `d`, hub `production`"
    )


def test_no_changes_and_refusals():
    assert markdown(plan_of(refusals=(Refusal("a", "belongs to `other`", "wait"),))) == (
        "### edgeops plan: `auckland-cbd` at `1a2b3c4` → hub `production`\n"
        "\n"
        "No changes. 21 devices are in sync with 1a2b3c4, 1 refused.\n"
        "\n"
        "**Refused**, not changed:\n"
        "\n"
        "- `a`: `` belongs to `other` `` (hint: `wait`)"
    )


def test_deletions_need_no_diff():
    text = markdown(plan_of(Change("old", Action.DELETE_DEVICE, Reason.REMOVED)))
    assert "delete <b><code>old</code></b></summary>" in text
    assert "```" not in text


def test_a_deletion_says_where_git_has_the_device():
    moved = [
        Change(name, Action.DELETE_DEVICE, Reason.MOVED, moved_to=(hub,))
        for name, hub in (("a", "us"), ("b", "us"), ("c", "eu"))
    ]
    text = markdown(plan_of(*moved))
    assert "delete <b>2 devices</b> (<code>git binds them to the hub us</code>)" in text
    assert "delete <b><code>c</code></b> (<code>git binds it to the hub eu</code>)" in text


def test_notes_are_shown():
    plan = replace(plan_of(Change("old", Action.DELETE_DEVICE, Reason.REMOVED)), notes=("a *b*",))
    assert "\n\n**Note**: `a *b*`" in markdown(plan)


def test_code_spans_hold_anything():
    assert code("a") == "`a`"
    assert code("a`b``c") == "```a`b``c```"
    assert code("`a`") == "`` `a` ``"
    assert code("") == "` `"
    assert code("a\nb") == "`a\\nb`"


NASTY = "```\n</details>\n<img src=x onerror=y> @octocat #1 | **b** `x` ~~~"


def test_values_cannot_break_out():
    plan = plan_of(
        patch("@octocat</summary>", {NASTY: {NASTY: NASTY}}, {NASTY: 1}),
        refusals=(Refusal(NASTY, NASTY, NASTY),),
    )
    text = markdown(plan)
    outside = "\n".join(outside_fences(text))
    assert outside.count("<details") == outside.count("</details>\n\n**Refused**") == 1
    assert "<code>@octocat&lt;/summary&gt;</code>" in outside  # code: no mention
    refusals = text.split("**Refused**")[1]
    assert "\n</details>" not in refusals
    assert refusals.count("````") == 6  # three code spans, each longer than the text's own ticks


@pytest.mark.slow
def test_a_big_plan_gets_shorter_and_says_so():
    kinds = [{f"p{kind}-{i}": f"{kind}" * 300 for i in range(200)} for kind in range(12)]
    plan = plan_of(*(patch(f"sensor-{n:05}", kinds[n % 12]) for n in range(3000)), devices=3000)
    text = markdown(plan)
    assert 10_000 < len(text) < COMMENT_LIMIT
    assert "| 0 | 3,000 | 0 | 0 | 0 |" in text
    assert re.search(r"\n# and 1\d\d more paths\n", text)
    assert "`edgeops sync --dry-run -v` shows every device and value." in text
    outside_fences(text)


def test_groups_that_do_not_fit_are_counted():
    kinds = [{f"{'p' * 2_000}{kind}-{i}": 1 for i in range(20)} for kind in range(12)]
    plan = plan_of(*(patch(f"{'d' * 120}{n:05}", kinds[n % 12]) for n in range(3000)), devices=3000)
    plan = replace(plan, notes=tuple("n" * 200 for _ in range(200)))
    text = markdown(plan)
    assert len(text) < COMMENT_LIMIT
    assert "**Left out** to keep this short: 7 groups with 1,750 devices. `edgeops" in text


def test_a_patch_for_ten_thousand_devices_is_short():
    plan = plan_of(*(patch(f"sensor-{n:05}", {"a": 1}) for n in range(10_000)), devices=10_000)
    text = markdown(plan)
    assert "change: this patch × <b>10,000 devices</b>" in text
    assert "and 9,960 more" in text
    assert len(text) < 5_000


def test_a_job_summary_has_room_for_more():
    wanted = [{f"path{i}": f"{n}" * 30 for i in range(20)} for n in range(300)]
    plan = plan_of(*(patch(f"sensor-{n:05}", want) for n, want in enumerate(wanted)), devices=300)
    assert "\n# and 297 more\n" in markdown(plan)
    text = markdown(plan, room=Room.SUMMARY)
    assert f'\n+   sensor-00123: "{"123" * 30}"\n' in text
    assert "more" not in text
    assert COMMENT_LIMIT < len(text) < Room.SUMMARY


def test_what_one_device_gets_is_not_lost_among_the_others():
    changes = [
        patch(f"gw-{n:03}", {"level": 3}, {"level": 9 if n == 17 else 2}) for n in range(300)
    ]
    text = markdown(plan_of(*changes, devices=300))
    assert "<summary>change: the same paths × <b>300 devices</b></summary>" in text
    assert (
        "# desired.level: 2 different changes\n"
        "-   299 devices: 2\n"
        "+   299 devices: 3\n"
        "-   gw-017: 9\n"
        "+   gw-017: 3\n"
        "```"
    ) in text


def test_against_git_it_says_since_when():
    text = markdown(plan_of(patch("a", {"b": 1})), base="0123456789")
    assert text.startswith("### edgeops plan: `auckland-cbd` at `1a2b3c4` since `0123456`\n")


def test_plans_are_known_by_their_digest_lines():
    text = markdown(plan_of(patch("a", {"b": 1})))
    assert digest_line("d", "production") in text.splitlines()
    assert same_plan(text, f"anything\n{digest_line('d', 'production')}")
    assert not same_plan(text, digest_line("d", "other"))
    assert not same_plan(markdown(plan_of()), markdown(plan_of()))  # nothing to do has no line


def test_a_value_cannot_pass_for_a_digest_line():
    line = digest_line("d", "production")
    plan = plan_of(patch("a", {line: f"\n{line}\n"}), refusals=(Refusal(line, line, line),))
    plan = replace(plan, fleet=line, digest="other")
    assert line not in markdown(plan).splitlines()


TEXT = st.text(st.sampled_from("`~<>@#|\n\r\\\"' \u202e\ud800é") | st.characters(), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.builds(str.__mul__, TEXT, st.just(100)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=6,
)
SECTIONS = st.dictionaries(
    st.sampled_from(["tags", "desired", "$edgeAgent", "$edgeHub"]),
    st.dictionaries(TEXT, VALUES, max_size=4),
)
CHANGES = st.builds(
    Change,
    device=st.text(string.ascii_letters + "@`<", min_size=1, max_size=128),
    action=st.sampled_from(list(Action)),
    reason=st.sampled_from(list(Reason)),
    module=st.none() | TEXT,
    patch=SECTIONS,
    before=SECTIONS,
)
REFUSALS = st.builds(Refusal, TEXT, TEXT, TEXT)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(CHANGES, max_size=8), st.lists(REFUSALS, max_size=5), st.sampled_from([1, 30]))
def test_any_plan_fits_and_closes_what_it_opens(changes, refusals, times):
    many = tuple(
        replace(change, device=f"{change.device}{n}", patch={**change.patch, "tags": {"n": n}})
        for change in changes
        for n in range(times)
    )
    text = markdown(plan_of(*many, devices=len(many), refusals=tuple(refusals * times)))
    assert len(text) < COMMENT_LIMIT
    outside = outside_fences(text)
    opened = [line for line in outside if line.startswith("<details")]
    assert len(opened) == outside.count("</details>")
    assert text.encode()  # no lone surrogates


def test_it_says_which_stores_devices_may_get_access_to():
    shown = markdown(replace(plan_of(), access=("azure-blob",)))
    assert "may get short-lived read access to the store `azure-blob`" in shown
