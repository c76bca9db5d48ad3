"""A hub for the tests of any service: its devices, its events, its bad days."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.localhub import access
from edgeops.localhub.access import DEFAULT_HOST, DEFAULT_MQTT_PORT
from edgeops.localhub.client import LocalHubRefusal, raw_client
from edgeops.testing import RunningHub, running_hub, trusting
from edgeops.testing.address import own_address
from tests.support.waiting import wait_until


def test_a_device_has_what_it_was_created_with(hub):
    device = hub.device("d%1", modules=["m"], edge=True, tags={"a": 1}, desired={"b": {"c": 2}})
    assert (device.tags(), device.desired(), device.reported()) == ({"a": 1}, {"b": {"c": 2}}, {})
    assert device.twin()["capabilities"] == {"iotEdge": True}
    device.patch(desired={"b": {"c": None}}, tags={"a": 2})
    assert (device.tags(), device.desired()) == ({"a": 2}, {"b": {}})
    module = device.module("m")
    module.patch(desired={"e": 5})
    assert module.desired() == {"e": 5}
    assert "DeviceId=d%1;ModuleId=m;SharedAccessKey=" in module.connection_string
    with pytest.raises(LocalHubRefusal, match=r"'d%1' is already registered") as refusal:
        hub.device("d%1")
    assert refusal.value.status == 409


def test_connection_strings_of_services_name_the_policy(hub):
    assert ";SharedAccessKeyName=iothubowner;" in hub.connection_string
    assert ";SharedAccessKeyName=service;" in hub.policy_connection_string("service")
    with pytest.raises(EdgeOpsError, match="no policy is called 'owner'"):
        hub.policy_connection_string("owner")


def test_an_event_is_given_once_and_in_any_order(hub):
    first, second = hub.device("d1", modules=["m"]), hub.device("d2")
    for number in (1, 2, 2):
        first.send({"n": number}, {"alert": "yes"})
    assert hub.wait_for(telemetry={"n": 2}).properties == {"alert": "yes"}
    assert hub.wait_for(telemetry={"n": 1}, device=first).body == {"n": 1}
    assert hub.wait_for(lambda event: event.body["n"] == 2, telemetry={}, device="d1")
    second.send("text")
    first.module("m").send(7)
    assert hub.wait_for(device=second).kind == "lifecycle"
    assert hub.wait_for(telemetry={}, device=second).body == "text"
    assert hub.wait_for(device=first.module("m")).operation == "createModuleIdentity"
    assert hub.wait_for(device=first.module("m")).body == 7
    assert [event.body for event in hub.events("d2")][1:] == ["text"]
    assert len(hub.events(first.module("m"))) == 2
    assert len(hub.events()) == len(hub.events(first)) + len(hub.events(second)) == 8


def test_a_test_waits_until_an_event_arrives(hub):
    device = hub.device("d1")
    sender = threading.Thread(target=device.send, args=({"n": 1},))
    sender.start()
    assert hub.wait_for(telemetry={"n": 1}, timeout=60).device == "d1"
    sender.join()


def test_a_test_that_waits_in_vain_is_told_what_arrived(hub):
    device = hub.device("d1")
    device.send({"n": 1})
    hub.device("d2").send({"n": 3})
    hub.wait_for(telemetry={"n": 1})
    with pytest.raises(AssertionError) as caught:
        hub.wait_for(lambda event: True, telemetry={"n": 3}, device=device, timeout=0)
    first, *arrived = str(caught.value).splitlines()
    assert first == "no telemetry with {'n': 3} of d1 as expected in 0 seconds; arrived:"
    assert [line.split("  ")[2:] for line in arrived] == [
        ["d1", "lifecycle", "createDeviceIdentity"],
        ["d1", "telemetry", '{"n": 1}', "(given before)"],
    ]


def test_bad_days_are_for_a_block_and_not_for_the_test_itself(hub, state_dir):
    send = raw_client(state_dir, "service", seconds=10)

    def status_for_a_service():
        return send("GET", "/twins/d1", {}, None)[0]

    device = hub.device("d1")
    with hub.conditions(latency=0.001, retry_after=3), hub.faults("twin-read=503", "*=500@1%"):
        assert hub.request("GET", "/conditions")["retryAfter"] == 3
        assert hub.request("GET", "/conditions")["faults"] == ["twin-read=503", "*=500@1%"]
        assert status_for_a_service() == 503
        assert device.twin()["deviceId"] == "d1"
        assert hub.counts()["twin-read"] == {"faults": 1}
    assert status_for_a_service() == 200
    assert hub.counts() == {}
    with pytest.raises(EdgeOpsError, match="'nonsense' is not a fault"), hub.faults("nonsense"):
        pass


def test_a_reset_leaves_an_empty_hub(hub):
    for number in range(3):
        hub.device(f"d{number}").send(number)
    hub.request(
        "PUT",
        "/configurations/c",
        {"id": "c", "content": {"deviceContent": {}}, "targetCondition": "*", "priority": 1},
    )
    job = {
        "jobId": "j",
        "type": "scheduleUpdateTwin",
        "startTime": "2099-01-01T00:00:00Z",
        "maxExecutionTimeInSeconds": 60,
        "queryCondition": "*",
        "updateTwin": {"etag": "*", "tags": {"a": 1}},
    }
    hub.request("PUT", "/jobs/v2/j", job)
    hub.request("PUT", "/conditions", {"faults": ["*=500"]})
    hub.reset()
    assert hub.events() == []
    assert hub.request("GET", "/devices") == hub.request("GET", "/configurations") == []
    assert hub.request("GET", "/jobs/v2/query") == []
    assert hub.request("GET", "/conditions")["faults"] == []
    hub.device("d1").send({})
    assert hub.wait_for(telemetry={}).device == "d1"


def test_trust_is_for_a_block_and_beside_that_of_before(hub, monkeypatch, tmp_path):
    mine = tmp_path / "mine.pem"
    mine.write_text("MINE\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(mine))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("NODE_EXTRA_CA_CERTS", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "example.com")
    before = dict(os.environ)
    with trusting(hub):
        certificate = hub.ca_file.read_text()
        assert Path(os.environ["SSL_CERT_FILE"]).read_text() == f"MINE\n\n{certificate}"
        bundle = Path(os.environ["REQUESTS_CA_BUNDLE"]).read_text()
        assert bundle.endswith(certificate)
        assert bundle.count("BEGIN CERTIFICATE") > 50
        assert os.environ["NODE_EXTRA_CA_CERTS"] == str(hub.ca_file)
        assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == f"example.com,{hub.host}"
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    "content", ["# Főtanúsítvány\n".encode("latin2"), None], ids=["Latin 2", "absent"]
)
def test_certificates_of_before_in_any_encoding_or_absent(hub, monkeypatch, tmp_path, content):
    mine = tmp_path / "mine.pem"
    if content is not None:
        mine.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(mine))
    with trusting(hub):
        bundle = Path(os.environ["SSL_CERT_FILE"]).read_bytes()
    assert bundle.startswith(content or b"-----BEGIN")
    assert bundle.endswith(hub.ca_file.read_bytes())


def test_each_process_has_an_address_of_its_own():
    numbers = [1, 255, 256, 65536, 4194303]
    assert len({own_address(number)[0] for number in numbers}) == len(numbers)


def test_no_address_with_the_port_of_devices_is_an_error_that_says_why():
    with ExitStack() as held:
        for host in (own_address(77)[0], DEFAULT_HOST):
            with suppress(OSError):  # somebody else listens there: as well
                held.enter_context(socket.create_server((host, DEFAULT_MQTT_PORT)))
        with pytest.raises(EdgeOpsError, match="port 8883 is in use") as caught:
            own_address(77)
    assert "know no other port" in caught.value.hint


def test_a_hub_that_cannot_start_says_why(tmp_path, capfd):
    (tmp_path / "main.py").touch()
    with pytest.raises(EdgeOpsError, match="the local hub did not start"):
        running_hub(tmp_path).__enter__()
    assert capfd.readouterr().err.startswith(f"error: {tmp_path} is not empty")


def test_the_hub_of_other_languages_ends_with_its_stdin_and_leaves_nothing():
    program = [sys.executable, "-m", "edgeops", "hub", "serve", "--ephemeral", "--with-parent"]
    options = ["--port", "0", "--mqtt-port", "0", "-o", "json"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([*program, *options], **pipes) as process:
        said = json.loads(process.stdout.readline())
        assert said["connectionString"].startswith(f"HostName={said['hostName']};")
        assert Path(said["caFile"]).exists()
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    assert not Path(said["dir"]).exists()


def test_a_hub_that_was_killed_is_named_as_the_reason(tmp_path):
    with running_hub(tmp_path) as hub:
        pid = access.running(tmp_path).pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: access.running(tmp_path) is None)
        with pytest.raises(EdgeOpsError, match="the hub of these tests has ended"):
            hub.device("d")


def test_no_hub_is_an_error(tmp_path):
    with pytest.raises(EdgeOpsError, match="the local hub is not running"):
        RunningHub(tmp_path)
