"""The environments of devices, built as the Dockerfile builds them; the modules run in them."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
import venv
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from edgeops.features.registry import FEATURES
from edgeops.features.spec import THIS_SERIES, Site, WindowSpec
from edgeops.modules.runtime.slots import CurrentModel, write_current

pytest.importorskip("azure.iot.hub")

CHECKOUT = Path(__file__).parents[2]
MODULES = CHECKOUT / "edgeops/modules"
NOT_ON_DEVICES = (
    "typer",
    "git",
    "keras",
    "pandas",
    "jsonschema",
    "jsonschema_rs",
    "aiohttp",
    "yaml",
)
GIBIBYTE = 1 << 30
MOST_MEMORY = 80_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = dist.glob("edgeops-*.whl")
    return wheel


@pytest.fixture(scope="module")
def python_of(request, wheel):
    """The Python of a module's environment: its locked requirements, our wheel, and nothing else.

    The requirements are installed once for each version of their file.
    """

    @cache
    def build(module):
        requirements = MODULES / f"requirements/{module}.txt"
        key = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
        folder = request.config.cache.mkdir("module-environment") / key
        python = folder / "bin/python"
        if not (folder / "complete").exists():
            venv.create(folder, clear=True, with_pip=True)
            pip(python, "--require-hashes", "-r", str(requirements))
            (folder / "complete").touch()
        pip(python, "--no-deps", "--force-reinstall", str(wheel))
        return python

    return build


def pip(python, *arguments):
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--disable-pip-version-check", *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_dockerfile_does_the_same():
    steps = (MODULES / "Dockerfile").read_text()
    assert "COPY edgeops/modules/requirements/${MODULE}.txt /tmp/requirements.txt" in steps
    assert "pip install --require-hashes -r /tmp/requirements.txt" in steps
    assert "pip install --no-deps /tmp/edgeops-*.whl" in steps
    assert "exec python -m edgeops.modules.$MODULE" in steps
    assert "\nUSER 10001:10001\n" in steps


def test_the_requirements_name_no_registry():
    for file in (MODULES / "requirements").iterdir():
        assert "http" not in file.read_text()
        assert "--index-url" not in file.read_text()


@pytest.mark.parametrize("module", ["model_loader", "forecaster"])
def test_nothing_that_a_device_does_not_need_is_there(python_of, module):
    code = "import importlib.util as u, sys; print([n for n in sys.argv[1:] if u.find_spec(n)])"
    output = run(python_of(module), "-c", code, *NOT_ON_DEVICES)
    assert output == "[]\n"


FORECAST = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from edgeops.modules.forecaster.model import load_model
from edgeops.modules.forecaster.model import Keeper
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.forecaster import Forecaster
from edgeops.modules.forecaster.desired import parse_desired

storage, now = Path(sys.argv[1]), float(sys.argv[2])
recorder = Recorder(storage)
recorder.open(storage / "counts.csv")
with ThreadPoolExecutor(1) as loading:
    forecaster = Forecaster(recorder, Keeper(storage, load_model, loading), time.monotonic)
    forecaster.settings = parse_desired({"model": "street"})
    forecaster.step(now)
print(forecaster.step(now) or forecaster.reported())
"""


def test_a_model_of_all_features_forecasts_there(python_of, seasonal_model, tmp_path):
    spec = WindowSpec(
        features=tuple(FEATURES),
        columns=(THIS_SERIES,),
        site=Site("Pacific/Auckland", -36.8485, 174.7633, "NZ", "AUK"),
    )
    put_model(tmp_path, seasonal_model(spec))
    start = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [f"{start + timedelta(hours=hour)},{100 + hour % 24}" for hour in range(60 * 24)]
    (tmp_path / "counts.csv").write_text("\n".join(["timestamp,150 K Road", *rows]))
    now = (start + timedelta(days=60, minutes=1)).timestamp()
    output = run(python_of("forecaster"), "-c", FORECAST, str(tmp_path), str(now))
    forecast = ast.literal_eval(output)
    assert forecast["firstHour"] == "2026-03-06T00:00:00Z", output
    assert forecast["quantiles"]["0.5"] == pytest.approx(range(100, 124), rel=1e-4)


def run(python, *arguments):
    """What a program prints that sees nothing of our own environment."""
    done = subprocess.run(
        [str(python), "-I", *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def put_model(storage, data):
    """Let the slot `street` hold a model, as model_loader does."""
    path = storage / "street/model.onnx"
    path.parent.mkdir()
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    write_current(
        CurrentModel("street", path, "seasonal", "1.0.0", digest, "", len(data), "onnx", "")
    )


def test_a_large_model_is_fetched_in_little_memory(
    python_of, local_mqtt_hub, module_twin, start_model_loader, tmp_path
):
    local_mqtt_hub.artifacts.mkdir(exist_ok=True)
    name, digest = "large.bin", hashlib.sha256()
    with (local_mqtt_hub.artifacts / name).open("wb") as file:
        file.truncate(GIBIBYTE)
    for _ in range(1024):
        digest.update(bytes(GIBIBYTE // 1024))
    storage = tmp_path / "models"
    storage.mkdir()
    module_twin.want(
        models={
            "large": {
                "url": f"https://{local_mqtt_hub.endpoint.hostname}/artifacts/{name}",
                "fileName": name,
                "size": GIBIBYTE,
                "sha256": digest.hexdigest(),
            }
        }
    )
    module = start_model_loader(storage, python_of("model_loader"))
    module_twin.wait_until(
        lambda it: it.get("models", {}).get("large", {}).get("state") == "ready", seconds=120
    )
    peak = peak_memory(module.pid)
    (storage / "large" / name).unlink()
    assert peak < MOST_MEMORY, f"{peak:,} bytes"


def peak_memory(pid):
    """The most memory that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip(f"no /proc on {os.uname().sysname}")
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
