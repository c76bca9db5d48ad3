"""A device on a network that lets only a proxy out, with a certificate of its own."""

from __future__ import annotations

import hashlib

import pytest

from tests.support.proxies import ConnectProxy, running

pytest.importorskip("azure.iot.device")
pytest.importorskip("azure.iot.hub")
MODEL = b"a model" * 10_000


def test_twin_and_model_come_through_the_proxy(
    local_mqtt_hub, module_twin, start_model_loader, tmp_path
):
    local_mqtt_hub.artifacts.mkdir(exist_ok=True)
    (local_mqtt_hub.artifacts / "m.onnx").write_bytes(MODEL)
    # The proxy alone knows the store, and that the hub has another port here than 443.
    url = f"https://{local_mqtt_hub.endpoint.name}/artifacts/m.onnx"
    digest = hashlib.sha256(MODEL).hexdigest()
    module_twin.want(models={"crowdedness": {"url": url, "fileName": "m.onnx", "sha256": digest}})
    storage = tmp_path / "models"
    storage.mkdir()
    with running(ConnectProxy(to=local_mqtt_hub.port, login="me:hunter2")) as proxy:
        start_model_loader(
            storage,
            environment={
                "EDGEOPS_CONNECTION_STRING": module_twin.connection_string,
                "EDGEOPS_CA_FILE": str(module_twin.ca_file),
                "HTTPS_PROXY": proxy.url.replace("://", "://me:hunter2@"),
            },
        )
        module_twin.wait_until(
            lambda twin: twin.get("models", {}).get("crowdedness", {}).get("state") == "ready"
        )
    assert (storage / "crowdedness/m.onnx").read_bytes() == MODEL
    assert set(proxy.tunnels) == {f"{local_mqtt_hub.endpoint.name}:443"}
    assert "hunter2" not in (tmp_path / "model_loader.log").read_text()
