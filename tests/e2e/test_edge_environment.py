"""model_loader as the IoT Edge runtime starts it: the identity comes from the workload API.

IoT Edge gives a module no key. It gives the address of a workload API that
signs for the module and names the certificates to trust; this one does what
Azure/iotedge tells of it in edgelet/doc/workload.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("azure.iot.device")
pytest.importorskip("azure.iot.hub")

API_VERSION = "2019-01-30"
GENERATION = "638400000000000000"
MODEL = b"a model" * 10_000


@dataclass
class WorkloadApi:
    """Answers as the workload API of IoT Edge; `asked` holds the paths it was asked for."""

    key: str
    trust_bundle: str
    uri: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, str]]:
        url = urlsplit(target)
        self.asked.append(url.path)
        if parse_qs(url.query) != {"api-version": [API_VERSION]}:
            return 400, {"message": "no valid api-version"}
        if (method, url.path) == ("GET", "/trust-bundle"):
            return 200, {"certificate": self.trust_bundle}
        if (method, url.path) == ("POST", f"/modules/model_loader/genid/{GENERATION}/sign"):
            return self._sign(json.loads(body))
        return 404, {"message": "Module not found"}

    def _sign(self, request: dict[str, str]) -> tuple[int, dict[str, str]]:
        if (request["keyId"], request["algo"]) != ("primary", "HMACSHA256"):
            return 400, {"message": "no such key or algorithm"}
        data = base64.b64decode(request["data"], validate=True)
        digest = hmac.digest(base64.b64decode(self.key), data, "sha256")
        return 200, {"digest": base64.b64encode(digest).decode()}


def handler_of(api):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = api.answer(self.command, self.path, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    return Handler


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@pytest.fixture(params=["unix", "http"])
def scheme(request):
    return request.param


@pytest.fixture
def workload_api(scheme, local_mqtt_hub, module_twin):
    """A workload API that listens on a socket of its own, which has to have a short name."""
    folder = Path(tempfile.mkdtemp(prefix="iotedge"))
    api = WorkloadApi(parts(module_twin)["SharedAccessKey"], local_mqtt_hub.ca_file.read_text())
    if scheme == "unix":
        server = UnixServer(str(folder / "workload.sock"), handler_of(api))
        api.uri = f"unix://{folder}/workload.sock"
    else:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(api))
        api.uri = f"http://127.0.0.1:{server.server_port}"
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield api
        server.shutdown()
        thread.join()
    shutil.rmtree(folder)


@pytest.fixture
def on_iot_edge(local_mqtt_hub, workload_api):
    """The variables that IoT Edge sets. The hub is its own gateway: edgeHub would stand there."""
    return {
        "IOTEDGE_IOTHUBHOSTNAME": local_mqtt_hub.endpoint.hostname,
        "IOTEDGE_GATEWAYHOSTNAME": local_mqtt_hub.endpoint.name,
        "IOTEDGE_DEVICEID": "d1",
        "IOTEDGE_MODULEID": "model_loader",
        "IOTEDGE_MODULEGENERATIONID": GENERATION,
        "IOTEDGE_WORKLOADURI": workload_api.uri,
        "IOTEDGE_APIVERSION": API_VERSION,
        "IOTEDGE_AUTHSCHEME": "sasToken",
    }


@pytest.fixture
def storage(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def want_model(local_mqtt_hub, module_twin):
    """The twin wants a model that the hub serves."""
    local_mqtt_hub.artifacts.mkdir(exist_ok=True)
    (local_mqtt_hub.artifacts / "m.onnx").write_bytes(MODEL)
    release = {
        "url": f"https://{local_mqtt_hub.endpoint.hostname}/artifacts/m.onnx",
        "fileName": "m.onnx",
        "sha256": hashlib.sha256(MODEL).hexdigest(),
        "size": len(MODEL),
    }
    module_twin.want(models={"crowdedness": release})


@pytest.fixture
def log(tmp_path, module_twin):
    """The log so far; none of it may hold a secret or a traceback."""

    def read():
        text = (tmp_path / "model_loader.log").read_text()
        assert parts(module_twin)["SharedAccessKey"] not in text
        assert "SharedAccess" not in text
        assert "Traceback" not in text
        return text

    yield read
    read()


def parts(module_twin):
    return dict(part.split("=", 1) for part in module_twin.connection_string.split(";"))


def state(reported):
    return reported.get("models", {}).get("crowdedness", {}).get("state")


def wait_for_log(log, module, text):
    end = time.monotonic() + 30
    while text not in log():
        assert module.poll() is None
        assert time.monotonic() < end, f"not said: {text}"
        time.sleep(0.05)


@pytest.mark.usefixtures("want_model")
def test_the_runtime_signs_and_the_trust_bundle_is_enough_to_connect(
    local_mqtt_hub, module_twin, workload_api, on_iot_edge, start_model_loader, storage, log
):
    start_model_loader(storage, environment=on_iot_edge)
    module_twin.wait_until(state)
    sign = f"/modules/model_loader/genid/{GENERATION}/sign"
    assert workload_api.asked == ["/trust-bundle", sign]
    # The trust bundle is for the gateway; a store with a CA of its own must be named.
    module_twin.wait_until(lambda it: state(it) == "error")
    error = module_twin.reported["models"]["crowdedness"]["error"]
    assert error["code"] == "TlsFailed"
    assert "check the device's clock and EDGEOPS_CA_FILE" in error["message"]
    assert local_mqtt_hub.artifact_gets() == 0


@pytest.mark.usefixtures("want_model")
def test_a_model_is_loaded(
    local_mqtt_hub, module_twin, on_iot_edge, start_model_loader, storage, log
):
    environment = on_iot_edge | {"EDGEOPS_CA_FILE": str(local_mqtt_hub.ca_file)}
    start_model_loader(storage, environment=environment)
    module_twin.wait_until(lambda it: state(it) == "ready")
    assert (storage / "crowdedness/m.onnx").read_bytes() == MODEL
    assert "lastModelUpdate" in module_twin.reported


@pytest.mark.parametrize("scheme", ["unix"], indirect=True)
@pytest.mark.usefixtures("want_model")
def test_only_the_trust_bundle_says_which_gateway_to_trust(
    local_mqtt_hub, module_twin, workload_api, on_iot_edge, start_model_loader, storage, log
):
    import certifi

    workload_api.trust_bundle = certifi.contents()
    environment = on_iot_edge | {"EDGEOPS_CA_FILE": str(local_mqtt_hub.ca_file)}
    module = start_model_loader(storage, environment=environment)
    wait_for_log(log, module, "the hub cannot be reached (TlsExchangeAuthError)")
    assert not module_twin.connected
    # The next try asks again: the runtime may have got a new certificate.
    workload_api.trust_bundle = local_mqtt_hub.ca_file.read_text()
    module_twin.wait_until(lambda it: state(it) == "ready")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("IOTEDGE_MODULEGENERATIONID", "1", "IoT Edge does not give this module its identity"),
        ("IOTEDGE_WORKLOADURI", "unix:///nowhere", "IoT Edge does not give this module its id"),
        ("IOTEDGE_GATEWAYHOSTNAME", "127.0.0.2", "the hub cannot be reached"),
    ],
)
@pytest.mark.parametrize("scheme", ["unix"], indirect=True)
def test_a_runtime_that_is_not_ready_is_asked_again(
    variable, value, message, on_iot_edge, start_model_loader, storage, log
):
    module = start_model_loader(storage, environment=on_iot_edge | {variable: value})
    wait_for_log(log, module, message)
    wait_for_log(log, module, "next try in")


@pytest.mark.usefixtures("want_model")
def test_the_variables_for_debugging_work_as_well(
    local_mqtt_hub, module_twin, start_model_loader, storage, log
):
    start_model_loader(
        storage,
        environment={
            "EdgeHubConnectionString": module_twin.connection_string,
            "EdgeModuleCACertificateFile": str(local_mqtt_hub.ca_file),
            "EDGEOPS_CA_FILE": str(local_mqtt_hub.ca_file),
        },
    )
    module_twin.wait_until(lambda it: state(it) == "ready")


@pytest.mark.parametrize("module", ["model_loader", "forecaster"])
@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "this module has no identity (run it on IoT Edge, or set EDGEOPS_CONNECTION_STRING)"),
        ({"EDGEOPS_CONNECTION_STRING": "junk"}, "is not the connection string of a module"),
    ],
)
def test_without_an_identity_a_module_ends_and_says_so(module, environment, message, storage):
    ended = subprocess.run(
        [sys.executable, "-m", f"edgeops.modules.{module}"],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env={"EDGEOPS_STORAGE": str(storage), **environment},
    )
    assert ended.returncode == 1
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
