"""A model in the words of who plans by it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.report import business_words as words
from edgeops.report import scorecard as report
from edgeops.report.model_card import CardFacts, model_card
from edgeops.report.words import hours_in_words
from edgeops.training.evaluate.scorecard import MODEL, OWN, BusinessFigures

FIGURES = BusinessFigures(96, 5104.0, 369.7, (310.0,) * 4, 184, 1 / 13, 0.037, 0.0351, 0.112)
NAIVE = replace(FIGURES, error=570.3)


@pytest.fixture
def told(card):
    """The card of a model of people, with the figures of it and of the naive forecast."""
    business = {MODEL: FIGURES, "seasonal-naive-168h": NAIVE}
    part = replace(card.parts["test"], business=business)
    return replace(card, parts={"test": part}, unit="people")


def with_figures(card, figures, **changes):
    part = replace(card.parts["test"], business={MODEL: figures})
    return replace(card, parts={"test": part}, **changes)


def test_one_sentence(told):
    assert words.in_short(told, "test") == (
        "On average, the forecast for an hour is off by 370 of 5,100 people (what was a week ago,"
        " by 570); one day in 13 is off by more than 10% as a whole, and on one day in 9 the"
        " busiest hour is missed by more than an hour."
    )


@pytest.mark.parametrize(
    ("unit", "value", "error", "said"),
    [
        ("kWh", 0.345, 0.0123, "off by 0.012 of 0.34 kWh;"),
        ("%", 45.2, 3.21, "off by 3.2 of 45 %;"),
        ("", 12_345.0, 99.9, "off by 100 of 12,000;"),
    ],
)
def test_any_unit(card, unit, value, error, said):
    figures = replace(FIGURES, value=value, error=error)
    assert said in words.in_short(with_figures(card, figures, unit=unit), "test")


def test_degrees_below_zero_have_no_shares(card):
    figures = replace(
        FIGURES, value=-1.0, error=0.83, days_off=math.nan, over=math.nan, under=math.nan
    )
    cold = with_figures(card, figures, unit="°C")
    assert words.in_short(cold, "test") == (
        "On average, the forecast for an hour is off by 0.83 °C; on one day in 9 the busiest hour"
        " is missed by more than an hour."
    )
    assert words.table(cold, "test").rows[0][1:] == ("0.83", "–", "–", "–", "11%")


def test_no_day_that_a_forecast_reaches(card):
    nothing = dict.fromkeys(("days_off", "over", "under", "peaks_missed"), math.nan)
    short = with_figures(card, replace(FIGURES, days=0, **nothing), unit="people", interval=3)
    assert words.in_short(short, "test") == (
        "On average, the forecast for 3 hours is off by 370 of 5,100 people."
    )


def test_no_figures(card):
    assert words.in_short(card, "test") == words.off_by(card, "test") == ""
    assert words.table(card, "test").rows == ()


def test_the_hours_of_a_use_case_and_several_series(told):
    lunch = replace(told, hours=(11, 12, 13), series=("a", "b"))
    assert words.in_short(lunch, "test").startswith(
        "For one of 2 series, from 11:00 to 14:00, on average, the forecast for an hour is off by"
    )


def test_the_model_comes_first_then_the_best(told):
    table = words.table(told, "test")
    assert [row[:3] for row in table.rows] == [
        ("crowdedness-24h", "370 of 5,100", "8%"),
        ("seasonal naive 168h", "570 of 5,100", "8%"),
    ]
    assert table.rows[0][3:] == ("190 (3.7%)", "180 (3.5%)", "11%")


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ((11, 12, 13), "11:00 to 14:00"),
        ((22, 23, 0, 1), "22:00 to 02:00"),
        ((21, 22, 23), "21:00 to 24:00"),
        ((7, 8, 17), "07:00 to 09:00 and 17:00 to 18:00"),
        ((1, 5, 9), "01:00 to 02:00, 05:00 to 06:00 and 09:00 to 10:00"),
        (range(24), "00:00 to 24:00"),
    ],
)
def test_hours_in_words(hours, said):
    assert hours_in_words(hours) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "no day is"),
        (1 / 61, "one day in 61 is"),
        (0.34, "3 days in 10 are"),
        (0.99, "9 days in 10 are"),
        (1, "every day is"),
    ],
)
def test_how_often(share, said):
    assert " ".join(words.how_often(share)) == said


@given(st.floats(1e-6, 1e9))
def test_two_digits_are_about_right(value):
    assert float(words.about(value).replace(",", "")) == pytest.approx(value, rel=0.051)


def test_by_horizon_with_the_own_hours_beside_all(told):
    plain, own = (
        words.by_horizon(told, "test"),
        words.by_horizon(replace(told, hours=(11,)), "test"),
    )
    assert plain.headings == ("hours ahead", "WAPE", "MAE, people", "80% coverage")
    assert own.headings[-1] == "MAE from 11:00 to 12:00"
    assert own.rows[0] == (*plain.rows[0], "310")
    assert len(words.by_hour(told, "test").rows) == 1


def test_card_text_and_markdown_have_the_sentence(told):
    short = words.in_short(told, "test")
    assert short in " ".join(report.text(told).split())
    assert "370 of 5,100 people" in report.markdown(told)
    assert short in model_card(CardFacts(told, "d", {}, "", "", {}, (), ()))


def test_tiles_show_the_hours_of_the_model(told):
    judged = told.parts["test"].models[MODEL]
    lunch = replace(judged, slices={**judged.slices, OWN: judged.slices["lunch"]})
    part = replace(told.parts["test"], models={MODEL: lunch})
    card = replace(told, parts={"test": part}, hours=(11, 12, 13))
    page = model_card(CardFacts(card, "d", {}, "", "", {}, (), ()))
    assert "<dt>WAPE, test, 11:00 to 14:00</dt><dd>8.20%</dd>" in page


def test_a_unit_cannot_steer_or_format(told):
    evil = replace(told, unit="\x1b[2J<b>*x*</b>")
    assert "\x1b" not in report.text(evil)
    assert "<b>" not in model_card(CardFacts(evil, "d", {}, "", "", {}, (), ()))
    assert "<b>" not in "".join(report.markdown(evil).split("`")[::2])
