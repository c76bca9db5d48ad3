"""The local hub of a workspace."""

import pytest

from edgeops.api import connection_string, events, sync
from edgeops.api.hubs import reset
from edgeops.errors import EdgeOpsError, Refused, UsageError


def test_connection_strings(with_hub):
    assert "SharedAccessKeyName=iothubowner" in connection_string(with_hub)
    sync(with_hub)
    assert ";DeviceId=a;" in connection_string(with_hub, device="a")
    with pytest.raises(EdgeOpsError, match="the local hub has no device nobody"):
        connection_string(with_hub, device="nobody")
    with pytest.raises(UsageError):
        connection_string(with_hub, module="m")
    with pytest.raises(UsageError, match="no policy is called 'root'"):
        connection_string(with_hub, policy="root")


def test_events_and_starting_afresh(with_hub, workspace):
    sync(with_hub)
    shown = list(events(with_hub, device="a"))
    assert shown
    assert {event["deviceId"] for event in shown} == {"a"}
    assert list(events(with_hub, last=1)) == list(events(with_hub))[-1:]
    with pytest.raises(Refused, match="the local hub is running"):
        reset(with_hub)
