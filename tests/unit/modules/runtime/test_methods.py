"""Direct methods of a module, and which device it is on."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.modules.runtime.client import ModuleClient
from edgeops.modules.runtime.environment import ModuleEnvironment, module_environment
from edgeops.modules.runtime.module import DeviceModule


def reset(payload: Any) -> Any:
    if payload == "refuse":
        raise EdgeOpsError("not now", "later")
    return {"was": 10 // payload}


@pytest.mark.parametrize(
    ("name", "payload", "answer"),
    [
        ("reset", 5, (200, {"was": 2})),
        ("reset", "refuse", (400, {"error": "not now"})),
        ("reset", 0, (500, {"error": "the method failed"})),
        ("Reset", 5, (404, {"error": "no such method"})),
    ],
)
def test_each_call_has_an_answer(tmp_path, name, payload, answer):
    client = ModuleClient(ModuleEnvironment(tmp_path))
    log = logging.getLogger("test")
    module = DeviceModule(client, log, lambda *_: None, methods={"reset": reset})
    assert module._handlers.on_method is not None
    assert module._handlers.on_method(name, payload) == answer


def test_a_module_without_methods_does_not_listen_for_calls(tmp_path):
    client = ModuleClient(ModuleEnvironment(tmp_path))
    module = DeviceModule(client, logging.getLogger("test"), lambda *_: None)
    assert module._handlers.on_method is None


@pytest.mark.parametrize(
    ("environ", "device"),
    [
        ({}, ""),
        ({"IOTEDGE_DEVICEID": "gate-1"}, "gate-1"),
        (
            {"EDGEOPS_CONNECTION_STRING": "HostName=h;DeviceId=d 1;ModuleId=m;SharedAccessKey=a="},
            "d 1",
        ),
        ({"EDGEOPS_CONNECTION_STRING": "junk", "IOTEDGE_DEVICEID": "gate-1"}, "gate-1"),
    ],
)
def test_the_device_is_the_one_of_the_identity(environ, device):
    assert module_environment(environ).device == device
