"""Several previews as one comment."""

from edgeops.report.markdown import COMMENT_LIMIT
from edgeops.report.plan_markdown import digest_line
from edgeops.report.pull_request import comment

LIVE = f"### edgeops plan: `f` at `1a2b3c4` → hub `local`\n\nlive\n\n{digest_line('d', 'local')}"
RENDERED = "### edgeops plan: `f` at `1a2b3c4` since `0a0b0c0`\n\nrendered"


def test_the_first_preview_is_shown_in_full_and_the_others_are_folded():
    assert comment([LIVE, RENDERED]) == (
        f"{LIVE}\n\n"
        "<details><summary>edgeops plan: f at 1a2b3c4 since 0a0b0c0</summary>\n\n"
        f"{RENDERED}\n\n"
        "</details>"
    )


def test_the_same_plan_is_not_shown_twice():
    again = f"{RENDERED}\n\n{digest_line('d', 'local')}"
    note = "The same result: edgeops plan: `f` at `1a2b3c4` since `0a0b0c0`."
    assert comment([LIVE, again]) == f"{LIVE}\n\n{note}"
    assert comment([LIVE, f"{LIVE}\n"]) == LIVE


def test_a_note_stands_in_front_and_the_run_behind():
    text = comment([RENDERED], note="No preview on the hub.", run_url="https://x/runs/1")
    assert text.startswith("> [!NOTE]\n> No preview on the hub.\n\n### edgeops plan")
    assert "[Full output](https://x/runs/1)" in text.rpartition("\n\n")[2]


def test_previews_that_do_not_fit_are_left_out_with_a_note():
    long = f"### edgeops plan: `f`\n\n{'x' * 40_000}"
    text = comment([long, f"{long}y", f"{long}z"], note="n", run_url="https://x/runs/1")
    assert len(text) < COMMENT_LIMIT
    assert text.count("too long for this comment") == 2


def test_the_plans_of_several_hubs_are_all_shown_in_full():
    other = LIVE.replace("`local`", "`prod`").replace("live", "other")
    text = comment([RENDERED], plans=[LIVE, f"{other}\n"])
    assert text.startswith(f"{LIVE}\n\n<!-- edgeops:next-plan -->\n{other}\n\n<details>")
    assert comment([], plans=[LIVE]) == comment([LIVE]) == LIVE
    long = f"### edgeops plan: `f`\n\n{'x' * 40_000}"
    text = comment([], plans=[long, f"{long}y", LIVE])
    assert len(text) < COMMENT_LIMIT
    assert text.count("too long for this comment") == 2
