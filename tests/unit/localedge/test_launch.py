"""What a module gets: its container's environment, and nothing else of ours."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from edgeops.localedge import run
from edgeops.localedge.deployment import Bind, WantedModule
from edgeops.localedge.process import Program, supervise
from edgeops.localedge.run import Machine, launcher

MODULE = WantedModule(
    name="model_loader",
    image="edgeops-model-loader",
    program="edgeops.modules.model_loader",
    restart_policy="never",
    env={"EDGEOPS_LOAD_TEST": "off", "EDGEOPS_STORAGE": "/models"},
    binds=(Bind(PurePosixPath("/srv"), PurePosixPath("/models")),),
)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(
        devices_folder=tmp_path,
        hub="localhost",
        ca_file=tmp_path / "ca.pem",
        connection_string=lambda device, module: f"DeviceId={device};ModuleId={module}",
    )


def test_a_module_sees_its_storage_its_identity_and_nothing_of_ours(machine, tmp_path):
    storage = tmp_path / "a/models"
    program = launcher(machine, "a")(MODULE, storage)
    child = str(Path(run.__file__).with_name("child.py"))
    options = ("-I", "-u", "-X", "utf8")
    assert program.command == (sys.executable, *options, child, "edgeops.modules.model_loader")
    own = tmp_path / "a/containers/model_loader"
    assert program.environment() == {
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(own / ".home"),
        "TMPDIR": str(own / ".tmp"),
        "no_proxy": "localhost",
        "NO_PROXY": "localhost",
        "IOTEDGE_DEVICEID": "a",
        "IOTEDGE_MODULEID": "model_loader",
        "EDGEOPS_LOAD_TEST": "off",
        "EDGEOPS_STORAGE": str(storage),
        "EDGEOPS_CONNECTION_STRING": "DeviceId=a;ModuleId=model_loader",
        "EDGEOPS_CA_FILE": str(tmp_path / "ca.pem"),
        "EDGEOPS_TRANSPORT": "mqtt",
    }
    assert program.folder == own / ".home"
    assert all(folder.is_dir() for folder in (storage, own / ".home", own / ".tmp"))
    filled = launcher(replace(machine, history=tmp_path / "counts.csv"), "a")(MODULE, storage)
    assert filled.environment() == {
        **program.environment(),
        "EDGEOPS_HISTORY_CSV": str(tmp_path / "counts.csv"),
    }


def test_only_the_loader_of_models_is_told_whom_to_trust(machine, tmp_path):
    trusting = replace(machine, trust=tmp_path / "keys")
    program = launcher(trusting, "a")(MODULE, tmp_path / "a/models")
    without = launcher(machine, "a")(MODULE, tmp_path / "a/models").environment()
    assert program.environment() == {**without, "EDGEOPS_TRUST": str(tmp_path / "keys")}
    forecaster = replace(MODULE, name="forecaster", program="edgeops.modules.forecaster")
    made = launcher(trusting, "a")(forecaster, tmp_path / "a/models").environment()
    assert "EDGEOPS_TRUST" not in made


TELLS = """
import json, os, sys, tempfile
environ = dict(os.environ)
import edgeops
print(json.dumps({"environ": environ, "path": sys.path, "cwd": os.getcwd(),
                  "edgeops": edgeops.__file__, "tmp": tempfile.gettempdir()}))
"""


def test_a_process_has_that_environment_and_the_packages_of_this_one(
    machine, tmp_path, monkeypatch
):
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "json.py").write_text("raise SystemExit('code from where the user stands')")
    (trap / "edgeops").mkdir()
    (trap / "edgeops/__init__.py").write_text("")
    monkeypatch.chdir(trap)
    monkeypatch.setenv("PYTHONPATH", str(trap))
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_canary")
    program = launcher(machine, "a")(MODULE, tmp_path / "a/models")
    *python, _child, _module = program.command
    seen = json.loads(output(replace(program, command=(*python, "-c", TELLS))))
    assert seen["environ"] == {**program.environment(), **of_the_interpreter(seen["environ"])}
    assert seen["cwd"] == str(program.folder)
    assert seen["tmp"] == program.environment()["TMPDIR"]
    assert Path(seen["edgeops"]).parents[1] == Path(run.__file__).parents[2]
    assert str(trap) not in seen["path"]
    assert "" not in seen["path"]


def of_the_interpreter(environ: dict[str, str]) -> dict[str, str]:
    """What Python sets by itself, with a locale that it does not like."""
    return {name: value for name, value in environ.items() if name == "LC_CTYPE"}


def output(program: Program) -> str:
    lines: list[str] = []
    asyncio.run(supervise(program, lambda _: None, lines.append))
    return "\n".join(lines)


def test_a_module_does_not_get_our_environment(machine, tmp_path):
    made = launcher(machine, "a")(MODULE, tmp_path / "m").environment()
    assert made["HOME"] != os.environ["HOME"]
    assert "EDGEOPS_MQTT_PORT" in os.environ, "the tests set it"
    assert "EDGEOPS_MQTT_PORT" not in made
