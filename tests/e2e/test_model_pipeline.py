"""From a model file to a release that a group runs: every command, on a part of the real data."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from edgeops.api import Workspace

CHECKOUT = Path(__file__).parents[2]
REPOSITORY = Path(__file__).parents[1] / "training" / "repository"
MODEL = "models/small/model.yaml"


@pytest.fixture
def model_repo(empty_repo):
    """A fleet with the model `small`, committed."""
    shutil.copytree(REPOSITORY, empty_repo.root, dirs_exist_ok=True)
    empty_repo.commit("a fleet with a model")
    return empty_repo


def test_from_data_to_a_release_that_a_group_runs(model_repo):
    repo, commit = model_repo, model_repo.git("rev-parse", "HEAD")
    trained = repo.process("model", "train", "small")
    assert trained.code == 0, trained.err
    assert re.search(r"h1-24-s1 +weights [0-9a-f]{12} +WAPE 1\d\.\d\d% on validation", trained.out)
    sha256 = re.search(r"model-int8\.onnx .* sha256 ([0-9a-f]{64})", trained.out)[1]

    again = repo.edgeops("model", "train", "small")
    assert "1 of 1 networks are already trained" in again.err
    assert sha256 in again.out  # exported anew, the very bytes

    judged = repo.edgeops("model", "evaluate", "small")
    assert judged.code == 0, judged.err
    assert "seasonal naive 168h" in judged.out
    build = next((repo.root / ".edgeops/models/small").iterdir())
    kept = {file.name for file in (build / "evaluation").iterdir()}
    assert {"card.html", "forecasts.parquet", "scorecard.json", "mape-by-horizon.png"} <= kept
    assert "Heart of the City Auckland" in (build / "evaluation/card.html").read_text()

    _python_gives_the_same(repo)

    published = repo.edgeops("model", "publish", "small")
    assert published.code == 0, published.err
    release = yaml.safe_load((repo.root / "models/small/releases/1.0.0.yaml").read_text())
    assert release["spec"]["sha256"] == sha256
    assert release["spec"]["provenance"]["commit"] == commit
    assert release["spec"]["metrics"]["wape_vs_seasonal_naive"] < 0.9
    assert repo.edgeops("model", "verify", "small@1.0.0").code == 0
    assert "small" in repo.edgeops("model", "list").out

    promoted = repo.edgeops("model", "promote", "small@1.0.0", "--to", "canary", "--slot", "crowd")
    assert promoted.code == 0, promoted.err
    repo.commit("small 1.0.0 for canary")
    assert "crowd" in repo.edgeops("render", "gateway").out
    _is_the_champion(repo)
    _changed_files_are_noticed(repo, build)
    _the_data_may_be_elsewhere(repo)
    _a_gate_says_no(repo)


def _python_gives_the_same(repo):
    """As docs/python.md shows it."""
    _, _, page = (CHECKOUT / "docs/python.md").read_text().partition("## Models")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1].replace("crowdedness-24h", "small")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "python.md", "exec"), {"workspace": Workspace.find(repo.root)})
    gates, *models, shape = printed.getvalue().splitlines()
    assert gates == (
        "{'wape_vs_seasonal_naive': True, 'size_bytes': True, 'device_difference': True}"
    )
    assert {line.split()[0] for line in models} >= {"model", "seasonal-naive-168h"}
    assert shape.endswith(", 24, 3)")


def _is_the_champion(repo):
    """The release is compared with what is judged next, on the same origins: here with itself."""
    card = json.loads(repo.edgeops("model", "evaluate", "small", "-o", "json").out)
    assert card["metrics"]["wape_vs_champion"] == 1


def _changed_files_are_noticed(repo, build):
    """Neither a build nor a champion is taken that is not what was written once."""
    copy = repo.root / "models/small/releases/small-1.0.0.onnx"
    for file, commands, message in (
        (build / "model-int8.onnx", ("evaluate", "publish"), "has changed since it was exported"),
        (
            build / "artifact.json",
            ("evaluate", "publish"),
            "is not trained with the current model.yaml",
        ),
        (
            build / "evaluation/scorecard.json",
            ("publish",),
            "has not been evaluated since its last change",
        ),
    ):
        before = file.read_bytes()
        file.write_bytes(b"[]")
        for command in commands:
            result = repo.edgeops("model", command, "small")
            assert (result.code, message in result.err) == (1, True), result.err
        file.write_bytes(before)
    stored = repo.root / ".edgeops/artifacts/small/1.0.0/small-1.0.0.onnx"
    kept = copy.read_bytes(), stored.read_bytes()
    for file in (copy, stored):
        file.write_bytes(b"[]")
    result = repo.edgeops("model", "evaluate", "small")
    assert (result.code, "differs from what was published as small@1.0.0" in result.err) == (
        1,
        True,
    )
    copy.unlink()
    copy.symlink_to(build / "model-int8.onnx")
    result = repo.edgeops("model", "evaluate", "small")
    assert (result.code, "small-1.0.0.onnx is a symbolic link" in result.err) == (1, True)
    copy.unlink()
    copy.write_bytes(kept[0])
    stored.write_bytes(kept[1])


def _the_data_may_be_elsewhere(repo):
    """What counts is its content: nothing has to be trained or judged again."""
    elsewhere = repo.root.parent / "elsewhere"
    elsewhere.mkdir()
    (repo.root / "data").rename(elsewhere / "data")
    missing = repo.edgeops("model", "publish", "small")
    assert (missing.code, "--data-dir DIR" in missing.err) == (3, True)
    published = repo.edgeops("model", "publish", "small", "--data-dir", str(elsewhere))
    assert "already published" in published.out
    (elsewhere / "data").rename(repo.root / "data")


def _a_gate_says_no(repo):
    repo.edit(MODEL, "wape_vs_seasonal_naive: {max: 0.95}", "wape_vs_seasonal_naive: {max: 0.1}")
    stale = repo.edgeops("model", "publish", "small")
    assert "not been evaluated since its last change" in stale.err
    assert "wape_vs_seasonal_naive is" in repo.edgeops("model", "evaluate", "small").out
    refused = repo.edgeops("model", "publish", "small", "--version", "1.1.0")
    assert refused.code == 5
    assert "above the maximum 0.1" in refused.err
    assert not (repo.root / "models/small/releases/1.1.0.yaml").exists()


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("- dev_ma3\n", "- dev_ma4\n", "there is no feature `dev_ma4`", "dev_ma"),
        ("columns: all", "columns: [Nowhere]", "no column `Nowhere`", "the columns are"),
        (
            "validateUntil: 2024-02-04, testUntil: 2024-03-30",
            "validateUntil: 2024-04-05, testUntil: 2024-05-01",
            "for the test part",
            "split",
        ),
        ("columns: all}", "columns: all, hours: [25]}", "/spec/target/hours/0", ""),
        ("trainUntil: 2023-12-31", "trainUntil: 2023-01-20", "too little history", "split"),
        ("window: {steps: 24", "window: {steps: 12", "the horizon is 24 steps", "use more steps"),
        ("    - log_base\n", "", "needs the feature `log_base`", "output: level"),
        (
            "wape_vs_seasonal_naive: {max: 0.95}",
            "wape_vs_lightgbm: {max: 1}",
            "compares with lightgbm, which is not in `baselines`",
            "add lightgbm to `baselines`",
        ),
        ("size_bytes:", "size_byte:", "does not name a metric", "did you mean `size_bytes`?"),
        ("auckland-2023.csv.gz", "nothing.csv", "cannot read the data", "model.yaml"),
    ],
)
def test_a_bad_model_file_says_what_to_do(model_repo, old, new, message, hint):
    model_repo.edit(MODEL, old, new)
    result = model_repo.edgeops("model", "train", "small")
    assert result.code in (1, 3)
    assert message in result.err
    assert hint in result.err
    assert not (model_repo.root / ".edgeops/models").exists()


DATA = "data/auckland-2023.csv.gz"


@pytest.mark.parametrize("command", ["data", "train", "evaluate", "publish"])
@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("../secret.csv", "`../secret.csv` leads out of the repository", "--data-dir DIR"),
        ("/etc/passwd", "`/etc/passwd` is an absolute path", "--data-dir DIR"),
        ("link.csv", "link.csv is a symbolic link", "--data-dir DIR"),
        ("zero.csv", "zero.csv is a symbolic link", "--data-dir DIR"),
        (".git/config", "is in .git/", "a folder of its own"),
        ("data", "data is a folder, not a file", "CSV or Parquet"),
    ],
)
def test_data_that_may_not_be_read(model_repo, command, path, message, hint):
    secret = model_repo.root.parent / "secret.csv"
    secret.write_text("AWS_SECRET=hunter2,second\n")
    (model_repo.root / "link.csv").symlink_to(secret)
    (model_repo.root / "zero.csv").symlink_to("/dev/zero")
    model_repo.edit(MODEL, DATA, path)
    result = model_repo.edgeops("model", command, "small")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith(f"error: {MODEL}:11:5: /spec/data/path")
    assert message in result.err
    assert hint in result.err
    assert "hunter2" not in result.err


@pytest.mark.parametrize("command", ["data", "evaluate", "publish"])
def test_folders_of_data_are_named_on_the_command_line(model_repo, command):
    elsewhere = model_repo.root.parent / "elsewhere"
    elsewhere.mkdir()
    (model_repo.root / DATA).rename(elsewhere / "counts.csv.gz")
    model_repo.edit(MODEL, DATA, "counts.csv.gz")
    missing = model_repo.edgeops("model", command, "small", "--data-dir", str(model_repo.root))
    assert (missing.code, "it does not exist in the repository or " in missing.err) == (3, True)
    folders = ("--data-dir", str(model_repo.root), "--data-dir", str(elsewhere))
    result = model_repo.edgeops("model", command, "small", *folders)
    assert result.code == (0 if command == "data" else 1)
    assert "is not trained" in result.err or "hours from 20" in result.out
    unknown = model_repo.edgeops("model", command, "small", "--data-dir", "nowhere")
    assert (unknown.code, "--data-dir" in unknown.err) == (64, True)


@pytest.mark.parametrize("name", ["../small", "small/../small", "..", ".", "/etc", "small/"])
def test_a_name_that_is_not_the_name_of_a_model(model_repo, name):
    result = model_repo.edgeops("model", "data", name)
    assert (result.code, f"`{name}` is not the name of a model" in result.err) == (64, True)
    assert "the models are small" in result.err or "did you mean `small`" in result.err


def test_a_model_file_that_is_elsewhere(model_repo):
    secret = model_repo.root.parent / "model.yaml"
    (model_repo.root / MODEL).rename(secret)
    (model_repo.root / MODEL).symlink_to(secret)
    result = model_repo.edgeops("model", "data", "small")
    assert result.code == 1
    assert f"cannot read {MODEL}: {MODEL} is a symbolic link" in result.err


@pytest.mark.parametrize("command", ["evaluate", "publish"])
def test_a_step_that_is_missing_is_named(model_repo, command):
    result = model_repo.edgeops("model", command, "small")
    assert result.code == 1
    assert "small is not trained with the current model.yaml" in result.err
    assert "edgeops model train small" in result.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--horizon", "3"], "no separate network for horizon 3"),
        (["--shard", "5/4"], "`5/4` is not a shard"),
        (["--horizon", "1", "--shard", "1/2"], "--horizon cannot be combined with --shard"),
    ],
)
def test_options_that_make_no_sense(model_repo, options, message):
    result = model_repo.edgeops("model", "train", "small", *options)
    assert result.code == 64
    assert message in result.err
