"""Edge devices of a workspace, run on this machine."""

import gc

import pytest
from shared_state import share_state

from edgeops.api import Workspace, run_devices, sync
from edgeops.api.devices import edge_devices
from edgeops.errors import EdgeOpsError, UsageError

# The device SDK makes its TLS context in a deprecated way, and leaves sockets to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

TWO_EDGE_DEVICES = """\
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: edge}
spec: {template: {spec: {edge: true}}, devices: [{name: gateway-2}, {name: gateway-1}]}
"""


@pytest.fixture
def gateways(root, git, listener):
    """A workspace with two edge devices; garbage of the SDK is collected before other tests."""
    (root / "fleet/edge.yaml").write_text(TWO_EDGE_DEVICES)
    git("add", "--all")
    git("commit", "--quiet", "--message", "two edge devices")
    yield Workspace.find(root, observer=listener)
    gc.collect()


def test_the_edge_devices_are_those_of_the_commit(gateways, root):
    (root / "fleet/edge.yaml").unlink()
    assert edge_devices(gateways) == ["gateway-1", "gateway-2"]


@pytest.mark.slow
def test_they_run_until_they_have_converged(gateways, root, local_mqtt_hub, listener):
    share_state(root, local_mqtt_hub.state_dir)
    sync(gateways)
    statuses = run_devices(gateways, edge_devices(gateways), until_converged_within=60)
    assert [(row.device, row.in_sync, row.health.state.value) for row in statuses] == [
        ("gateway-1", True, "Converged"),
        ("gateway-2", True, "Converged"),
    ]
    assert any(note.startswith("gateway-1: ") for note in listener.notes)


def test_a_device_that_git_no_longer_has_cannot_converge(gateways, root, git, local_mqtt_hub):
    share_state(root, local_mqtt_hub.state_dir)
    sync(gateways)
    git("rm", "--quiet", "fleet/edge.yaml")
    git("commit", "--quiet", "--message", "no edge devices")
    with pytest.raises(EdgeOpsError, match="git has no device `gateway-1`"):
        run_devices(Workspace.find(root), ["gateway-1"], until_converged_within=60)


def test_they_need_the_local_hub_to_run_with_mqtt(gateways, root, local_hub):
    with pytest.raises(EdgeOpsError, match="the local hub is not running"):
        run_devices(gateways, ["gateway-1"])
    share_state(root, local_hub.state_dir)
    with pytest.raises(EdgeOpsError, match="it runs without MQTT"):
        run_devices(gateways, ["gateway-1"])
    with pytest.raises(UsageError, match="needs the local hub"):
        run_devices(Workspace.find(root, hub="production"), ["gateway-1"])
