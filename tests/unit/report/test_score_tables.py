"""Figures in words."""

import math
from dataclasses import replace

import pytest

from edgeops.report import score_tables as words
from edgeops.training.evaluate.scorecard import Comparison, JudgedPart


def test_figures():
    assert words.percent(0.07449) == "7.45%"
    assert words.percent(0.801, 1) == "80.1%"
    assert words.figure(1234.5, 1) == "1,234.5"
    assert words.points(-0.0371) == "-3.71"
    assert words.points(0.0003) == "+0.03"


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_no_figure(nothing):
    assert words.percent(nothing) == words.figure(nothing) == "–"


def test_baselines():
    assert words.baseline_name("seasonal-naive-168h") == "seasonal naive 168h"
    assert words.baseline_name("article-lstm") == "article LSTM"
    assert words.baseline_name("lightgbm") == "LightGBM"


@pytest.mark.parametrize(
    ("low", "high", "shows"),
    [
        (-0.05, -0.02, "the model is better"),
        (0.01, 0.02, "the model is worse"),
        (-0.01, 0.02, "no clear difference"),
    ],
)
def test_what_a_comparison_shows(low, high, shows):
    assert words.reading(Comparison("lightgbm", (low + high) / 2, low, high)) == shows


def test_verdict(card):
    assert words.verdict(card) == "1 of 2 gates failed"
    assert words.verdict(replace(card, gates=card.gates[:1])) == "1 gate passed"
    assert words.verdict(replace(card, gates=())) == "no gates"


def test_period():
    part = JudgedPart("2024-07-01T01:00:00", "2024-12-31", 4391, {})
    assert words.period(part) == "2024-07-01 01:00 to 2024-12-31, 4,391 origins"
