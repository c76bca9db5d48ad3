"""How clients reach a local hub: its endpoint, its connection strings, and resetting its state.

Cheap to import: no server code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edgeops.errors import EdgeOpsError, Refused, UsageError
from edgeops.localhub import lock
from edgeops.localhub.files import StateFiles
from edgeops.localhub.policies import POLICIES, policy_keys

DEFAULT_PORT = 8443
HTTPS_PORT = 443  # the one that URLs leave out
DEFAULT_MQTT_PORT = 8883  # Microsoft's device SDK cannot use any other port
DEFAULT_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running local hub: where it listens, its process, and the CA certificate to trust.

    `port` is for HTTPS; `mqtt_port` is None when the hub serves no devices.
    """

    host: str
    port: int
    pid: int
    ca_file: Path
    mqtt_port: int | None = None

    @property
    def name(self) -> str:
        """The host name for clients, without a port."""
        return "localhost" if self.host == DEFAULT_HOST else self.host

    @property
    def hostname(self) -> str:
        """The HostName of connection strings; not all clients know one with a port."""
        return self.name if self.port == HTTPS_PORT else f"{self.name}:{self.port}"


def running(state_dir: Path) -> Endpoint | None:
    """The endpoint of the hub that runs on a state directory, None when no hub does."""
    files = StateFiles(state_dir)
    if not lock.is_held(files.lock):
        return None
    try:
        saved = json.loads(files.endpoint.read_bytes())
    except (OSError, ValueError):
        return None  # the hub is just starting or stopping
    return Endpoint(saved["host"], saved["port"], saved["pid"], files.ca, saved.get("mqttPort"))


def connection_string(state_dir: Path, policy: str = "iothubowner") -> str:
    """The service connection string of a policy; with the default port when no hub runs.

    Raises `EdgeOpsError` for an unknown policy.
    """
    if policy not in POLICIES:
        raise UsageError(f"no policy is called {policy!r}", f"use one of {', '.join(POLICIES)}")
    key = policy_keys(StateFiles(state_dir))[policy]
    hostname = _endpoint(state_dir).hostname
    return f"HostName={hostname};SharedAccessKeyName={policy};SharedAccessKey={key}"


def device_connection_string(
    state_dir: Path, device: str, module: str | None = None, *, with_key: bool = False
) -> str:
    """The connection string of a device or module; without a key if it has a certificate.

    Microsoft's device SDKs connect to fixed ports of GatewayHostName, which is
    there when HostName has a port, and sign their token for HostName. Raises
    `EdgeOpsError` when the device or module does not exist, or has no key that it needs,
    by its authentication type or `with_key`.
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
        raise EdgeOpsError(f"the local hub has no {name}", "create it with `edgeops sync`")
    authentication = entry.identity.authentication
    if authentication.primary_key is not None:
        proof = f"SharedAccessKey={authentication.primary_key}"
    elif authentication.type in X509_TYPES and not with_key:
        proof = "x509=true"
    else:
        raise EdgeOpsError(f"{name} has no key: it authenticates by {authentication.type}")
    endpoint = _endpoint(state_dir)
    hub = f"HostName={endpoint.hostname}"
    if endpoint.hostname != endpoint.name:
        hub += f";GatewayHostName={endpoint.name}"
    identity = f"DeviceId={device};" + (f"ModuleId={module};" if module else "")
    return f"{hub};{identity}{proof}"


def reset(state_dir: Path) -> None:
    """Delete all devices, modules and configurations; keep policy keys and certificates.

    Raises `Refused` while the hub runs.
    """
    files = StateFiles(state_dir)
    if not state_dir.exists():
        return
    with lock.held(files.lock) as acquired:
        if not acquired:
            raise Refused("the local hub is running", "stop it first, then reset it")
        for suffix in ("", "-wal", "-shm"):
            Path(f"{files.database}{suffix}").unlink(missing_ok=True)


def _endpoint(state_dir: Path) -> Endpoint:
    """The endpoint of the running hub, or the default one when no hub runs."""
    default = Endpoint(DEFAULT_HOST, DEFAULT_PORT, 0, StateFiles(state_dir).ca)
    return running(state_dir) or default
