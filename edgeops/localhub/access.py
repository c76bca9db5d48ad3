"""Reaching a local hub: is it running, its connection strings, and forgetting its state.

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
DEFAULT_MQTT_PORT = 8883  # Microsoft's device SDK knows no other
DEFAULT_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running local hub: where it listens, its process, and the CA certificate to trust.

    `port` is of HTTPS; `mqtt_port` is None when devices cannot connect.
    """

    host: str
    port: int
    pid: int
    ca_file: Path
    mqtt_port: int | None = None

    @property
    def name(self) -> str:
        """Its host as clients call it, without a port."""
        return "localhost" if self.host == DEFAULT_HOST else self.host

    @property
    def hostname(self) -> str:
        """What connection strings call it."""
        return f"{self.name}:{self.port}"


def running(state_dir: Path) -> Endpoint | None:
    """The hub that runs on a state directory, if one does."""
    files = StateFiles(state_dir)
    if not lock.is_held(files.lock):
        return None
    try:
        found = json.loads(files.endpoint.read_bytes())
    except (OSError, ValueError):
        return None  # it is just starting or stopping
    return Endpoint(found["host"], found["port"], found["pid"], files.ca, found.get("mqttPort"))


def connection_string(state_dir: Path, policy: str = "iothubowner") -> str:
    """The service connection string of a policy; of the default port when no hub runs.

    Raises `EdgeOpsError` for an unknown policy.
    """
    if policy not in POLICIES:
        raise UsageError(f"no policy is called {policy!r}", f"use one of {', '.join(POLICIES)}")
    key = policy_keys(StateFiles(state_dir))[policy]
    hostname = _endpoint(state_dir).hostname
    return f"HostName={hostname};SharedAccessKeyName={policy};SharedAccessKey={key}"


def device_connection_string(state_dir: Path, device: str, module: str | None = None) -> str:
    """The connection string of a device or module.

    Microsoft's device SDK connects to the fixed MQTT port of GatewayHostName,
    and signs for HostName. Raises `EdgeOpsError` when there is no such device
    or module, or it has no key.
    """
    from edgeops.localhub.store import Store

    name = f"module {device}/{module}" if module else f"device {device}"
    files = StateFiles(state_dir)
    entry = None
    if files.database.exists():
        with Store(files.database) as store:
            entry = store.entry(device, module or "")
    if entry is None:
        raise EdgeOpsError(f"the local hub has no {name}", "create it with `edgeops sync`")
    key = entry.identity.authentication.primary_key
    if key is None:
        raise EdgeOpsError(
            f"{name} has no key: it authenticates by {entry.identity.authentication.type}"
        )
    whose = f"DeviceId={device};" + (f"ModuleId={module};" if module else "")
    endpoint = _endpoint(state_dir)
    hub = f"HostName={endpoint.hostname};GatewayHostName={endpoint.name}"
    return f"{hub};{whose}SharedAccessKey={key}"


def reset(state_dir: Path) -> None:
    """Forget all devices, modules and configurations; keys and certificates stay.

    Raises `Refused` while the hub runs.
    """
    files = StateFiles(state_dir)
    if not state_dir.exists():
        return
    with lock.held(files.lock) as had:
        if not had:
            raise Refused("the local hub is running", "stop it first, then reset it")
        for suffix in ("", "-wal", "-shm"):
            Path(f"{files.database}{suffix}").unlink(missing_ok=True)


def _endpoint(state_dir: Path) -> Endpoint:
    """Where the hub listens, or would by default when it does not run."""
    otherwise = Endpoint(DEFAULT_HOST, DEFAULT_PORT, 0, StateFiles(state_dir).ca)
    return running(state_dir) or otherwise
