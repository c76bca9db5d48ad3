"""The history as a table and as JSON; what the hub said is inert."""

import json

from edgeops.api.histories import HistoryEntry, HubHistory
from edgeops.history import ApplyRecord, ApplyResult, ApplyScope, CompleteApply
from edgeops.report import history_text

WHEN = "2026-01-02T03:04:05Z"
DONE = ApplyRecord(
    "2", "a" * 40, WHEN, "Ada", "https://github.com/o/r/actions/runs/7",
    ApplyScope(prune=True, since="b" * 40), ApplyResult.PARTLY,
    {"change": 1200, "failed": 2}, ("d1",),
)  # fmt: skip
KILLED = ApplyRecord("1", "b" * 40, WHEN, scope=ApplyScope(("ring=canary", "x", "y", "z")))
FOUND = HubHistory(
    "f",
    "production",
    entries=(HistoryEntry(DONE, "Faster"), HistoryEntry(KILLED)),
    older=3,
    complete=CompleteApply("c" * 40, WHEN, "hub", "1", left=("d2",)),
)


def test_a_table_with_the_last_complete_sync():
    lines = history_text.text(FOUND).split("\n")
    assert [" ".join(line.split()) for line in lines] == [
        "WHEN (UTC) COMMIT WHO SCOPE DEVICES OUTCOME SUBJECT",
        "2026-01-02 03:04:05 aaaaaaa Ada (run 7) since bbbbbbb, prune"
        " ~1,200, 2 failed partly applied Faster",
        "2026-01-02 03:04:05 bbbbbbb - ring=canary, x, and 2 more - started, no end",
        "and 3 older: `-n 5`",
        "",
        "last complete sync: ccccccc at 2026-01-02 03:04:05 UTC",
        "without 1 device: d2",
    ]


def test_json_has_everything():
    value = json.loads(history_text.as_json(FOUND))
    assert value["complete"]["left"] == ["d2"]
    assert value["older"] == 3
    assert value["applies"][0] == {
        "when": WHEN,
        "commit": "a" * 40,
        "subject": "Faster",
        "who": "Ada",
        "run": "https://github.com/o/r/actions/runs/7",
        "scope": {"prune": True, "sinceLast": "b" * 40},
        "outcome": "partly applied",
        "counts": {"change": 1200, "failed": 2},
        "devices": ["d1"],
        "reason": "",
    }
    assert value["applies"][1]["devices"] is None


def test_nothing_to_show():
    assert history_text.text(HubHistory("f", "h", why_not="it is not")) == "no history: it is not"
    assert history_text.text(HubHistory("f", "h", "d")).split("\n") == [
        "no recorded sync concerns d on the hub h",
        "",
        "no complete sync is recorded: `sync --since-last` reads every device",
    ]


def test_foreign_text_is_inert():
    hostile = ApplyRecord("1", "a" * 40, WHEN, "\x1b[31m\n::error::x", "javascript:/runs/\x07")
    text = history_text.text(HubHistory("f", "h", entries=(HistoryEntry(hostile, "\x1b]0;x"),)))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert not any(line.startswith("::") for line in text.split("\n"))
