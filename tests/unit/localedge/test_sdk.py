"""The connection of the agent, without a hub."""

from __future__ import annotations

import asyncio

import pytest
from azure.iot.device.common.pipeline.pipeline_exceptions import OperationCancelled

from edgeops.localedge.sdk import connected
from tests.support.device_sdk import SDK_WARNINGS, leaks_end_here  # noqa: F401 - a fixture

pytestmark = SDK_WARNINGS

MODULE = "HostName=localhost;DeviceId=a;ModuleId=$edgeAgent;SharedAccessKey=a2V5"


@pytest.mark.parametrize(("fault", "told"), [(OperationCancelled(), 0), (ValueError(), 1)])
def test_a_request_that_ends_with_the_connection_is_no_fault(fault, told, caplog, local_hub):
    async def leave_a_request() -> None:
        async with connected(MODULE, local_hub.ca_file.read_text(), print):
            asyncio.get_running_loop().create_future().set_exception(fault)

    asyncio.run(leave_a_request())
    assert len(caplog.records) == told
