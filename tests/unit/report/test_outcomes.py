"""The result of a sync."""

import json

from edgeops.apply.outcome import Outcome, Status
from edgeops.report import outcomes as report
from edgeops.report.markdown import COMMENT_LIMIT

APPLIED = [Outcome(f"queen-street-{n}", Status.APPLIED, 3) for n in range(10)]
THROTTLED = [
    Outcome(name, Status.FAILED, written, "the hub is busy (429)", "try again later")
    for name, written in (("b", 0), ("a", 1))
]
CONFLICT = Outcome("c", Status.CONFLICT, 0, "desired.interval is 5 now")
SKIPPED = [Outcome(name, Status.SKIPPED) for name in ("d", "e")]


def test_all_went_well():
    assert report.text(APPLIED, seconds=14.2) == "10 devices synced (30 writes), in 14 s"


def test_nothing_to_do():
    assert report.text([]) == "nothing to do"


def test_failures_come_first_once_for_each_reason():
    outcomes = [*APPLIED, *THROTTLED, CONFLICT, *SKIPPED]
    assert report.text(outcomes, seconds=14.2) == (
        "failed 2 devices: the hub is busy (429)\n"
        "    a (after 1 write), b\n"
        "    hint: try again later\n"
        "\n"
        "changed by others during the sync c: desired.interval is 5 now\n"
        "\n"
        "not started 2 devices\n"
        "    d, e\n"
        "\n"
        "10 devices synced (31 writes), 2 failed, 1 changed by others during the sync,"
        " 2 not started, in 14 s\n"
        "hint: run the same command again: it writes only what is still missing"
    )


def test_read_access_is_counted_by_itself():
    given = [Outcome(name, Status.ACCESS, 1) for name in ("f", "g")]
    words = "given read access to artifacts"
    assert report.text(given) == f"2 devices {words}"
    assert report.text([*APPLIED, *given]) == f"10 devices synced (30 writes), 2 {words}"
    assert report.text([CONFLICT, *given]).endswith(
        f"0 devices synced (0 writes), 2 {words}, 1 changed by others during the sync"
    )


def test_json():
    document = json.loads(report.as_json([CONFLICT, APPLIED[0]]))
    assert document["summary"] == {
        "applied": 1,
        "access": 0,
        "failed": 0,
        "conflict": 1,
        "refused": 0,
        "skipped": 0,
    }
    assert document["devices"][0] == {
        "device": "c",
        "status": "conflict",
        "written": 0,
        "message": "desired.interval is 5 now",
        "hint": "",
    }


def test_markdown():
    assert report.markdown([*APPLIED, *THROTTLED, SKIPPED[0]]) == (
        "### edgeops sync\n"
        "\n"
        "**10 devices synced (31 writes), 2 failed, 1 not started**\n"
        "\n"
        "- failed: `a (after 1 write)`, `b`: `the hub is busy (429)` (hint: `try again later`)\n"
        "- not started: `d`\n"
        "\n"
        "To continue, run the same command again: it writes only what is still missing."
    )


def test_markdown_of_a_bad_day_still_fits_a_comment():
    outcomes = [Outcome(f"s{n}", Status.FAILED, 0, f"{n} " * 200) for n in range(1000)]
    text = report.markdown(outcomes)
    assert len(text) < COMMENT_LIMIT
    assert "more reasons" in text


def test_a_secret_in_a_message_is_masked():
    leaky = Outcome("a", Status.FAILED, 0, "HostName=h;SharedAccessKey=c2VjcmV0c2VjcmV0=")
    for shown in (report.text([leaky]), report.as_json([leaky]), report.markdown([leaky])):
        assert "c2VjcmV0" not in shown
