"""How clients reach a local hub: its endpoint, its connection strings, and resetting its state.

Cheap to import: no server code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.errors import EdgeOpsError, Refused, UsageError
from edgeops.localhub import lock
from edgeops.localhub.files import StateFiles
from edgeops.localhub.policies import POLICIES, policy_keys

if TYPE_CHECKING:
    from edgeops.localhub.state.entry import RegistryEntry

DEFAULT_PORT = 8443
HTTPS_PORT = 443  # the one that URLs leave out
DEFAULT_MQTT_PORT = 8883  # Microsoft's device SDK cannot use any other port
DEFAULT_HOST = "127.0.0.1"
ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 - to know them


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running local hub: where it listens, its process, and the CA certificate to trust.

    `host` is the address that it listens on, `port` is for HTTPS; `mqtt_port` is None when
    the hub serves no devices. `alias` is the name that the user gave it for clients, if any.
    """

    host: str
    port: int
    pid: int
    ca_file: Path
    mqtt_port: int | None = None
    alias: str = ""

    @property
    def local_name(self) -> str:
        """The host name for clients on this machine, as in URLs, without a port."""
        return _in_url("localhost" if self.host in (DEFAULT_HOST, *ALL_ADDRESSES) else self.host)

    @property
    def name(self) -> str:
        """The host name for clients, as in URLs, without a port."""
        return _in_url(self.alias) or self.local_name

    @property
    def hostname(self) -> str:
        """The HostName of connection strings; not all clients know one with a port."""
        return self.name if self.port == HTTPS_PORT else f"{self.name}:{self.port}"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def running(state_dir: Path) -> Endpoint | None:
    """The endpoint of the hub that runs on a state directory, None when no hub does.

    Raises `EdgeOpsError` when one runs, but what it said of itself is damaged.
    """
    files = StateFiles(state_dir)
    if not lock.is_held(files.lock):
        return None
    try:
        saved = json.loads(files.endpoint.read_bytes())
    except (OSError, ValueError):
        return None  # the hub is just starting or stopping
    try:
        alias, mqtt_port = saved.get("alias", ""), saved.get("mqttPort")
        return Endpoint(saved["host"], saved["port"], saved["pid"], files.ca, mqtt_port, alias)
    except (AttributeError, KeyError, TypeError) as error:
        raise EdgeOpsError(
            f"{files.endpoint} does not say where the local hub is", "start the hub again"
        ) from error


def connection_string(state_dir: Path, policy: str = "iothubowner") -> str:
    """The service connection string of a policy; with the default port when no hub runs.

    Raises `EdgeOpsError` for an unknown policy.
    """
    if policy not in POLICIES:
        raise UsageError(f"no policy is called {policy!r}", f"use one of {', '.join(POLICIES)}")
    key = policy_keys(StateFiles(state_dir))[policy]
    return service_string(_endpoint(state_dir), policy, key)


def service_string(endpoint: Endpoint, policy: str, key: str) -> str:
    """The service connection string of a policy with its key."""
    return f"HostName={endpoint.hostname};SharedAccessKeyName={policy};SharedAccessKey={key}"


def device_connection_string(
    state_dir: Path, device: str, module: str | None = None, *, with_key: bool = False
) -> str:
    """The connection string of a device or module; without a key if it has a certificate.

    Raises `EdgeOpsError` when the device or module does not exist, or has no key that it
    needs, by its authentication type or `with_key`.
    """
    from edgeops.localhub.client_certificate import X509_TYPES
    from edgeops.localhub.store import HubStore

    name = f"module {device}/{module}" if module else f"device {device}"
    files = StateFiles(state_dir)
    entry = None
    if files.database.exists():
        with HubStore(files.database) as store:
            entry = store.entry(device, module or "")
    if entry is None:
        raise EdgeOpsError(
            f"the local hub has no {name}",
            "create it with `edgeops sync` or `edgeops hub device create`",
        )
    authentication = entry.identity.authentication
    key = authentication.primary_key
    if key is None and (with_key or authentication.type not in X509_TYPES):
        raise EdgeOpsError(f"{name} has no key: it authenticates by {authentication.type}")
    return device_string(_endpoint(state_dir), device, module, key)


def device_string(endpoint: Endpoint, device: str, module: str | None, key: str | None) -> str:
    """The connection string of a device or module with its key, or with a certificate.

    Microsoft's device SDKs connect to fixed ports of GatewayHostName, which is
    there when HostName has a port, and sign their token for HostName.
    """
    proof = "x509=true" if key is None else f"SharedAccessKey={key}"
    hub = f"HostName={endpoint.hostname}"
    if endpoint.hostname != endpoint.name:
        hub += f";GatewayHostName={endpoint.name}"
    identity = f"DeviceId={device};" + (f"ModuleId={module};" if module else "")
    return f"{hub};{identity}{proof}"


def entries(state_dir: Path) -> Iterator[RegistryEntry]:
    """The devices of a hub, running or not, each followed by its modules; none without a hub."""
    from edgeops.localhub.store import HubStore

    database = StateFiles(state_dir).database
    if database.exists():
        with HubStore(database) as store:
            for device in store.devices():
                yield device
                yield from store.module_entries(device.identity.device)


def reset(state_dir: Path) -> None:
    """Delete all devices, modules and configurations; keep policy keys and certificates.

    Raises `Refused` while the hub runs.
    """
    files = StateFiles(state_dir)
    if not state_dir.exists():
        return
    with lock.held(files.lock) as acquired:
        if not acquired:
            raise Refused("the local hub is running, or is just starting or stopping", "try again")
        for suffix in ("", "-wal", "-shm"):
            Path(f"{files.database}{suffix}").unlink(missing_ok=True)


def _endpoint(state_dir: Path) -> Endpoint:
    """The endpoint of the running hub, or the default one when no hub runs."""
    default = Endpoint(DEFAULT_HOST, DEFAULT_PORT, 0, StateFiles(state_dir).ca)
    return running(state_dir) or default
