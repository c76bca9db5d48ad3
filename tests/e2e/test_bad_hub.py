"""Bad hubs, credentials and moments: what the command line says, and that it loses nothing."""

from __future__ import annotations

import os
import sys
from functools import partial

import pytest

KEY = "c2VjcmV0c2VjcmV0c2VjcmV0"
FORMAT_HINT = "hint: expected HostName=...;SharedAccessKeyName=...;SharedAccessKey=..."


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Repeats come at once."""
    from edgeops.hub.retry import Retry

    monkeypatch.setattr("edgeops.hub.azure.Retry", partial(Retry, base=0.0))


@pytest.fixture
def production(many, local_hub, with_hub, monkeypatch):
    """The running local hub as if it were one in Azure."""
    monkeypatch.setenv("IOTHUB", local_hub.connection_string)
    monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
    repo = many(local_hub.endpoint.hostname)
    with_hub(repo)
    return repo


# --- connection strings and credentials ----------------------------------------------


def test_production_is_reached(production):
    assert production.edgeops("sync", "--hub", "production").code == 0
    assert production.in_sync("--hub", "production")


def test_nobody_is_signed_in(example_repo):
    environment = {**os.environ, "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}
    result = example_repo.process("sync", "--dry-run", "--hub", "production", env=environment)
    assert (result.code, result.out, result.err) == (
        1,
        "",
        "error: cannot get an Entra token for hub contoso.azure-devices.net\n"
        "hint: sign in with `az login`; in GitHub Actions use azure/login with `id-token: write`\n",
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"{KEY}", "is not a connection string of an IoT Hub"),
        (f"HostName=h.x;SharedAccessKey={KEY};Other=1", "is not a connection string of an"),
        (f"HostName=h.x;HostName=h.x;SharedAccessKey={KEY}", "is not a connection string of"),
        (f"HostName=h.x;SharedAccessKey={KEY}", "has no SharedAccessKeyName"),
        (f"SharedAccessKeyName=o;SharedAccessKey={KEY}", "has no HostName"),
        ("HostName=h.x;SharedAccessKeyName=o", "has no SharedAccessKey"),
        (
            f"HostName=h.x;DeviceId=d;SharedAccessKey={KEY}",
            "is the connection string of a device, not of a hub",
        ),
        (
            f"HostName=h.x;SharedAccessSignature={KEY}",
            "has a SharedAccessSignature; a SharedAccessKey",
        ),
        (
            f"HostName=https://h.x/{KEY};SharedAccessKeyName=o;SharedAccessKey={KEY}",
            "has an invalid HostN",
        ),
        (f"HostName=h.x;SharedAccessKeyName=o;SharedAccessKey={KEY[:-1]}", "has a SharedAccessKey"),
        (f"HostName=h.x;SharedAccessKeyName=o;SharedAccessKey={KEY}\nx", "has a SharedAccessKey"),
    ],
)
def test_a_wrong_connection_string(many, monkeypatch, text, fault):
    monkeypatch.setenv("IOTHUB", text)
    result = many().edgeops("sync", "--hub", "production")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: the environment variable IOTHUB {fault}")
    assert result.err.splitlines()[1].startswith(FORMAT_HINT)
    assert KEY[:-1] not in result.err


def test_a_connection_string_of_another_hub(many, monkeypatch):
    monkeypatch.setenv("IOTHUB", f"HostName=h.x;SharedAccessKeyName=o;SharedAccessKey={KEY}")
    result = many().edgeops("sync", "--hub", "production")
    assert (result.code, result.err) == (
        1,
        "error: IOTHUB is for h.x, but hub 'production' is localhost:1\n"
        "hint: nothing was sent; set the variable for this hub, or correct the Fleet"
        " manifest\n",
    )


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_connection_string_that_is_not_set(many, monkeypatch, value):
    monkeypatch.delenv("IOTHUB", raising=False)
    if value is not None:
        monkeypatch.setenv("IOTHUB", value)
    result = many().edgeops("sync", "--dry-run", "--hub", "production")
    assert (result.code, result.err) == (
        1,
        "error: the environment variable IOTHUB with the connection string of hub 'production'"
        " is not set\nhint: in GitHub Actions pass it from a secret:"
        " `env: {IOTHUB: ${{ secrets.IOTHUB }}}`\n",
    )


@pytest.mark.parametrize("policy", ["registryRead", "registryReadWrite", "device", "wrong key"])
def test_credentials_that_the_hub_refuses(production, local_hub, monkeypatch, policy):
    from edgeops.localhub import access

    text = f"{local_hub.connection_string.partition('SharedAccessKey=')[0]}SharedAccessKey={KEY}"
    if policy != "wrong key":
        text = access.connection_string(local_hub.state_dir, policy)
    monkeypatch.setenv("IOTHUB", text)
    result = production.edgeops("sync", "--hub", "production")
    assert (result.code, result.out) == (1, "")
    message, hint = result.err.splitlines()[-2:]
    hub = local_hub.endpoint.hostname
    assert message.startswith(f"error: hub {hub} refused the credentials (a query)")
    assert hint.startswith("hint: check that the key belongs to this hub and was not regenerated")
    assert KEY not in result.err


def test_a_policy_that_may_not_create_devices(production, local_hub, monkeypatch, registry):
    from edgeops.localhub import access

    monkeypatch.setenv("IOTHUB", access.connection_string(local_hub.state_dir, "service"))
    result = production.edgeops("sync", "--hub", "production")
    assert result.code == 1
    assert "refused the credentials (device 'd00')" in result.err
    assert "registryReadWrite" in result.err
    assert registry.get_devices() == []


def test_expired_credentials(production, local_hub, monkeypatch):
    monkeypatch.setattr("edgeops.hub.credentials.TOKEN_SECONDS", -3600)
    result = production.edgeops("sync", "--hub", "production")
    assert (result.code, result.out) == (1, "")
    assert "refused the credentials" in result.err
    assert "that the clock of this machine is correct" in result.err


def test_entra_without_azure_identity(many, monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    result = many().edgeops("sync", "--hub", "entra")
    assert (result.code, result.err) == (
        1,
        "error: hub contoso.azure-devices.net uses Entra, but azure-identity is not installed\n"
        "hint: pip install 'edgeops[entra]'\n",
    )


def test_without_microsofts_sdk_devices_are_written_and_deleting_says_why_not(
    hub_repo, monkeypatch
):
    monkeypatch.setitem(sys.modules, "azure.iot.hub", None)
    assert hub_repo.edgeops("sync").code == 0
    hub_repo.edit("fleet/fleet.yaml", "name: b", "name: c")
    hub_repo.commit()
    result = hub_repo.edgeops("sync", "--prune")
    assert result.code == 4
    assert "azure-iot-hub is not installed, so that edge deployments" in result.out


# --- the way to the hub -----------------------------------------------------------------


def test_an_unreachable_hub(many, monkeypatch, unused_port):
    text = f"HostName=localhost:{unused_port};SharedAccessKeyName=o;SharedAccessKey={KEY}"
    monkeypatch.setenv("IOTHUB", text)
    repo = many(f"localhost:{unused_port}")
    for command in ("sync", "status"):
        result = repo.edgeops(command, "--hub", "production")
        assert (result.code, result.out) == (1, "")
        assert result.err == (
            f"error: localhost:{unused_port} does not accept connections\n"
            "hint: check that the hub is running, and its port\n"
        )


def test_a_hub_whose_name_does_not_resolve(many, monkeypatch):
    host = "nowhere.azure-devices.net"
    monkeypatch.setenv("IOTHUB", f"HostName={host};SharedAccessKeyName=o;SharedAccessKey={KEY}")
    result = many(host).edgeops("sync", "--hub", "production")
    assert (result.code, result.err) == (
        1,
        f"error: cannot find the address of {host}\n"
        "hint: check the hostname of the hub in the Fleet manifest, and the network\n",
    )


def test_a_hub_with_another_ca_is_not_trusted(production, local_hub, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    result = production.edgeops("sync", "--hub", "production")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(
        f"error: cannot establish a trusted TLS connection to {local_hub.endpoint.hostname}\n"
        "hint: behind a proxy that inspects TLS, set SSL_CERT_FILE"
    )


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_without_certificates(production, tmp_path, monkeypatch, content):
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    result = production.edgeops("sync", "--hub", "production")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: cannot read the CA certificates in {file}\n")


@pytest.mark.parametrize("proxy", ["nonsense", f"http://user:{KEY}@127.0.0.1:1"])
def test_a_wrong_proxy(production, local_hub, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    result = production.edgeops("sync", "--hub", "production")
    assert (result.code, result.err) == (
        1,
        f"error: the proxy does not connect to {local_hub.endpoint.hostname}\n"
        "hint: check HTTPS_PROXY and NO_PROXY\n",
    )


# --- answers of the hub --------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "refused the credentials (device 'a')"),
        (403, "the daily message quota of hub"),
        (429, "is throttling requests for device 'a'"),
        (500, "failed with HTTP 500 for device 'a': Injected by a test."),
        (503, "failed with HTTP 503 for device 'a': Injected by a test."),
        (302, "unexpected response for device 'a': HTTP 302: Injected by a test."),
    ],
)
def test_a_hub_that_cannot_be_read(hub_repo, local_hub, registry, status, message):
    local_hub.faults.answer("GET", "/twins/a$", status, times=99, retry_after="0")
    result = hub_repo.edgeops("sync")
    assert (result.code, result.out) == (1, "")
    assert message in result.err.splitlines()[-2]
    assert result.err.splitlines()[-1].startswith("hint: ")
    assert registry.get_devices() == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/twins/", 429),
        ("GET", "/twins/", 503),
        ("PUT", "/devices/", 429),
        ("PATCH", "/twins/", 500),
        ("PATCH", "/twins/", 412),  # somebody else wrote: read and planned again
        ("PATCH", "/twins/", 404),
    ],
)
def test_a_passing_failure_is_retried(hub_repo, local_hub, method, path, status):
    local_hub.faults.answer(method, path, status, times=2, retry_after="0")
    result = hub_repo.edgeops("sync")
    assert (result.code, "2 devices synced" in result.out) == (0, True), result.out + result.err
    local_hub.faults.clear()
    assert hub_repo.in_sync()


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize(("method", "path"), [("PUT", "/devices/a"), ("PATCH", "/twins/a")])
def test_a_lost_request_or_answer_loses_nothing(hub_repo, local_hub, method, path, done):
    local_hub.faults.drop(method, path, done=done)
    assert hub_repo.edgeops("sync").code == 0
    assert hub_repo.in_sync()


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("PATCH", "/twins/b$", 401, "failed b (after 1 write): hub localhost:"),
        ("PATCH", "/twins/b$", 403, "failed b (after 1 write): the daily message quota"),
        ("PATCH", "/twins/b$", 412, "changed by others during the sync b (after 1 write): keeps"),
        ("PATCH", "/twins/b$", 429, "failed b (after 1 write): hub localhost:"),
        ("PATCH", "/twins/b$", 500, "failed b (after 1 write): hub localhost:"),
        ("PUT", "/devices/b$", 403, "failed b: the daily message quota"),
        ("PUT", "/devices/b$", 500, "failed b: hub localhost:"),
    ],
)
def test_one_device_fails_and_the_others_go_on(
    hub_repo, local_hub, registry, method, path, status, message
):
    local_hub.faults.answer(method, path, status, times=99, retry_after="0")
    result = hub_repo.edgeops("sync")
    assert result.code == 4
    assert message in result.out
    assert registry.get_twin("a").tags["floor"] == 1

    local_hub.faults.clear()
    assert hub_repo.edgeops("sync").code == 0
    assert hub_repo.in_sync()


def test_a_device_stamped_by_another_fleet_is_refused(hub_repo, registry):
    from azure.iot.hub.models import Twin

    assert hub_repo.edgeops("sync").code == 0
    twin = registry.get_twin("b")
    registry.update_twin("b", Twin(tags={"edgeops": {"fleet": "theirs"}, "floor": 9}), twin.etag)
    result = hub_repo.edgeops("sync")
    assert (result.code, "refused b: " in result.out) == (5, True), result.out
    assert registry.get_twin("b").tags["floor"] == 9
