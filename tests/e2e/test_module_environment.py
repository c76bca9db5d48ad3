"""The environment of a device, built as the Dockerfile builds it; model_loader runs in it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

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
def python(request, tmp_path_factory):
    """The Python of an environment with the locked requirements and our wheel, and nothing else.

    The requirements are installed once for each version of their file.
    """
    requirements = MODULES / "requirements/model_loader.txt"
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = request.config.cache.mkdir("module-environment") / key
    python = folder / "bin/python"
    if not (folder / "complete").exists():
        venv.create(folder, clear=True, with_pip=True)
        pip(python, "--require-hashes", "-r", str(requirements))
        (folder / "complete").touch()
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = dist.glob("edgeops-*.whl")
    pip(python, "--no-deps", "--force-reinstall", str(wheel))
    return python


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


def test_nothing_that_a_device_does_not_need_is_there(python):
    code = "import importlib.util as u, sys; print([n for n in sys.argv[1:] if u.find_spec(n)])"
    said = subprocess.run(
        [str(python), "-c", code, *NOT_ON_DEVICES], check=True, capture_output=True, text=True
    )
    assert said.stdout == "[]\n"


def test_a_large_model_is_fetched_in_little_memory(
    python, local_mqtt_hub, module_twin, start_model_loader, tmp_path
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
    module = start_model_loader(storage, python)
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
