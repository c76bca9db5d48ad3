"""Microsoft's device SDK for Node, with X.509 certificates."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from tests.support.device_certificates import issued, saved


@pytest.fixture(scope="module")
def saw(run_script, tmp_path_factory):
    """What devices saw of a hub that trusts their CA; they send those between."""
    authority = trustme.CA()
    files = []
    for name in ("d1", "d2"):
        certificate, key = issued(authority.create_child_ca(), name)
        files += saved(tmp_path_factory.mktemp(name), certificate, key)
    by_http = Path(__file__).parent / "node_modules/azure-iot-device-http"
    transports = ["Mqtt", "MqttWs", *(["Http"] if by_http.exists() else [])]
    return run_script("x509.mjs", *map(str, files), *transports, trusted=authority.cert_pem.bytes())


@pytest.mark.parametrize("transport", ["Mqtt", "MqttWs"])
def test_a_device_with_a_certificate(saw, transport):
    assert saw["type"] == "certificateAuthority"
    assert saw[transport] == ["UnauthorizedError", ["hello"], {"$version": 1}]


def test_a_device_sends_by_https(saw):
    if "Http" not in saw:
        pytest.skip("no HTTP transport of the SDK: it needs `make tools`")
    assert saw["Http"] == ["UnauthorizedError", ["hello"], None]
