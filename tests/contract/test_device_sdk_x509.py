"""Microsoft's own device SDK, unmodified, with X.509 certificates."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime, timedelta

import pytest
import requests
import trustme

from edgeops.localhub import trusted
from edgeops.localhub.files import StateFiles
from edgeops.localhub.tail import tail
from tests.support.device_certificates import forged, issued, saved, self_signed, thumbprints
from tests.support.device_sdk import SDK_WARNINGS, leaks_end_here  # noqa: F401 - fixtures
from tests.support.waiting import wait_until

sdk = pytest.importorskip("azure.iot.device")

pytestmark = SDK_WARNINGS
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority():
    """The CA of the makers of devices."""
    return trustme.CA()


@pytest.fixture
def local_mqtt_hub(start_mqtt_hub, _mqtt_host):
    """A hub on the ports that the SDK insists on, where this process may listen on 443."""
    try:
        socket.create_server((_mqtt_host, 443)).close()
    except OSError:
        return start_mqtt_hub()
    return start_mqtt_hub(port=443)


@pytest.fixture
def local_hub(local_mqtt_hub):
    """So that the service SDK talks to the same hub."""
    return local_mqtt_hub


@pytest.fixture
def trust(local_mqtt_hub, tmp_path):
    """Lets the hub trust certificates in PEM form, while it runs; gives them."""

    def trust(content):
        file = tmp_path / "trusted.pem"
        file.write_bytes(content)
        return trusted.trust(StateFiles(local_mqtt_hub.state_dir), file, NOW)

    return trust


@pytest.fixture
def client(local_mqtt_hub, tmp_path):
    """Makes clients of a device, or of a module of it, with a certificate and its key."""
    clients = []

    def make(pair, device, module=None, **options):
        certificate, key = saved(tmp_path, *pair)
        kind = sdk.IoTHubModuleClient if module else sdk.IoTHubDeviceClient
        name = {"device_id": device} | ({"module_id": module} if module else {})
        made = kind.create_from_x509_certificate(
            x509=sdk.X509(str(certificate), str(key)),
            hostname=local_mqtt_hub.endpoint.name,
            server_verification_cert=local_mqtt_hub.ca_file.read_text(),
            **name,
            **options,
        )
        clients.append(made)
        return made

    yield make
    for made in clients:
        made.shutdown()


@pytest.fixture
def refused(client, caplog):
    """Checks that a client of d1 is refused, and gives what the log of the hub says of it."""

    def heard():
        return [r.getMessage() for r in caplog.records if r.name.startswith("edgeops.localhub")]

    def refused(pair):
        caplog.clear()
        with pytest.raises((sdk.exceptions.CredentialError, sdk.exceptions.ConnectionFailedError)):
            client(pair, "d1", connection_retry=False).connect()
        return wait_until(heard)

    caplog.set_level(logging.WARNING)
    return refused


@pytest.mark.parametrize("websockets", [False, True], ids=["mqtt", "websockets"])
def test_a_device_and_a_module_of_a_ca(registry, trust, client, authority, websockets, local_hub):
    if websockets and local_hub.port != 443:
        pytest.skip("cannot listen on port 443, the only one that the SDK uses")
    registry.create_device_with_certificate_authority("d1", "enabled")
    registry.create_module_with_certificate_authority("d1", "m1", "")
    trust(authority.cert_pem.bytes())
    between = authority.create_child_ca()  # which the client sends

    device = client(issued(between, "d1"), "d1", websockets=websockets)
    device.patch_twin_reported_properties({"a": 1})
    module = client(issued(between, "d1/m1"), "d1", "m1", websockets=websockets)
    module.send_message("1")

    assert device.get_twin()["reported"] == {"a": 1, "$version": 2}
    twin = registry.get_twin("d1")
    assert (twin.authentication_type, twin.connection_state) == (
        "certificateAuthority",
        "Connected",
    )
    *_, event = tail(local_hub.state_dir, last=1, device="d1", follow=False)
    assert (event["moduleId"], event["body"]) == ("m1", 1)


def test_thumbprints(registry, trust, client, refused):
    pair, old = self_signed("any name"), self_signed("another")
    registry.create_device_with_x509("d1", "A" * 40, thumbprints(pair[0])[0], "enabled")
    [why] = refused(pair)
    assert (
        "it needs one of its thumbprint, which the hub must trust (`edgeops hub trust-ca`)" in why
    )

    trust(pair[0])
    client(pair, "d1").connect()
    twin = registry.get_twin("d1")
    assert (twin.authentication_type, twin.connection_state) == ("selfSigned", "Connected")
    assert twin.x509_thumbprint.secondary_thumbprint == thumbprints(pair[0])[0]

    [why] = refused(old)
    assert "not accepted: self-signed certificate; trust its CA, or it if it is self-s" in why
    trust(old[0])
    [why] = refused(old)
    assert f"{thumbprints(old[0])[0]} (SHA-1)" in why


def test_each_refusal_has_a_reason(registry, trust, refused, authority):
    registry.create_device_with_certificate_authority("d1", "enabled")
    own, other = self_signed("d1"), self_signed("d2")
    trust(authority.cert_pem.bytes() + own[0] + other[0])

    [why] = refused(issued(authority, "d2"))
    assert why.endswith("'d1': the common name of its certificate is 'd2', and must be 'd1'")
    [why] = refused(own)
    assert why.endswith("and its certificate is self-signed")
    [why] = refused(issued(trustme.CA(), "d1"))
    assert "a client of the MQTT port sent a certificate that is not accepted: unable to " in why
    [why] = refused(forged(other, "d1"))  # who is trusted for a thumbprint vouches for nobody else
    assert "not accepted: invalid CA certificate" in why
    [why] = refused(issued(authority, "d1", not_after=NOW - timedelta(days=1)))
    assert "not accepted: certificate has expired" in why


def test_a_device_with_a_key_needs_it(registry, trust, client, refused, authority):
    registry.create_device_with_sas("d1", None, None, "enabled")
    trust(authority.cert_pem.bytes())
    [why] = refused(issued(authority, "d1"))
    assert why == "refused the MQTT client 'd1': it has no SAS token"


def test_who_is_no_longer_trusted(registry, trust, client, refused, authority, local_hub):
    registry.create_device_with_certificate_authority("d1", "enabled")
    [root] = trust(authority.cert_pem.bytes())
    pair = issued(authority, "d1")
    client(pair, "d1").connect()

    trusted.distrust(StateFiles(local_hub.state_dir), root.fingerprint)
    [why] = refused(pair)
    assert "and it sent no certificate" in why


def test_by_https(registry, trust, authority, local_hub, tmp_path, caplog):
    registry.create_device_with_certificate_authority("d1", "enabled")
    registry.create_device_with_sas("d2", None, None, "enabled")
    trust(authority.cert_pem.bytes())
    own = saved(tmp_path, *issued(authority, "d1"))

    def send(device, **options):
        return requests.post(
            f"https://{local_hub.endpoint.hostname}/devices/{device}/messages/events",
            data="1",
            verify=str(local_hub.ca_file),
            timeout=10,
            **options,
        )

    assert send("d1", cert=own).status_code == 204
    for response in (send("d2", cert=own), send("d1")):
        assert response.status_code == 401
        assert response.headers["iothub-errorcode"] == "IotHubUnauthorizedAccess"
    token = {"Authorization": "SharedAccessSignature sr=x&sig=y&se=1"}
    assert send("d1", headers=token).status_code == 401
    assert registry.get_device("d1").device_id == "d1"  # services have no certificates
    reasons = [r.getMessage() for r in caplog.records if "refused POST" in r.getMessage()]
    assert len(reasons) == 2
    assert "it has no SAS token" in reasons[0]
    assert "and it sent no certificate" in reasons[1]
