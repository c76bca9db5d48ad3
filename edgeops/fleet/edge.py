"""The IoT Edge deployment manifest of a device.

Source: "Learn how to deploy modules and establish routes in IoT Edge" and "Properties of the IoT
Edge agent and IoT Edge hub module twins" (Microsoft Learn), schema version 1.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.fleet.identity import shown_identity
from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.jsonvalue import JsonObject
from edgeops.limits import VALUE_BYTES
from edgeops.twin import EDGE_AGENT, EDGE_HUB

AGENT_IMAGE = "mcr.microsoft.com/azureiotedge-agent:1.5"
HUB_IMAGE = "mcr.microsoft.com/azureiotedge-hub:1.5"
KEEP_MESSAGES_SECONDS = 7200

# The ports of edgeHub for downstream devices: HTTPS, AMQP and MQTT.
_HUB_PORTS = ("443/tcp", "5671/tcp", "8883/tcp")


def edge_content(
    modules: Mapping[str, DesiredModule], runtime: JsonObject
) -> dict[str, JsonObject]:
    """The desired properties of `$edgeAgent` and `$edgeHub`; `runtime` is `defaults.edge`."""
    return {
        EDGE_AGENT: {
            "schemaVersion": "1.1",
            "runtime": {"type": "docker", "settings": {"minDockerVersion": "v1.25"}},
            "systemModules": {
                "edgeAgent": {
                    "type": "docker",
                    "settings": {
                        "image": runtime.get("agentImage", AGENT_IMAGE),
                        "createOptions": "{}",
                    },
                },
                "edgeHub": {
                    "type": "docker",
                    "status": "running",
                    "restartPolicy": "always",
                    "settings": {
                        "image": runtime.get("hubImage", HUB_IMAGE),
                        "createOptions": _compact({"HostConfig": {"PortBindings": _hub_ports()}}),
                    },
                },
            },
            "modules": {name: _agent_module(module.spec) for name, module in modules.items()},
        },
        EDGE_HUB: {
            "schemaVersion": "1.1",
            "routes": {name: text for _, name, text in routes(modules, runtime)},
            "storeAndForwardConfiguration": {"timeToLiveSecs": KEEP_MESSAGES_SECONDS},
        },
    }


def routes(
    modules: Mapping[str, DesiredModule], runtime: JsonObject
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Every route as (path in the device document, name, text): of the Fleet, then by module."""
    for name, text in runtime.get("routes", {}).items():
        yield ("edgeRuntime", "routes", name), name, text
    for module, wanted in sorted(modules.items()):
        for name, text in wanted.spec.get("routes", {}).items():
            yield ("modules", module, "routes", name), name, text


def binds(spec: JsonObject) -> list[str] | None:
    """The mounts that are in `createOptions`; None if they are not a list of strings."""
    host = spec.get("createOptions", {}).get("HostConfig", {})
    named = host.get("Binds", []) if isinstance(host, dict) else None
    valid = isinstance(named, list) and all(isinstance(bind, str) for bind in named)
    return named if valid else None


def create_options(spec: JsonObject) -> str:
    """The module's container options as JSON text, its storage as `HostConfig.Binds`."""
    options = dict(spec.get("createOptions", {}))
    mounts = [f"{mount['source']}:{mount['target']}" for mount in spec.get("storage", ())]
    own = binds(spec)
    if mounts and own is not None:
        options["HostConfig"] = {**options.get("HostConfig", {}), "Binds": [*own, *mounts]}
    return _compact(options)


def _agent_module(spec: JsonObject) -> JsonObject:
    module: JsonObject = {
        "type": "docker",
        "status": "running",
        "restartPolicy": spec.get("restartPolicy", "always"),
        "settings": {"image": spec.get("image", ""), **_chunks(create_options(spec))},
    }
    if spec.get("env"):
        module["env"] = {name: {"value": value} for name, value in spec["env"].items()}
    for key in ("imagePullPolicy", "startupOrder"):
        if key in spec:
            module[key] = spec[key]
    return module


def _chunks(text: str) -> JsonObject:
    """`createOptions`, `createOptions01`, ...: a value of a twin has at most 4 KB."""
    parts = [text[at : at + VALUE_BYTES] for at in range(0, len(text), VALUE_BYTES)]
    return {
        f"createOptions{index:02}" if index else "createOptions": part
        for index, part in enumerate(parts)
    }


def _compact(value: Any) -> str:
    """JSON text in ASCII, where characters are bytes; equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _hub_ports() -> JsonObject:
    return {port: [{"HostPort": port.partition("/")[0]}] for port in _HUB_PORTS}


# --- documents of one device ----------------------------------------------------------


def render_device(device: DesiredDevice) -> JsonObject:
    """The resolved device as one document; the pointers of `explain` refer to it."""
    return {
        "edge": device.edge,
        **shown_identity(device.identity),
        "tags": device.tags,
        "desired": device.desired,
        "modules": {
            name: {**module.spec, "desired": module.desired}
            for name, module in sorted(device.modules.items())
        },
        "models": {slot: release.reference for slot, release in sorted(device.models.items())},
    }


def deployment_manifest(device: DesiredDevice) -> JsonObject:
    """The deployment manifest of a device, for `az iot edge set-modules --content`.

    A module without desired properties has no entry of its own, which would clear its twin. Raises
    EdgeOpsError when it is not an edge device.
    """
    if not device.edge:
        raise EdgeOpsError(
            f"{device.name} is not an IoT Edge device, so it has no deployment manifest",
            "set `edge: true` in its spec to make it one",
        )
    sections = dict(device.edge_content)
    modules = sorted(device.modules.items())
    sections |= {name: module.desired for name, module in modules if module.desired}
    return {
        "modulesContent": {
            name: {"properties.desired": desired} for name, desired in sections.items()
        }
    }
