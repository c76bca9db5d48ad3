"""How results become a table and a document, and how two documents are compared."""

from tests.bench.compare import comparison, joined
from tests.bench.results import at_least, at_most
from tests.bench.tables import from_json, table, to_json

FAST = at_most("cold: CPU, of the script", "x", [0.4, 0.3, 0.5], 0.5)
SLOW = at_least("patch: net CPU of the script, of ours", "x", [13.0, 14.5, 12.5], 14)
FREE = at_most("wall", "s", [1234.5])


def test_a_row_has_the_median_the_spread_and_a_verdict():
    rows = table({"validate": [FAST], "sync": [SLOW, FREE]}).splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]
    assert cells == [
        ["validate", "cold: CPU, of the script", "≤ 0.50x", "0.40x", "0.30x to 0.50x", "met"],
        ["sync", SLOW.name, "≥ 14x", "13x", "12.5x to 14.5x", "**MISSED**"],
        ["sync", "wall", "", "1,234 s", "one value", ""],
    ]
    assert len({len(row) for row in rows}) == 1  # aligned


def test_a_document_gives_back_the_results():
    run = {"validate": [FAST, FREE], "sync": [SLOW]}
    assert from_json(to_json(run, {"cores": "2"})) == run


def test_a_comparison_shows_what_is_worse_by_more_than_15_percent_worst_first():
    before = {
        "validate": [at_most("CPU", "s", [1.0]), at_most("memory", "MB", [100])],
        "sync": [at_least("speed", "x", [10.0]), at_most("gone", "s", [1])],
    }
    after = {
        "validate": [at_most("CPU", "s", [1.2]), at_most("memory", "MB", [115])],
        "sync": [at_least("speed", "x", [5.0]), at_most("new", "s", [9])],
    }
    first, _, head, _, *rows = comparison(before, after).splitlines()
    assert first == "2 of 3 results are worse by more than 15%"
    assert [cell.strip() for cell in head.strip("|").split("|")][-2:] == ["after", "worse by"]
    assert [row.replace(" ", "") for row in rows] == [
        "|sync|speed|10x|5x|100%|",
        "|validate|CPU|1s|1.20s|20%|",
    ]


def test_without_a_regression_there_is_no_table():
    before, after = {"a": [at_most("CPU", "s", [1.0])]}, {"a": [at_most("CPU", "s", [0.1])]}
    assert comparison(before, after) == "0 of 1 results are worse by more than 15%\n"
    assert comparison({}, after) == "0 of 0 results are worse by more than 15%\n"


def test_something_is_worse_than_nothing():
    none = {"kills": [at_most("writes lost", "", [0], 0)]}
    some = {"kills": [at_most("writes lost", "", [2], 0)]}
    assert comparison(none, none).startswith("0 of 1")
    assert comparison(none, some).startswith("1 of 1")
    assert comparison(some, none).startswith("0 of 1")


def test_the_runs_of_one_commit_count_as_one():
    runs = [{"a": [at_most("CPU", "s", [1.0])]}, {"a": [at_most("CPU", "s", [3.0, 2.0])]}]
    assert joined(runs) == {"a": [at_most("CPU", "s", [1.0, 3.0, 2.0])]}
