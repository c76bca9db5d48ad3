"""A model must run as its own metadata says, or it is not used."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edgeops.modules.forecaster.metadata import ModelError, ModelMetadata, parse_metadata
from edgeops.modules.forecaster.model import load_model
from edgeops.modules.forecaster.windows import Window

WINDOW = Window(np.array([[1, 5], [2, 6], [3, 7]], np.float32), (100, 101, 102), scale=10)


def test_a_model_forecasts_each_hour_and_quantile(storage, model):
    loaded = load_model(storage.put(model()))
    assert loaded.forecast(WINDOW).tolist() == [[4, 4], [4, 4]]
    assert loaded.metadata == ModelMetadata(("east", "west"), 3, 2, (0.1, 0.5), "raw")


@pytest.mark.parametrize(("factor", "count"), [(0.25, 9), (0.01, 0)])
def test_a_ratio_becomes_a_count_that_is_never_negative(storage, model, factor, count):
    loaded = load_model(storage.put(model(factor=factor, says={"output": "ratio"})))
    assert loaded.forecast(WINDOW).tolist() == [[count] * 2] * 2


def test_the_loaded_model_is_the_one_of_the_slot(storage, model):
    current = storage.put(model())
    assert load_model(current).sha256 == current.sha256
    current.path.write_bytes(model(factor=2))
    assert fault_of(current) == (
        "ChecksumMismatch",
        "the model file is not what the slot says it is",
    )


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"columns": 5}, "InputShape", "the model takes 1 x 3 x 5, not 1 x 3 x 2"),
        ({"says": {"window_steps": "4"}}, "InputShape", "the model takes 1 x 3 x 2, not 1 x 4 x 2"),
        ({"says": {"horizon": "7"}}, "OutputShape", "the model gives 1 x 2 x 2, not 1 x 7 x 2"),
        ({"says": {"window": "magic"}}, "BadMetadata", "no kind of window is called magic"),
        (
            {"says": {"inputs": "east"}},
            "BadMetadata",
            "in the model's metadata, inputs is not JSON",
        ),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(storage, model, changes, code, message):
    fault = fault_of(storage.put(model(**changes)))
    assert (fault[0], fault[1][: len(message)]) == (code, message)


def test_files_that_are_not_a_model_are_refused(storage, model):
    assert fault_of(storage.put(b"not a model"))[0] == "LoadFailed"
    assert fault_of(storage.put(model(), format="tflite"))[0] == "UnsupportedFormat"
    gone = storage.put(model())
    gone.path.unlink()
    assert fault_of(gone) == ("NotReadable", "cannot read the model: No such file or directory")


def test_a_forecast_that_is_not_a_number_is_refused(storage, model):
    loaded = load_model(storage.put(model(factor=float("inf"))))
    with pytest.raises(ModelError, match="not finite numbers"):
        loaded.forecast(WINDOW)


GOOD = {"inputs": '["a"]', "window_steps": "24", "horizon": "24"}


def test_metadata_has_defaults():
    assert parse_metadata(GOOD) == ModelMetadata(("a",), 24, 24, (0.5,), "raw")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("inputs", "[]", "inputs must be a list of names"),
        ("inputs", '["a", "a"]', "inputs must be a list of names"),
        ("inputs", "[1]", "inputs must be a list of names"),
        ("window_steps", "0", "window_steps must be a whole number from 1 to 2688"),
        ("window_steps", "true", "window_steps must be a whole number"),
        ("horizon", "1e9", "horizon must be a whole number"),
        ("horizon", None, "horizon is missing"),
        ("quantiles", "[1.5]", "quantiles must be a list of numbers between 0 and 1"),
        ("quantiles", "0.5", "quantiles must be a list of numbers between 0 and 1"),
        ("output", "percent", "output must be value or ratio"),
        ("window_spec", "{", "window_spec is not JSON"),
    ],
)
def test_bad_metadata_says_what_is_wrong(key, value, message):
    custom = {name: text for name, text in (GOOD | {key: value}).items() if text is not None}
    with pytest.raises(ModelError, match=message) as caught:
        parse_metadata(custom)
    assert caught.value.code == "BadMetadata"


def fault_of(current) -> tuple[str, str]:
    with pytest.raises(ModelError) as caught:
        load_model(current)
    return caught.value.code, caught.value.message


def test_a_model_of_several_files_is_loaded_with_its_weights(storage, model, tmp_path):
    """As ONNX keeps large weights: in a file beside the graph."""
    whole = onnx.load_from_string(model(factor=2))
    factor = whole.graph.initializer[0]
    factor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(factor), factor.name))
    onnx.save(
        whole,
        tmp_path / "model.onnx",
        save_as_external_data=True,
        location="model.data",
        size_threshold=0,
    )
    current = storage.put_files(
        {name: (tmp_path / name).read_bytes() for name in ("model.onnx", "model.data")}
    )
    loaded = load_model(current)
    assert loaded.sha256 == current.sha256
    assert loaded.forecast(WINDOW).tolist() == [[8, 8], [8, 8]]
    (current.path.parent / "model.data").write_bytes(b"other weights")
    assert fault_of(current)[0] == "ChecksumMismatch"
