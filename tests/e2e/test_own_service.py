"""docs/testing.md works: the suites of its services pass, and fail where a service is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgeops.testing import running_hub

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs/testing.md"
FIRST = TESTS / "examples/first-hub"
PYTHON, NODE = TESTS / "examples/cold-chain", TESTS / "examples/cold-chain-node"
NODE_MODULES = TESTS / "contract/node/node_modules"
OWN_NETWORK = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
SECONDS = 120


def run(command, folder, **environ):
    """Runs a suite as its own project would, without what these tests tell their processes."""
    ours = ("PYTEST", "EDGEOPS")
    usual = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        command,
        cwd=folder,
        env=usual | environ,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def run_pytest(folder, tmp_path, *arguments):
    base = f"--basetemp={tmp_path / 'tmp'}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", base, *arguments]
    return run(command, folder)


@pytest.fixture
def service(tmp_path):
    """A copy of the Python service, and how to change a line of it."""
    pytest.importorskip("azure.iot.hub", reason="azure-iot-hub has no wheel here")
    folder = tmp_path / "cold-chain"
    shutil.copytree(PYTHON, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def changed(name, before, after):
        text = (folder / name).read_text()
        assert before in text
        (folder / name).write_text(text.replace(before, after))
        return folder

    return folder, changed


@pytest.mark.slow
def test_the_first_steps_work(tmp_path):
    pytest.importorskip("azure.iot.hub", reason="azure-iot-hub has no wheel here")
    folder = tmp_path / "first"
    shutil.copytree(FIRST, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with running_hub(tmp_path / "hub") as hub:
        device = hub.device("my-device")
        command = [sys.executable, "device.py", device.connection_string]
        assert run(command, folder, SSL_CERT_FILE=str(hub.ca_file)).returncode == 0
        assert hub.wait_for(telemetry={}).body == {"temperature": 9.5}
    done = run_pytest(folder, tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_the_suite_of_the_service_passes_with_a_hub_for_each_process(service, tmp_path):
    folder, _ = service
    done = run_pytest(folder, tmp_path, "-n", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^=+ 3 passed in ", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.slow
def test_what_is_wrong_can_be_read(service, tmp_path):
    folder, changed = service
    changed("cold_chain.py", '"interval": INTERVAL_IF_WARM', '"interva1": INTERVAL_IF_WARM')
    changed("tests/test_cold_chain.py", '("interval") == 10', '("interval") == 10, timeout=1')
    changed("tests/test_cold_chain.py", "telemetry={}", 'timeout=0, telemetry={"temperature": 5}')
    reader = 'ColdChain(edgeops_clean_hub.policy_connection_string("registryRead"))'
    changed("tests/test_cold_chain.py", "assert not service", f"assert not {reader}")
    done = run_pytest(folder, tmp_path)
    assert done.returncode == 1
    warm, cold, throttled = re.split(r"^_{3,} test_\w+ _{3,}$", done.stdout, flags=re.MULTILINE)[1:]
    assert "the twin of truck-1 did not become as expected in 1 seconds; it is" in warm
    assert '  desired: {"interval": 60, "interva1": 10}' in warm
    assert '  reported: {"target": 4}' in warm
    assert "no telemetry with {'temperature': 5} of truck-1 in 0 seconds; arrived:" in cold
    assert re.search(r'  truck-1  telemetry  {"temperature": 4.0}$', cold, re.MULTILINE)
    assert "PATCH '/twins/truck-1': the policy of its token does not permit this" in throttled
    assert "edgeops/" not in done.stdout.replace("edgeops/tests", "")


def test_the_page_shows_these_services():
    files = [*FIRST.glob("*.py"), *PYTHON.rglob("*.py"), *PYTHON.glob("*.toml"), *NODE.iterdir()]
    sources = [path.read_text() for path in files]
    blocks = re.findall(
        r"^```(python|toml|js|json)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) >= 4
    for _, block in blocks:
        assert any(block in source for source in sources), f"not in the services:\n{block}"


@pytest.mark.slow
def test_the_suite_of_the_service_for_node_passes(tmp_path):
    if shutil.which("node") is None or not NODE_MODULES.exists():
        pytest.skip("no Azure SDKs for Node: they need node and `make tools`")
    if run([*OWN_NETWORK, "true"], tmp_path).returncode != 0:
        pytest.skip("a hub on port 443, the only one of Node's service SDK, needs `unshare -rn`")
    folder = tmp_path / "cold-chain-node"
    shutil.copytree(NODE, folder)
    (folder / "node_modules").symlink_to(NODE_MODULES)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = run([*OWN_NETWORK, "node", "run-tests.js"], folder, PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass 1\n" in done.stdout


def test_the_plugin_imports_nothing_until_a_test_wants_a_hub():
    loaded = "import sys, pytest; before = set(sys.modules); import edgeops.pytest_plugin"
    done = run(
        [sys.executable, "-c", f"{loaded}; print(*sorted(set(sys.modules) - before))"], TESTS
    )
    assert done.stdout.split() == ["edgeops", "edgeops.pytest_plugin"], done.stderr
