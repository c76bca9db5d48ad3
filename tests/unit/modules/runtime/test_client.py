"""How a module finds its connection to the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.modules.runtime.client import Handlers, ModuleClient, NotConnected
from edgeops.modules.runtime.environment import ModuleEnvironment

pytest.importorskip("azure.iot.device")

HANDLERS = Handlers(on_desired=lambda: None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0", "is not the connection string of a m"),
        ("ModuleId=m;SharedAccessKey=c2VjcmV0", "is not a valid connection string"),
        ("HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=a", "is not a valid connection string"),
    ],
)
def test_a_connection_string_that_cannot_work_ends_the_module(text, message):
    device = ModuleClient(ModuleEnvironment(Path("/models"), text))
    with pytest.raises(EdgeOpsError, match=message) as failed:
        device.connect(HANDLERS)
    assert not isinstance(failed.value, NotConnected)
    assert "c2VjcmV0" not in failed.value.message


def test_without_iot_edge_there_is_nothing_to_connect_to():
    device = ModuleClient(ModuleEnvironment(Path("/models")))
    with pytest.raises(EdgeOpsError, match="this module has no identity") as failed:
        device.connect(HANDLERS)
    assert not isinstance(failed.value, NotConnected)
    with pytest.raises(NotConnected):
        device.twin()
    device.close()
