"""Publishing to Azure Blob Storage, and the read access that devices get; on Azurite."""

from __future__ import annotations

import base64
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
import requests

from edgeops.artifacts.azure_account import open_container, read_access
from edgeops.artifacts.azure_blob import AzureBlobStore
from edgeops.artifacts.store import ArtifactError
from edgeops.digest import digest_file
from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.model import ArtifactTarget, StoreKind

NAME = "crowdedness-24h/1.0.0/model.onnx"
NOW = datetime.now(UTC)


@pytest.fixture
def target(azurite):
    url = f"{azurite.url}/models-{uuid.uuid4().hex[:8]}"
    return ArtifactTarget(url, StoreKind.AZURE_BLOB, "STORAGE")


@pytest.fixture
def environ(azurite):
    return {"STORAGE": azurite.connection_string}


@pytest.fixture
def opened(azurite):
    """Opens containers that are closed with the test."""
    containers = []

    def do(target, environ, **options):
        options = {"ca_file": str(azurite.ca_file), "retries": 0} | options
        containers.append(open_container(target, environ, **options))
        return containers[-1]

    yield do
    for container in containers:
        container.account.close()


@pytest.fixture
def container(opened, target, environ):
    container = opened(target, environ)
    container.client.create_container()
    return container


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    return file


@pytest.fixture
def get(azurite):
    def send(url, method="GET", **options):
        return requests.request(method, url, verify=str(azurite.ca_file), timeout=10, **options)

    return send


# --- publishing -----------------------------------------------------------------


def test_a_blob_says_what_it_holds(container, model):
    AzureBlobStore(container).put(model, NAME, digest_file(model))
    properties = container.client.get_blob_client(NAME).get_blob_properties()
    assert properties.metadata == {"sha256": digest_file(model).sha256}
    assert properties.content_settings.content_md5.hex() == digest_file(model).md5
    assert properties.content_settings.content_type == "application/octet-stream"


def test_a_blob_without_a_digest_is_read_to_compute_it(container, model):
    container.client.upload_blob(NAME, b"weights")
    store = AzureBlobStore(container)
    assert store.sha256_of(NAME) == digest_file(model).sha256
    model.write_bytes(b"retrained")
    with pytest.raises(Refused):
        store.put(model, NAME, digest_file(model))


def test_the_slower_of_two_publishers_replaces_nothing(container, model):
    class Late(AzureBlobStore):
        """Looks before the other one publishes."""

        looked = False

        def sha256_of(self, name):
            if self.looked:
                return super().sha256_of(name)
            self.looked = True
            container.client.upload_blob(name, content)
            return None

    content = b"the others' weights"
    with pytest.raises(Refused):
        Late(container).put(model, NAME, digest_file(model))
    assert container.client.download_blob(NAME).readall() == content


def test_a_missing_container_is_an_error(opened, target, environ, model):
    store = AzureBlobStore(opened(target, environ))
    with pytest.raises(ArtifactError, match=r"answered 404 \(ContainerNotFound\)") as missing:
        store.sha256_of(NAME)
    assert missing.value.hint == "create the container, or correct `artifacts.url` of the hub"


def test_a_wrong_key_is_an_error_that_does_not_show_it(opened, target, azurite, model):
    wrong = base64.b64encode(b"another key").decode()
    right = azurite.connection_string.split("AccountKey=")[1].split(";")[0]
    environ = {"STORAGE": azurite.connection_string.replace(right, wrong)}
    store = AzureBlobStore(opened(target, environ))
    with pytest.raises(ArtifactError, match=r"no access|answered 403") as refused:
        store.put(model, NAME, digest_file(model))
    assert wrong not in f"{refused.value} {refused.value.hint}"


def test_an_account_that_does_not_answer_is_an_error(opened, model):
    target = ArtifactTarget("https://127.0.0.1:1/account/models", StoreKind.AZURE_BLOB, "STORAGE")
    text = "AccountName=account;AccountKey=a2V5;BlobEndpoint=https://127.0.0.1:1/account"
    store = AzureBlobStore(opened(target, {"STORAGE": text}))
    with pytest.raises(ArtifactError, match="cannot be reached"):
        store.sha256_of(NAME)


def test_an_untrusted_certificate_is_refused(opened, target, environ):
    store = AzureBlobStore(opened(target, environ, ca_file=None))
    with pytest.raises(ArtifactError, match="cannot be reached"):
        store.sha256_of(NAME)


# --- read access ----------------------------------------------------------------


