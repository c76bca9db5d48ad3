"""What a module gets: its container's environment, and nothing else of ours."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import PurePosixPath

from edgeops.edgeruntime.deployment import Bind, WantedModule
from edgeops.edgeruntime.run import Machine, launcher


def test_a_module_sees_its_storage_its_identity_and_no_secret_of_ours(tmp_path):
    machine = Machine(
        devices_folder=tmp_path,
        ca_file=tmp_path / "ca.pem",
        connection_string=lambda device, module: f"DeviceId={device};ModuleId={module}",
        environ={"PATH": "/bin", "AZURE_CLIENT_SECRET": "s", "EDGEOPS_REPO": "/fleet"},
    )
    module = WantedModule(
        name="model_loader",
        image="edgeops-model-loader",
        program="edgeops.modules.model_loader",
        env={"EDGEOPS_LOAD_TEST": "off", "EDGEOPS_STORAGE": "/models"},
        binds=(Bind(PurePosixPath("/srv"), PurePosixPath("/models")),),
    )
    storage = tmp_path / "a/models"
    program = launcher(machine, "a")(module, storage)
    assert program.command == (
        sys.executable,
        "-m",
        "edgeops.edgeruntime.child",
        "edgeops.modules.model_loader",
    )
    assert program.environment() == {
        "PATH": "/bin",
        "EDGEOPS_LOAD_TEST": "off",
        "EDGEOPS_STORAGE": str(storage),
        "EDGEOPS_CONNECTION_STRING": "DeviceId=a;ModuleId=model_loader",
        "EDGEOPS_CA_FILE": str(tmp_path / "ca.pem"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
    }
    assert storage.is_dir()
    filled = launcher(replace(machine, history=tmp_path / "counts.csv"), "a")(module, storage)
    assert filled.environment() == {
        **program.environment(),
        "EDGEOPS_HISTORY_CSV": str(tmp_path / "counts.csv"),
    }
