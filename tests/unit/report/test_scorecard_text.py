"""A scorecard on a terminal."""

import re
from dataclasses import replace

from edgeops.report import scorecard as report
from edgeops.training.evaluate.scorecard import ALL, MODEL, Comparison

TEXT = """\
crowdedness-24h on test: 2024-07-01 01:00 to 2024-12-31 23:00, 4,391 origins

model                   WAPE    MASE   MAPE (left out)      day    night   80% coverage
crowdedness-24h        7.45%   0.521     9.31% (1,234)    6.71%   12.66%          80.1%
LightGBM               7.46%   0.522     9.32% (1,234)    6.71%   12.68%          79.0%
seasonal naive 168h   11.16%   0.781    13.95% (1,234)   10.04%   18.97%              –

WAPE by time of day   crowdedness-24h   LightGBM   seasonal naive 168h   80% coverage
night                          12.66%     12.68%                18.97%          80.1%
lunch                           8.20%      8.21%                12.28%          80.1%

80% coverage from   +0 h   +1 h   +2 h   +3 h   +4 h   +5 h
0:00                 80%      –      –      –      –      –
6:00                   –      –      –      –      –      –
12:00                  –      –      –      –      –      –
18:00                  –      –      –      –      –      –

WAPE minus that of    points     95% interval   result
LightGBM               -0.01   -0.23 to +0.19   no clear difference
seasonal naive 168h    -3.71   -5.60 to -2.30   the model is better

FAILED   size_bytes               it is 183,143, above the maximum 150,000
passed   wape_vs_seasonal_naive   it is 0.667, at most 0.72

crowdedness-24h: 1 of 2 gates failed"""

_OVERALL = """
WAPE on test and later minus that of   points     95% interval   result
LightGBM                                -0.14   -0.25 to -0.04   the model is better
"""


def test_tables_then_the_verdict(card):
    assert report.text(card) == TEXT


def test_both_parts_together(card):
    parts = {**card.parts, "later": card.parts["test"]}
    both = replace(card, parts=parts, overall=(Comparison("lightgbm", -0.0014, -0.0025, -0.0004),))
    assert _OVERALL in report.text(both)
    assert "| WAPE on test and later minus that of |" in report.markdown(both)


def test_colours_change_no_character(card):
    coloured = report.text(card, color=True)
    assert re.sub("\x1b\\[[0-9]*m", "", coloured) == report.text(card)
    assert "\x1b[31mFAILED\x1b[0m" in coloured


def test_a_forecast_without_quantiles_has_no_coverage(card):
    assert "coverage" not in report.text(replace(card, quantiles=(0.5,)))


def test_series_by_themselves_the_best_first(card):
    models = card.parts["test"].models
    good = {MODEL: models[MODEL].slices[ALL], "seasonal-naive-168h": models["lightgbm"].slices[ALL]}
    bad = {MODEL: models["seasonal-naive-168h"].slices[ALL]}
    text = report.text(replace(card, per_series={"30 Queen": bad, "45 Queen": good}))
    assert text.index("45 Queen") < text.index("30 Queen")


def test_many_series_are_cut(card):
    scores = {MODEL: card.parts["test"].models[MODEL].slices[ALL]}
    text = report.text(replace(card, per_series={f"street {n}": scores for n in range(30)}))
    assert "and 6 more rows in the model card" in text


def test_names_cannot_steer_the_terminal(card):
    scores = {MODEL: card.parts["test"].models[MODEL].slices[ALL]}
    assert "\x1b" not in report.text(replace(card, per_series={"\x1b[2J": scores}))