def test_read_access_reads_files_by_name_and_nothing_else(container, model, get, azurite):
    url = AzureBlobStore(container).put(model, NAME, digest_file(model))
    access = read_access(container, now=NOW, lifetime=timedelta(hours=1))
    assert access.host == f"127.0.0.1:{azurite.port}"
    assert access.expires == (NOW + timedelta(hours=1)).replace(microsecond=0)
    assert get(url).status_code in (403, 404)  # the container is private
    assert get(f"{url}?{access.query}").content == b"weights"
    assert get(f"{url}?{access.query}", headers={"Range": "bytes=3-"}).content == b"ghts"
    listing = f"{container.client.url}?restype=container&comp=list&{access.query}"
    assert get(listing).status_code == 403
    written = get(f"{url}?{access.query}", "PUT", headers={"x-ms-blob-type": "BlockBlob"}, data="x")
    assert written.status_code == 403
    assert get(f"{url}?{access.query}", "DELETE").status_code == 403


def test_read_access_ends(container, model, get):
    url = AzureBlobStore(container).put(model, NAME, digest_file(model))
    access = read_access(container, now=NOW - timedelta(hours=2), lifetime=timedelta(hours=1))
    assert get(f"{url}?{access.query}").status_code == 403


def test_read_access_is_not_in_its_text(container):
    access = read_access(container, now=NOW, lifetime=timedelta(hours=1))
    assert "sig=" in access.query
    assert "sig" not in repr(access)


def test_an_entra_identity_publishes_and_gives_read_access(opened, container, target, model):
    without_key = ArtifactTarget(target.url, StoreKind.AZURE_BLOB)
    identity = SimpleNamespace(get_token=entra_token)
    as_entra = opened(without_key, {}, identity=identity)
    AzureBlobStore(as_entra).put(model, NAME, digest_file(model))
    access = read_access(as_entra, now=NOW, lifetime=timedelta(hours=1))
    # Azurite hands out the key but cannot check what the newest SDK signs with it (sv 2026-04-06).
    signed = dict(parse_qsl(access.query))
    assert (signed["sp"], signed["sr"], signed["spr"]) == ("r", "c", "https")
    assert signed["skoid"] == "00000000-0000-0000-0000-000000000002"
    assert signed["ske"] == signed["se"] == f"{access.expires:%Y-%m-%dT%H:%M:%SZ}"
    assert signed["skt"] < f"{NOW - timedelta(minutes=14):%Y-%m-%dT%H:%M:%SZ}"


def entra_token(*_, **__):
    """A token as Entra's, but for its signature, which Azurite does not check."""
    claims = {
        "aud": "https://storage.azure.com",
        "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000001/",
        "iat": int(time.time()) - 60,
        "nbf": int(time.time()) - 60,
        "exp": int(time.time()) + 3600,
        "oid": "00000000-0000-0000-0000-000000000002",
        "tid": "00000000-0000-0000-0000-000000000001",
        "ver": "1.0",
    }
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    token = ".".join([*(text.rstrip("=") for text in texts), "c2lnbmF0dXJl"])
    return SimpleNamespace(token=token, expires_on=int(time.time()) + 3600)


# --- credentials ----------------------------------------------------------------


CONTOSO = ArtifactTarget(
    "https://contoso.blob.core.windows.net/models", StoreKind.AZURE_BLOB, "STORAGE"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "STORAGE with the connection string of the storage account is not set"),
        ("AccountKey", "is not the connection string of a storage account"),
        ("hunter22;AccountKey=c2VjcmV0", "is not the connection string of a storage account"),
        ("AccountName=contoso;AccountKey=%%hunter22", "is not the connection string"),
        ("AccountName=contoso;SharedAccessSignature=sig=hunter22", "is not the connection string"),
        ("AccountName=fabrikam;AccountKey=c2VjcmV0", "is for fabrikam.blob.core.windows.net"),
    ],
)
def test_malformed_credentials_are_an_error_that_does_not_show_them(opened, text, message):
    with pytest.raises(EdgeOpsError, match="STORAGE") as wrong:
        opened(CONTOSO, {"STORAGE": text})
    assert message in wrong.value.message
    assert wrong.value.hint
    assert "hunter22" not in f"{wrong.value.message} {wrong.value.hint}"
    assert "c2VjcmV0" not in f"{wrong.value.message} {wrong.value.hint}"


def test_read_access_to_an_account_in_azure_is_signed_with_its_name(opened):
    text = "AccountName=contoso;AccountKey=c2VjcmV0;DefaultEndpointsProtocol=https"
    container = opened(CONTOSO, {"STORAGE": text})
    access = read_access(container, now=NOW, lifetime=timedelta(hours=24))
    assert access.host == "contoso.blob.core.windows.net"
    assert "sp=r&" in access.query + "&"
    assert "spr=https" in access.query
    assert "sr=c" in access.query
