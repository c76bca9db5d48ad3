"""The local hub of a workspace."""

import pytest

from edgeops.api import Workspace, connection_string, events, hub_devices, sync
from edgeops.api.hubs import conditions, reset
from edgeops.errors import EdgeOpsError, UsageError


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


def test_an_empty_name_is_not_that_of_something_larger(with_hub):
    """As of a variable of the shell that is not set: the device instead of its module."""
    hub_devices.create_device(with_hub, "d")
    for wrong in (
        lambda: connection_string(with_hub, device=""),
        lambda: connection_string(with_hub, device="d", module=""),
        lambda: hub_devices.create_device(with_hub, ""),
        lambda: hub_devices.create_device(with_hub, "e", module=""),
        lambda: hub_devices.delete_device(with_hub, ""),
        lambda: hub_devices.delete_device(with_hub, "d", module=""),
        lambda: next(events(with_hub, device="")),
    ):
        with pytest.raises(UsageError, match="the name of a device or module is empty"):
            wrong()
    assert [one.device for one in hub_devices.list_devices(with_hub)] == ["d"]


def test_events_and_starting_afresh(with_hub, workspace):
    sync(with_hub)
    shown = list(events(with_hub, device="a"))
    assert shown
    assert {event["deviceId"] for event in shown} == {"a"}
    assert list(events(with_hub, last=1)) == list(events(with_hub))[-1:]
    reset(with_hub)
    assert list(events(with_hub)) == []
    with pytest.raises(EdgeOpsError, match="the local hub has no device a"):
        connection_string(with_hub, device="a")


def test_a_fleet_is_synced_to_the_hub_of_another_folder(root, local_hub):
    workspace = Workspace.find(root, environ={"EDGEOPS_HUB_DIR": str(local_hub.state_dir)})
    sync(workspace)
    assert ";DeviceId=a;" in local_hub.device_connection_string("a")
    assert workspace.local_artifacts_url == f"https://localhost:{local_hub.port}/artifacts"
    assert not (root / ".edgeops").exists()


def test_conditions_are_shown_and_replaced(with_hub):
    assert conditions(with_hub)["faults"] == []
    changed = conditions(with_hub, {"faults": ["query=drop"], "latency": 0.001})
    assert (changed["faults"], changed["sku"]) == (["query=drop"], None)
    assert conditions(with_hub)["latency"] == 0.001
    with pytest.raises(UsageError, match="there is no SKU 'S9'"):
        conditions(with_hub, {"sku": "S9"})
    assert conditions(with_hub, {})["faults"] == []
