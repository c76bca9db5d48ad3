"""The IoT Edge deployment manifest of a device.

Sources: "Learn how to deploy modules and establish routes in IoT Edge" and "Properties of the IoT
Edge agent and IoT Edge hub module twins" (Microsoft Learn), schema versions 1.0 and 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.fleet.create_options import chunks, create_options
from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.jsonvalue import JsonObject
from edgeops.secret_reference import is_secret
from edgeops.twin import EDGE_AGENT, EDGE_HUB

Content = dict[str, JsonObject]  # the desired properties of `$edgeAgent` and `$edgeHub`

AGENT_IMAGE = "mcr.microsoft.com/azureiotedge-agent:1.5"
HUB_IMAGE = "mcr.microsoft.com/azureiotedge-hub:1.5"
KEEP_MESSAGES_SECONDS = 7200

# The ports of edgeHub for downstream devices: HTTPS, AMQP and MQTT.
_HUB_PORTS = ("443/tcp", "5671/tcp", "8883/tcp")

# The keys of `edge` that are settings of a system module, and its name in IoT Edge.
SYSTEM_MODULES = {"agent": "edgeAgent", "hub": "edgeHub"}
_RUNTIME_SETTINGS = ("minDockerVersion", "loggingOptions", "registryCredentials")
_AS_WRITTEN = ("version", "status", "restartPolicy", "imagePullPolicy", "startupOrder")


def edge_content(modules: Mapping[str, DesiredModule], runtime: JsonObject) -> Content:
    """What git names of the deployment; `runtime` are the settings under `edge`, merged."""
    agent: JsonObject = {}
    if settings := {key: runtime[key] for key in _RUNTIME_SETTINGS if key in runtime}:
        agent["runtime"] = {"settings": settings}
    if system := {
        name: _container(runtime[key]) for key, name in SYSTEM_MODULES.items() if key in runtime
    }:
        agent["systemModules"] = {name: module for name, module in system.items() if module}
    if modules:
        agent["modules"] = {name: _container(module.spec) for name, module in modules.items()}
    hub: JsonObject = {}
    if named := {name: route for _, name, route in routes(modules, runtime)}:
        hub["routes"] = named
    if "timeToLiveSecs" in runtime:
        hub["storeAndForwardConfiguration"] = {"timeToLiveSecs": runtime["timeToLiveSecs"]}
    return {EDGE_AGENT: agent, EDGE_HUB: hub}


def edge_defaults(modules: Mapping[str, DesiredModule], content: Content) -> Content:
    """What a new device, or a new module of one, gets where git is silent."""
    container = {"type": "docker", "status": "running", "restartPolicy": "always"}
    ports = {port: [{"HostPort": port.partition("/")[0]}] for port in _HUB_PORTS}
    agent_settings = {"image": AGENT_IMAGE, **chunks({})}
    hub_settings = {"image": HUB_IMAGE, **chunks({"HostConfig": {"PortBindings": ports}})}
    defaults: Content = {
        EDGE_AGENT: {
            "schemaVersion": "1.1",
            "runtime": {"type": "docker", "settings": {"minDockerVersion": "v1.25"}},
            "systemModules": {
                "edgeAgent": {"type": "docker", "settings": agent_settings},
                "edgeHub": {**container, "settings": hub_settings},
            },
            "modules": {name: {**container, "settings": chunks({})} for name in modules},
        },
        EDGE_HUB: {
            "schemaVersion": "1.1",
            "routes": {},
            "storeAndForwardConfiguration": {"timeToLiveSecs": KEEP_MESSAGES_SECONDS},
        },
    }
    for kind in ("systemModules", "modules"):
        for name, named in content[EDGE_AGENT].get(kind, {}).items():
            if "createOptions" in named.get("settings", {}):  # one value, perhaps in several chunks
                del defaults[EDGE_AGENT][kind][name]["settings"]["createOptions"]
    return defaults


def deployed(content: Mapping[str, JsonObject], defaults: Mapping[str, JsonObject]) -> Content:
    """The desired properties that a new device gets."""
    return {name: _over(defaults.get(name, {}), named) for name, named in content.items()}


def routes(
    modules: Mapping[str, DesiredModule], runtime: JsonObject
) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Every route as (path in the device document, name, route): of the device, then by module."""
    for name, route in runtime.get("routes", {}).items():
        yield ("edge", "routes", name), name, route
    for module, wanted in sorted(modules.items()):
        for name, route in wanted.spec.get("routes", {}).items():
            yield ("modules", module, "routes", name), name, route


def _container(spec: JsonObject) -> JsonObject:
    """What git names of a module in `$edgeAgent`."""
    module: JsonObject = {key: spec[key] for key in _AS_WRITTEN if key in spec}
    settings: JsonObject = {"image": spec["image"]} if spec.get("image") else {}
    options = create_options(spec)
    if options is not None:
        settings |= chunks(options)
    if settings:
        module["settings"] = settings
    if env := spec.get("env"):
        module["env"] = {name: {"value": value} for name, value in env.items()}
    return module


# --- documents of one device ----------------------------------------------------------


def render_device(device: DesiredDevice) -> JsonObject:
    """The resolved device as one document; the pointers of `explain` refer to it."""
    edge: Any = device.runtime or device.edge
    return {
        "edge": "external" if device.external else edge,
        "authentication": device.authentication,
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
    EdgeOpsError when edgeops does not write its deployment.
    """
    if not device.edge_content:
        raise EdgeOpsError(
            f"{device.name} has no deployment manifest: "
            + ("its deployment is external" if device.external else "it is not an IoT Edge device"),
            "set `edge: true` in its spec to deploy its modules by edgeops",
        )
    sections = deployed(device.edge_content, device.edge_defaults)
    modules = sorted(device.modules.items())
    sections |= {name: module.desired for name, module in modules if module.desired}
    return {
        "modulesContent": {
            name: {"properties.desired": desired} for name, desired in sections.items()
        }
    }


def _over(defaults: Any, content: Any) -> Any:
    """The defaults with what git names over them."""
    if not isinstance(defaults, dict) or not isinstance(content, dict) or is_secret(content):
        return content
    merged = {key: _over(defaults.get(key), value) for key, value in content.items()}
    return {**defaults, **merged}
