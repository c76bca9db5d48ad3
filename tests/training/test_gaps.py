"""Windows that are full of gaps: the error names the cause, before anything is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.load import split_of
from edgeops.training.model_file import ModelFile
from edgeops.training.samples import Experiment
from tests.training.conftest import LEAST

HOURS = np.arange(24 * 7 * 40)


def experiment(values, known=None, **spec):
    split = {"trainUntil": "2024-07-31", "validateUntil": "2024-08-31", "testUntil": "2024-09-30"}
    site = {"source": "table", "site": {"timeZone": "UTC"}}
    model = ModelFile("shop", Path(), {**LEAST, "data": site, "split": split, **spec}, "")
    series = HourlySeries(np.datetime64("2024-01-01T00", "h"), ("a",), values[:, None])
    return Experiment(model, Dataset("counts.csv", series, ""), known, split_of(model), "")


SHOP = np.where((HOURS % 24 >= 9) & (HOURS % 24 < 19), 5.0, 0.0)


def test_a_shop_needs_no_setting():
    shop = experiment(SHOP)
    assert shop.builder("total").spec.outage_hours == 96
    shop.check_part("total", "test")
    assert len(shop.samples("total", "train"))
    assert shop.remarks == ("closed 19-9: only 96 zeros in a row are an outage",)


def test_zeros_that_model_yaml_calls_an_outage_are_named():
    shop = experiment(SHOP, repairs={"outageHours": 12})
    for fails in (shop.samples, shop.check_part):
        with pytest.raises(EdgeOpsError, match="zeros that follow 12 others") as caught:
            fails("total", "test")
        assert "repairs.outageHours" in caught.value.hint


def test_hours_that_are_missing_are_named():
    gaps = np.where(HOURS % 24 == 3, np.nan, 5.0)
    with pytest.raises(EdgeOpsError, match="has a gap: 4% of the hours are missing") as caught:
        experiment(gaps).check_part("total", "test")
    assert "edgeops model data shop" in caught.value.hint


def test_an_event_that_touches_no_hour_is_told():
    far = HourlySeries(np.datetime64("2042-01-01T00", "h"), ("event:fair",), np.ones((5, 1)))
    assert experiment(SHOP + 1, far).remarks == (
        "warning: no event touches an hour of the data: check the dates",
    )
