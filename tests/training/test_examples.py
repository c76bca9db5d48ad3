"""The trainings of the models that are not forecasters run, and judge themselves."""

import subprocess
import sys
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "files"),
    [
        ("visual-inspection", {"model.onnx", "labels.txt"}),
        ("vibration-anomaly", {"weights.npz", "settings.json"}),
    ],
)
def test_a_training_of_ones_own(model, files, tmp_path):
    ended = subprocess.run(
        [sys.executable, str(MODELS / model / "train.py"), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {file.name for file in (tmp_path / "out").iterdir()} == files
    published = MODELS / model / "releases/1.0.0"
    assert {file.name for file in published.iterdir()} == files
    assert f"edgeops model publish {model} --file" in ended.stdout
