"""The reported properties of `$edgeAgent`. No I/O.

Source: "Properties of the IoT Edge agent and IoT Edge hub module twins",
Microsoft Learn.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from edgeops.jsonvalue import JsonObject
from edgeops.localedge.deployment import WantedModule

NO_CONTAINERS = "not started here: this runtime has no containers"
_NEVER = "0001-01-01T00:00:00Z"


class RuntimeStatus(StrEnum):
    """The `runtimeStatus` of a module, as edgeAgent reports it."""

    UNKNOWN = "unknown"
    BACKOFF = "backoff"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ModuleStatus:
    """The status of a module; times are seconds since 1970, None for never."""

    runtime: RuntimeStatus
    description: str = ""
    exit_code: int = 0
    started: float | None = None
    exited: float | None = None
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class DesiredStatus:
    """The result of deploying one version; 200 is success."""

    version: int
    code: int
    description: str = ""


def reported(
    desired: DesiredStatus,
    modules: Mapping[str, tuple[WantedModule, ModuleStatus]],
    version: str,
) -> JsonObject:
    """The reported properties of `$edgeAgent`; `version` is that of edgeops."""
    return {
        "schemaVersion": "1.1",
        "version": {"version": f"edgeops {version}"},
        "lastDesiredVersion": desired.version,
        "lastDesiredStatus": {"code": desired.code, "description": desired.description},
        "runtime": {
            "type": "process",
            "platform": {
                "os": platform.system().lower(),
                "architecture": platform.machine(),
                "version": "",
            },
        },
        "systemModules": {
            "edgeAgent": {"type": "process", "runtimeStatus": RuntimeStatus.RUNNING.value},
            "edgeHub": {
                "type": "process",
                "runtimeStatus": RuntimeStatus.UNKNOWN.value,
                "statusDescription": NO_CONTAINERS,
            },
        },
        "modules": {name: _module(*module) for name, module in sorted(modules.items())},
    }


def _module(wanted: WantedModule, status: ModuleStatus) -> JsonObject:
    return {
        "type": "process",
        "status": "running" if wanted.running else "stopped",
        "restartPolicy": wanted.restart_policy,
        "settings": {"image": wanted.image},
        "runtimeStatus": status.runtime.value,
        "statusDescription": status.description,
        "exitCode": status.exit_code,
        "lastStartTimeUtc": _iso(status.started),
        "lastExitTimeUtc": _iso(status.exited),
        "restartCount": status.restarts,
    }


def _iso(seconds: float | None) -> str:
    if seconds is None:
        return _NEVER
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
