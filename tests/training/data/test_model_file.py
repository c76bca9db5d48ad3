"""model.yaml as a file: its schema, its values, and the places in its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.explain import default_features
from edgeops.features.registry import FEATURES
from edgeops.features.spec import Site
from edgeops.fleet.schema import compile_schema
from edgeops.fleet.user_schema import schema_faults
from edgeops.training.data.find import data_files, observed_file
from edgeops.training.data.load import (
    read_data,
    read_known,
    split_of,
    target_columns,
    window_spec,
)
from edgeops.training.model_file import InvalidModel, load_model_file

CHECKOUT = Path(__file__).parents[3]
SCHEMA = json.loads((CHECKOUT / "schemas/model.schema.json").read_bytes())


@pytest.fixture
def model(tmp_path, csv_file):
    """A small model of a table of the user's own, with changes in its text."""
    csv_file("timestamp,a,b", "2024-05-01T00:00,1,2", "2024-05-01T01:00,3,4")
    csv_file("name,start,end", "x,2024-05-01T01:00,2024-05-01T02:00", name="events.csv")

    def load(*changes: tuple[str, str]):
        text = """\
apiVersion: edgeops/v1
kind: Model
metadata: {name: small}
spec:
  data:
    source: table
    table: {path: counts.csv}
    site: {timeZone: UTC}
    events: events.csv
  target: {name: people, columns: all}
  features: [log_base, dev, event:x]
  network: {kind: article-lstm}
  training: {epochs: 1, batch: 8, learningRate: 0.01}
  split: {trainUntil: 2024-05-01, validateUntil: 2024-05-02, testUntil: 2024-05-03}
"""
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "models/small/model.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return load_model_file(tmp_path, "small")

    return load


def test_the_schema_and_its_example():
    assert schema_faults(SCHEMA) == ()
    assert compile_schema(SCHEMA).mismatches(SCHEMA["examples"][0]) == ()


def test_every_part_of_the_schema_is_explained():
    def parts(schema, path=""):
        for name, part in schema.get("properties", {}).items():
            yield f"{path}/{name}", part
            yield from parts(part, f"{path}/{name}")
            yield from parts(part.get("items", {}), f"{path}/{name}/items")

    for path, part in parts(SCHEMA):
        assert part.get("title"), path
        assert part.get("description"), path
        assert part["title"] != part["description"], path
        if part.get("type") not in ("object", "array"):
            assert part.get("examples"), path


def test_the_model_that_is_shipped(crowdedness, auckland, streets):
    spec = window_spec(crowdedness, streets)
    fine = {f"hour_{kind}{wave}" for kind in ("sin", "cos") for wave in (4, 5, 6)}  # came later
    assert spec.features == tuple(name for name in FEATURES if name not in fine)
    assert (spec.steps, spec.horizon, spec.interval, spec.base.weeks) == (24, 24, 1, 4)
    split = split_of(crowdedness)
    assert str(split.train_until) == "2023-12-31"
    assert (len(split.excluded), split.grace_days) == (4, 14)
    assert not crowdedness.recipe.target.is_pooled
    assert read_known(crowdedness, data_files(crowdedness)) is None
    first = (CHECKOUT / "models/crowdedness-24h/model.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../schemas/model.schema.json"


def test_data_of_the_users_own(model):
    small = model()
    assert read_data(small, observed_file(small)).series.values.tolist() == [[1, 2], [3, 4]]
    known = read_known(small, data_files(small))
    assert known is not None
    assert known.columns == ("event:x",)
    assert window_spec(small, ("a",)).outage_hours == 12


def test_the_digest_is_of_the_value(model):
    same = model(("kind: Model\n", "kind: Model  # a comment\n"))
    assert same.sha256 == model().sha256
    assert model(("epochs: 1", "epochs: 2")).sha256 != same.sha256


def test_columns_of_the_target(model):
    wanted = model(("columns: all", "columns: [b, a], except: [a], combine: pool"))
    assert target_columns(wanted, ("a", "b", "c")) == ("b",)
    assert wanted.recipe.target.is_pooled
    with pytest.raises(EdgeOpsError, match="no column `b`, which the target of small names"):
        target_columns(wanted, ("a",))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind: article-lstm", "kind: gru"), "models/small/model.yaml:12:13: /spec/network/kind"),
        (("  features:", "  feature:"), "unknown key `feature`"),
        (("name: small", "name: other"), "/metadata/name is `other`"),
        (("trainUntil: 2024-05-01", "trainUntil: May"), "/spec/split/trainUntil"),
        (("epochs: 1", "epochs: 0"), "/spec/training/epochs"),
        (("epochs: 1", "epochs: 1, steps: 9"), "/spec/training "),
        (("epochs: 1, ", ""), "/spec/training "),
        (("kind: Model\n", "kind: Model\n---\n"), "has 2 YAML documents"),
        (("spec:", "spec: ["), "is not YAML"),
        (("dev, event:x]", "def]"), ":11:24: /spec/features/1 there is no feature `def`"),
        (("dev, event:x]", "-dev]"), "/spec/features/1 leaves out `dev`, which is not in the list"),
        (("dev, event:x]", "-log_base]"), "/spec/features leaves out every feature"),
    ],
)
def test_an_error_names_its_place(model, change, message):
    with pytest.raises(InvalidModel) as caught:
        model(change)
    assert "models/small/model.yaml:" in caught.value.message
    text = " ".join(f"{p.place}: {p.pointer} {p.message}" for p in caught.value.problems)
    assert message in text


def test_a_set_of_features_can_be_extended_and_reduced(model):
    site = Site("UTC")
    written = ("[log_base, dev, event:x]", "[default, event:x, log_base, -hour_sin3]")
    wanted = [name for name in default_features(site) if name != "hour_sin3"]
    assert model(written).recipe.features == (*wanted, "event:x")
    for name in ("default", "default-short"):
        every = default_features(site, short=name == "default-short")
        assert model((written[0], name)).recipe.features == every
        assert model((written[0], f"[{name}]")).recipe.features == every
    with pytest.raises(InvalidModel) as caught:
        model((written[0], "[default, hour_sinn3, -dow_mno]"))
    assert [problem.hint for problem in caught.value.problems] == [
        "did you mean `hour_sin3`?",
        "did you mean `dow_mon`?",
    ]


def test_a_day_that_does_not_exist(model):
    with pytest.raises(EdgeOpsError, match="`2024-02-30` is not a date"):
        split_of(model(("trainUntil: 2024-05-01", "trainUntil: 2024-02-30")))


def test_a_table_without_a_file(model):
    with pytest.raises(EdgeOpsError, match="does not name a file"):
        observed_file(model(("    table: {path: counts.csv}\n", "")))


def test_a_model_that_is_not_there():
    with pytest.raises(EdgeOpsError, match=r"there is no models/crowdednes/model.yaml") as caught:
        load_model_file(CHECKOUT, "crowdednes")
    assert caught.value.hint == "did you mean `crowdedness-24h`?"
