"""Access to a storage account with an account key or an Entra identity.

Sources: "Create a user delegation SAS", "Create a service SAS" (Microsoft
Learn). Keys leave this module only inside the clients of Microsoft's SDK.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edgeops.artifacts.store import ArtifactError, ReadAccess
from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import ArtifactTarget
from edgeops.translate import translate

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient, ContainerClient

# Clocks differ; Microsoft advises to start the access this much earlier.
_CLOCK_SKEW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Container:
    """A blob container: Microsoft's clients of its account and of the container."""

    account: BlobServiceClient
    client: ContainerClient


def open_container(
    target: ArtifactTarget,
    environ: Mapping[str, str],
    *,
    ca_file: str | None = None,
    retries: int = 3,
    identity: Any = None,
) -> Container:
    """The container at the target's URL; nothing is sent yet.

    Uses the account key of the connection string in the variable that the
    target names, else `identity` (a token credential of azure-identity;
    DefaultAzureCredential by default). Raises `EdgeOpsError` if the credentials
    are missing, malformed or of another account, or a package is not installed.
    """
    missing = "the artifacts are in Azure Blob Storage, and azure-storage-blob is not installed"
    install = "pip install 'edgeops[azure-blob]'"
    with translate((ImportError, lambda _: EdgeOpsError(missing, install))):
        from azure.storage.blob import BlobServiceClient
    options: dict[str, Any] = {
        "connection_verify": ca_file or True,
        "retry_total": retries,
        "initial_backoff": 1,
        "increment_base": 2,
        "connection_timeout": 10,
        "read_timeout": 60,
    }
    url = target.url.rstrip("/")
    account_url, _, name = url.rpartition("/")
    variable = target.connection_string_env
    if variable is None:
        account = BlobServiceClient(
            account_url, credential=identity or _default_entra(url), **options
        )
        return Container(account, account.get_container_client(name))
    text = _connection_string(variable, environ)
    try:
        account = BlobServiceClient.from_connection_string(text, **options)
    except ValueError:  # its text may contain parts of the connection string
        raise _unusable(variable) from None
    client = account.get_container_client(name)
    if client.url.lower() != url.lower():
        raise EdgeOpsError(
            f"{variable} is for {urlsplit(account.url).netloc}, but the artifacts are at {url}",
            "nothing was sent; set the variable for the right account, or correct the Fleet",
        )
    return Container(account, client)


def read_access(container: Container, *, now: datetime, lifetime: timedelta) -> ReadAccess:
    """Access to read blobs of the container by name, and nothing else.

    Signed with the account key, or with a key requested by the identity
    (a user delegation SAS; at most seven days). Raises `ArtifactError`.
    """
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    expires = (now + lifetime).replace(microsecond=0)
    client = container.client
    query = generate_container_sas(
        account_name=_account_name(container),
        container_name=client.container_name,
        permission=ContainerSasPermissions(read=True),
        expiry=expires,
        protocol="https",
        **_signer(container, now, expires),
    )
    return ReadAccess(urlsplit(client.url).netloc, query, expires)


def _signer(container: Container, now: datetime, expires: datetime) -> dict[str, Any]:
    key = getattr(container.client.credential, "account_key", None)
    if key is not None:
        return {"account_key": key}
    with storage_errors(container):
        delegated = container.account.get_user_delegation_key(now - _CLOCK_SKEW, expires)
    return {"user_delegation_key": delegated}


def _account_name(container: Container) -> str:
    """The account of https://ACCOUNT.blob.core.windows.net or an emulator's https://HOST/ACCOUNT."""
    url = urlsplit(container.account.url)
    return url.path.strip("/") or str(url.hostname).partition(".")[0]


_HINTS = {
    403: "publishing needs the role Storage Blob Data Contributor; "
    "read access for devices needs Storage Blob Delegator and Storage Blob Data Reader",
    404: "create the container, or correct `artifacts.url` of the hub",
}


def storage_errors(container: Container) -> AbstractContextManager[None]:
    """For `with`: errors of the SDK as ours, without their texts, which may hold secrets."""
    from azure.core.exceptions import (
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
    )

    where = f"the container {container.client.url}"

    def no_access(error: Any) -> ArtifactError:
        hint = "check the credentials, or sign in: `az login`"
        return ArtifactError(f"no access to {where}{_code(error)}", hint)

    def refused(error: Any) -> ArtifactError:
        hint = _HINTS.get(error.status_code, "try again later")
        return ArtifactError(f"{where} answered {error.status_code}{_code(error)}", hint)

    def unreachable(_: Any) -> ArtifactError:
        hint = "check the network, the proxy and `artifacts.url`"
        return ArtifactError(f"{where} cannot be reached", hint)

    return translate(
        (ClientAuthenticationError, no_access),
        (HttpResponseError, refused),
        (ServiceRequestError, unreachable),
        (
            AzureError,
            lambda _: ArtifactError(f"{where} gave an unexpected response", "try again later"),
        ),
    )


def _code(error: Any) -> str:
    code = getattr(error, "error_code", None)
    return f" ({code})" if code else ""


def _connection_string(variable: str, environ: Mapping[str, str]) -> str:
    text = environ.get(variable, "").strip()
    if not text:
        raise EdgeOpsError(
            f"the environment variable {variable} with the connection string of the storage "
            "account is not set",
            "in GitHub Actions pass it from a secret: "
            f"`env: {{{variable}: ${{{{ secrets.{variable} }}}}}}`",
        )
    key = re.search(r"(?:^|;)\s*AccountKey=([^;]*)", text, re.IGNORECASE)
    if key is None or not _is_base64(key[1]):
        raise _unusable(variable)
    return text


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text.strip(), validate=True))
    except ValueError:
        return False


def _unusable(variable: str) -> EdgeOpsError:
    return EdgeOpsError(
        f"the environment variable {variable} is not the connection string of a storage account",
        "expected DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...: see "
        "`az storage account show-connection-string --name NAME`",
    )


def _default_entra(url: str) -> Any:
    missing = f"the artifacts at {url} use Entra, and azure-identity is not installed"
    install = "pip install 'edgeops[entra]', or set `connectionStringEnv` of the artifacts"
    with translate((ImportError, lambda _: EdgeOpsError(missing, install))):
        from azure.identity import DefaultAzureCredential
    return DefaultAzureCredential()
