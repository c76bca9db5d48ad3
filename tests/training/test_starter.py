"""The model.yaml for a table of the user's own: valid, explained, and fit for its length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.training.model_file import ModelFile, load_model_file
from edgeops.training.recipe import PretrainSection
from edgeops.training.starter import Wish, starter
from edgeops.training.train import check_model

START = np.datetime64("2024-01-01T00", "h")
TABLE = {"path": "data/gate.csv", "timestamp": "timestamp"}
DATA = {"source": "table", "table": TABLE, "site": {"timeZone": "Europe/Berlin"}}
WISH = Wish("gate", DATA)


def series(days: int, values: np.ndarray | None = None, name: str = "gate") -> HourlySeries:
    made = np.arange(24 * days) % 24 + 1.0 if values is None else values
    return HourlySeries(START, (name,), made[:, None])


def made(root: Path, wish: Wish, data: HourlySeries) -> ModelFile:
    file = root / "models" / wish.name / "model.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(starter(wish, data))
    model = load_model_file(root, wish.name)
    check_model(model)
    return model


@pytest.mark.parametrize("days", [120, 400, 3000])
def test_the_settings_follow_from_the_length(tmp_path, days):
    recipe = made(tmp_path, WISH, series(days)).recipe
    split = recipe.split
    assert split.train_until < split.validate_until < split.test_until
    assert split.test_until == str((START + np.timedelta64(24 * days - 1, "h")).astype("M8[D]"))
    assert recipe.network.encoder == {120: 16, 400: 24, 3000: 32}[days]
    assert recipe.training.steps == {120: 800, 400: 800, 3000: 2000}[days]
    assert recipe.training.pretrain is None
    assert recipe.seeds == (1, 2)
    assert ("doy_sin1" in recipe.features) is (days > 1000)


@pytest.mark.parametrize(("days", "steps", "stride"), [(120, 800, 1), (2000, 2000, 3)])
def test_of_several_columns_each_is_learned_at_first(tmp_path, days, steps, stride):
    two = np.stack([np.arange(24 * days) % 24 + 1.0] * 2, axis=1)
    training = made(tmp_path, WISH, HourlySeries(START, ("a", "b"), two)).recipe.training
    assert training.pretrain == PretrainSection(0.008, steps=steps, stride=stride)
    assert training.steps == 250


def test_too_little_data_says_how_much_is_needed():
    with pytest.raises(EdgeOpsError, match=r"has 60 days .*, a model needs \d+ or more") as caught:
        starter(WISH, series(60))
    assert "28 days are for training" in (caught.value.hint or "")
    needed = int(caught.value.message.split("needs ")[1].split()[0])
    starter(WISH, series(needed))
    with pytest.raises(EdgeOpsError, match="days of hourly values"):
        starter(WISH, series(needed - 1))


def test_what_the_user_says_is_in_it(tmp_path):
    table = {**TABLE, "columns": ["yes", "a: b #c"], "combine": "mean", "decimal": ","}
    data = {**DATA, "table": table, "site": {"timeZone": "UTC", "country": "NZ"}}
    recipe = made(tmp_path, Wish("gate", data, (), "°C", 0.5), series(200)).recipe
    assert recipe.data.table is not None
    assert (recipe.data.table.columns, recipe.data.table.combine) == (("yes", "a: b #c"), "mean")
    assert (recipe.target.unit, recipe.target.capacity) == ("°C", 0.5)
    assert (recipe.data.table.decimal, recipe.data.site.time_zone) == (",", "UTC")
    assert "hol" in recipe.features


def test_what_is_known_ahead_are_features_that_can_be_hidden(tmp_path):
    data = {**DATA, "events": "e.csv", "weather": {"path": "w.csv"}}
    recipe = made(tmp_path, Wish("gate", data, ("event:a, b", "weather:#")), series(200)).recipe
    known = ("event:a, b", "weather:#", "known:event:a, b", "known:weather:#")
    assert recipe.features[-4:] == known
    assert "dev" in recipe.features
    assert recipe.training.context_dropout == 0.2


def test_names_that_yaml_would_misread(tmp_path):
    for name in ("yes", "1.0", "no: #x", "null", 'a "quote"'):
        model = made(
            tmp_path,
            Wish("gate", {**DATA, "table": {**TABLE, "timestamp": name}}),
            series(200, name=name),
        )
        assert model.recipe.data.table is not None
        assert model.recipe.data.table.timestamp == name
    assert made(tmp_path, replace(WISH, name="1.0"), series(200)).name == "1.0"


def test_a_column_without_values():
    with pytest.raises(EdgeOpsError, match="`gate` has no values"):
        starter(WISH, series(200, np.full(4800, np.nan)))
