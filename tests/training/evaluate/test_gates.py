from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.training.evaluate.gates import FACTS, check_gates, metrics_of, verdicts
from edgeops.training.evaluate.judge import judge
from edgeops.training.evaluate.scorecard import MODEL, WITHOUT, JudgedPart
from edgeops.training.evaluate.shown import shown

QUANTILES = (0.1, 0.5, 0.9)
USE_CASES = {"morning-shift": {6, 7}}
BASELINES = ("seasonal-naive-168h", "seasonal-naive-24h", "median-4-weeks", "lightgbm")


@pytest.fixture(scope="module")
def part(forecasts_of):
    actual = np.full((48, 6), 100.0)
    spread = np.array([80, 110, 120])
    model = forecasts_of(actual, np.broadcast_to(spread, (48, 6, 3)), QUANTILES)
    names = (*BASELINES, "article-lstm", "champion", WITHOUT)
    others = dict(zip(names, (20, 40, 16, 9, 12, 10, 15), strict=True))
    judged = {
        name: judge(forecasts_of(actual, actual + by), 50, USE_CASES) for name, by in others.items()
    }
    return JudgedPart("", "", 48, {MODEL: judge(model, 50, USE_CASES), **judged})


def test_the_names_and_values_of_metrics(part):
    found = metrics_of({"test": part}, QUANTILES, {"size_bytes": 1000, "parity": math.nan})
    expected = {
        "size_bytes": 1000,
        "wape": 0.1,
        "mae": 10,
        "mase": 0.2,
        "smape": 20 / 210,
        "mape": 0.1,
        "pinball": (2 + 5 + 2) / 3,
        "coverage_80": 1.0,
    }
    ratios = {
        "seasonal_naive": 10 / 20,
        "seasonal_naive_24h": 10 / 40,
        "median_4_weeks": 10 / 16,
        "lightgbm": 10 / 9,
        "article_lstm": 10 / 12,
        "champion": 10 / 10,
    }
    slices = ("day", "night", "morning", "daytime", "evening", "morning_shift")
    expected |= {f"coverage_80_{name}": 1.0 for name in slices}
    for start in ("wape", *(f"wape_{name}" for name in slices)):
        expected[start] = 0.1
        expected |= {f"{start}_vs_{other}": ratio for other, ratio in ratios.items()}
    start = "wape_without_context"  # what a device has that is told nothing
    expected[start] = 0.15
    expected |= {f"{start}_vs_{other}": 1.5 * ratio for other, ratio in ratios.items()}
    assert found == pytest.approx(expected)


def test_the_later_part_has_the_same_names(part):
    found = metrics_of({"test": part, "later": part, "validation": part}, QUANTILES, {})
    plain = {name for name in found if not name.startswith("later_")}
    assert set(found) == plain | {f"later_{name}" for name in plain}


def test_no_ratio_to_a_perfect_forecast(forecasts_of):
    one = judge(forecasts_of([[5.0]], [[5.0]]), 1, {})
    found = metrics_of({"test": JudgedPart("", "", 1, {MODEL: one, "lightgbm": one})}, (0.5,), {})
    assert "wape_vs_lightgbm" not in found
    assert found["wape"] == 0
    assert "mape" not in found  # only a small value


def test_every_metric_can_be_a_gate(part):
    facts = dict.fromkeys(FACTS, 1.0)
    found = metrics_of({"test": part, "later": part}, QUANTILES, facts)
    gates = {name: {"min": 0} for name in found}
    others = (*BASELINES, "article-lstm")
    check_gates(gates, others, QUANTILES, USE_CASES, context=True)
    assert all(verdict.passed for verdict in verdicts(gates, found))


