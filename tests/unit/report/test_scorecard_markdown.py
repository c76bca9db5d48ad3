"""A scorecard in a pull request."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edgeops.report import scorecard as report
from edgeops.report.markdown import COMMENT_LIMIT
from edgeops.training.evaluate.scorecard import ALL, MODEL, Score, Scorecard, Verdict

SCORE = Score(10, 0.1, 1.0, 0.5, 0.1, 0.1, 0)


def test_the_verdict_comes_first(card):
    assert report.markdown(card).split("\n\n")[:3] == [
        "### Model `crowdedness-24h`: 1 of 2 gates failed",
        "| verdict | gate | why |\n"
        "|---|---|---|\n"
        "| FAILED | `size_bytes` | it is 183,143, above the maximum 150,000 |\n"
        "| passed | `wape_vs_seasonal_naive` | it is 0.667, at most 0.72 |",
        "**On `test`**, 2024-07-01 01:00 to 2024-12-31 23:00, 4,391 origins:",
    ]


def test_the_tables(card):
    blocks = report.markdown(card).split("\n\n")
    assert blocks[3].splitlines()[:3] == [
        "| model | WAPE | MASE | MAPE (left out) | day | night | 80% coverage |",
        "|---|---:|---:|---:|---:|---:|---:|",
        "| crowdedness-24h | 7.45% | 0.521 | 9.31% (1,234) | 6.71% | 12.66% | 80.1% |",
    ]
    assert "| LightGBM | -0.01 | -0.23 to +0.19 | no clear difference |" in blocks[4]
    assert blocks[5].splitlines()[-1] == "| lunch | 8.20% | 8.21% | 12.28% | 80.1% |"
    assert blocks[6].splitlines()[::2][:2] == [
        "| 80% coverage from | +0 h | +1 h | +2 h | +3 h | +4 h | +5 h |",
        "| `0:00` | 80% | – | – | – | – | – |",
    ]


def test_series_are_folded(card):
    scores = {MODEL: card.parts["test"].models[MODEL].slices[ALL]}
    text = report.markdown(replace(card, per_series={"45 Queen Street": scores}))
    assert "<details><summary>1 series, each on its own</summary>\n\n| series |" in text


def test_a_model_of_ten_thousand_series_still_fits_a_comment(card):
    series = {f"`{n}` | " * 30: {MODEL: SCORE} for n in range(10_000)}
    gates = tuple(Verdict(f"gate_{n}", 1.0, False, "| " * 500) for n in range(2000))
    text = report.markdown(replace(card, per_series=series, gates=gates))
    assert len(text) < COMMENT_LIMIT
    assert "left out" in text


@given(st.text(min_size=1))
def test_no_name_leaves_its_cell(name):
    card = Scorecard("m", (name,), 1, (0.5,), {}, per_series={name: {MODEL: SCORE}})
    row = report.markdown(card).splitlines()[-3]
    cells = re.split(r"(?<!\\)\|", row)
    assert len(cells) == 2 + 4  # series, WAPE, MASE, MAPE
    assert "@" not in re.sub(r"(`+).*?\1", "", row)
