"""What a local hub says when it has started."""

import json
from pathlib import Path

import pytest

from edgeops.api.hubs import HubStart
from edgeops.localhub.access import Endpoint
from edgeops.report.hub_start import as_json, text

SECRET = "HostName=localhost:8443;SharedAccessKeyName=iothubowner;SharedAccessKey=a2V5a2V5a2V5"


def started(folder="/w/.edgeops", *, by_default=True, ephemeral=False, **endpoint):
    at = {"host": "127.0.0.1", "port": 8443, "pid": 7, "mqtt_port": 8883, **endpoint}
    ca_file = Path(folder) / "ca.pem"
    return HubStart(Endpoint(ca_file=ca_file, **at), Path(folder), by_default, ephemeral, SECRET)


def test_a_terminal_gets_the_key_and_all_steps():
    assert text(started(), with_key=True) == "\n".join(
        (
            "local IoT Hub on https://localhost:8443, mqtts://localhost:8883 (Ctrl-C stops it)",
            "  folder         /w/.edgeops",
            f"  for services   {SECRET}",
            "  for a device   edgeops hub device create my-device",
            "  its page       edgeops hub open",
            "Clients must trust its certificate:",
            "  CA=/w/.edgeops/ca.pem",
            "  REQUESTS_CA_BUNDLE=$CA python service.py   # azure-iot-hub",
            "  SSL_CERT_FILE=$CA python device.py         # azure-iot-device",
            "  NODE_EXTRA_CA_CERTS=$CA node app.js",
            "  SSL_CERT_FILE=$CA dotnet run               # on Linux",
            "  REQUESTS_CA_BUNDLE=$CA az iot hub device-identity list --login"
            ' "$(edgeops hub connection-string)"',
            "Service SDKs of Node and .NET, and az, may need --port 443: see the docs",
        )
    )


def test_a_log_gets_the_command_instead():
    shown = text(started("/tmp/a b", by_default=False, ephemeral=True), with_key=False)
    assert "SharedAccessKey" not in shown
    assert "  for services   edgeops hub connection-string --dir '/tmp/a b'\n" in shown
    assert "  folder         '/tmp/a b' (deleted when it ends)\n" in shown
    assert "  its page       edgeops hub open --dir '/tmp/a b'\n" in shown
    assert "  CA='/tmp/a b/ca.pem'\n" in shown


def test_the_default_port_of_https_needs_no_advice():
    shown = text(started(port=443, mqtt_port=None, alias="hub"), with_key=False)
    assert shown.startswith("local IoT Hub on https://hub:443 (Ctrl-C stops it)\n")
    assert "--port 443" not in shown
    assert "for a device" not in shown


def test_control_characters_of_a_path_are_inert():
    assert "\x1b" not in text(started("/tmp/\x1b[2J"), with_key=True)


def test_a_program_gets_one_line():
    line = as_json(started("/w/hub", by_default=False, ephemeral=True))
    assert "\n" not in line
    assert json.loads(line) == {
        "hostName": "localhost:8443",
        "port": 8443,
        "mqttPort": 8883,
        "pid": 7,
        "dir": "/w/hub",
        "caFile": "/w/hub/ca.pem",
        "ephemeral": True,
        "connectionString": SECRET,
    }


@pytest.mark.parametrize(
    ("host", "is_open"),
    [("127.0.0.1", False), ("127.9.9.9", False), ("::1", False), ("0.0.0.0", True), ("::", True)],
)
def test_beyond_loopback_it_is_open(host, is_open):
    assert started(host=host).is_open is is_open