@pytest.mark.parametrize(
    ("gate", "message", "hint"),
    [
        (
            "wape_vs_lightgmb",
            "the gate `wape_vs_lightgmb` does not name a metric",
            "`wape_vs_lightgbm`?",
        ),
        ("coverage_90", "does not name a metric", "did you mean `coverage_80`?"),
        ("wape_teatime", "does not name a metric", "did you mean"),
        ("horse", "does not name a metric", "metrics are wape, mae"),
        (
            "wape_vs_article_lstm",
            "compares with article-lstm, which is not in `baselines`",
            "add article-lstm to `baselines`, or remove the gate",
        ),
        (
            "later_wape_morning_shift_vs_article_lstm",
            "compares with article-lstm, which is not in `baselines`",
            "add article-lstm to",
        ),
        ("wape_without_context_vs_lightgbm", "that are told what is known ahead", "add `event:`"),
        ("int8_wape_points", "needs a format that is not exported", "export.formats"),
    ],
)
def test_a_gate_without_its_metric(gate, message, hint):
    with pytest.raises(EdgeOpsError) as caught:
        check_gates(
            {"wape": {"max": 1}, gate: {"max": 1}}, BASELINES, QUANTILES, USE_CASES, ("parity",)
        )
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_coverage_needs_quantiles():
    with pytest.raises(EdgeOpsError, match="`coverage_80` does not name a metric") as caught:
        check_gates({"coverage_80": [0.7, 0.9]}, BASELINES, (0.5,), ())
    assert "with outer quantiles" in caught.value.hint


@pytest.mark.parametrize("gate", [[0.9, 0.8], {"min": 2, "max": 1}, {"max": math.nan}])
def test_a_gate_that_nothing_can_pass(gate):
    with pytest.raises(EdgeOpsError, match="no model can pass the gate `wape`"):
        check_gates({"wape": gate}, (), (0.5,), ())


@pytest.mark.parametrize(
    ("gate", "value", "passed", "reason"),
    [
        ({"max": 0.72}, 0.667, True, "m is 0.67, at most 0.72"),
        ({"max": 0.72}, 0.7196, True, "m is 0.7196, at most 0.72"),
        ({"max": 1}, 99.6, False, "m is 100, above the maximum 1"),
        ({"max": 1.1}, 1.034, True, "m is 1.03, at most 1.1"),
        ({"max": 1.1}, 1, True, "m is 1, at most 1.1"),
        ({"max": 1e-5}, 4.76837e-7, True, "m is 4.8e-07, at most 1e-05"),
        ({"max": 0.72}, 0.720001, False, "m is 0.720001, above the maximum 0.72"),
        ({"min": 0.77, "max": 0.83}, 0.8, True, "m is 0.8, at least 0.77 and at most 0.83"),
        ([0.77, 0.83], 0.77, True, "m is 0.77, at least 0.77 and at most 0.83"),
        ([0.77, 0.83], 0.7, False, "m is 0.7, below the minimum 0.77"),
        ({"max": 150000}, 434837.0, False, "m is 434,837, above the maximum 150,000"),
        ({"max": 1}, None, False, "m has no value"),
        ({"max": 1}, math.nan, False, "m is nan, above the maximum 1"),
    ],
)
def test_what_a_gate_says(gate, value, passed, reason):
    (found,) = verdicts({"m": gate}, {} if value is None else {"m": value})
    assert (found.gate, found.passed, found.reason) == ("m", passed, reason)


def test_a_first_release_has_no_champion():
    (found,) = verdicts({"wape_vs_champion": {"max": 1}}, {})
    assert found.passed
    assert found.reason == "wape_vs_champion has no value: no release to compare with"
    check_gates({"wape_vs_champion": {"max": 1}}, (), (0.5,), ())


@given(*[st.floats(-10, 10)] * 3)
def test_both_forms_of_a_gate_say_the_same(low, high, value):
    (short,) = verdicts({"m": [low, high]}, {"m": value})
    (long,) = verdicts({"m": {"min": low, "max": high}}, {"m": value})
    assert short == long
    assert short.passed == (low <= value <= high)


def test_sizes_are_told_in_kilobytes():
    (found,) = verdicts({"size_bytes": {"max": 150000}}, {"size_bytes": 94617.0})
    assert found.reason == "size_bytes is 94.6 kB, at most 150 kB"
    (close,) = verdicts({"size_bytes": {"max": 150000}}, {"size_bytes": 150001.0})
    assert close.reason == "size_bytes is 150.001 kB, above the maximum 150 kB"


@given(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7))
def test_what_is_told_is_on_its_side_of_the_bound(value, bound):
    told = shown("m", value, bound).replace(",", "")
    if f"{value:.6g}" != f"{bound:.6g}":
        assert (float(told) > bound) == (value > bound) or float(told) == pytest.approx(bound)
    assert float(told) == pytest.approx(value, rel=0.026, abs=1e-12)
