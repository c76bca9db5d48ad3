"""The IoT Edge deployment manifest of a device.

Sources: "Learn how to deploy modules and establish routes in IoT Edge" and "Properties of the IoT
Edge agent and IoT Edge hub module twins" (Microsoft Learn), schema versions 1.0 and 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.fleet.create_options import chunks, create_options
from edgeops.fleet.identity import shown_identity
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
# Keys of `edge` and of a module that are one value in `$edgeAgent`, under the same name.
RUNTIME_SETTINGS = ("minDockerVersion", "loggingOptions", "registryCredentials")
_SCHEMA_VERSION = "schemaVersion"
_TIME_TO_LIVE = "timeToLiveSecs"
_STARTUP_ORDER = "startupOrder"
AS_WRITTEN = ("version", "status", "restartPolicy", "imagePullPolicy", _STARTUP_ORDER)


def edge_content(modules: Mapping[str, DesiredModule], runtime: JsonObject) -> Content:
    """What git names of the deployment; `runtime` are the settings under `edge`, merged."""
    modules = containers(modules)
    agent: JsonObject = _version(runtime, "agent")
    if settings := {key: runtime[key] for key in RUNTIME_SETTINGS if runtime.get(key) is not None}:
        agent["runtime"] = {"settings": settings}
    system = {name: _container(runtime.get(key, {})) for key, name in SYSTEM_MODULES.items()}
    if named := {name: module for name, module in system.items() if module}:
        agent["systemModules"] = named
    if modules:
        agent["modules"] = {name: _container(module.spec) for name, module in modules.items()}
    hub: JsonObject = _version(runtime, "hub")
    if by_name := {name: route for _, name, route in routes(modules, runtime)}:
        hub["routes"] = by_name
    if runtime.get(_TIME_TO_LIVE) is not None:
        hub["storeAndForwardConfiguration"] = {_TIME_TO_LIVE: runtime[_TIME_TO_LIVE]}
    return {EDGE_AGENT: agent, EDGE_HUB: hub}


def edge_defaults(
    modules: Mapping[str, DesiredModule], runtime: JsonObject, content: Content
) -> Content:
    """What a new device, or a new module of one, gets where git is silent."""
    modules = containers(modules)
    ports = {port: [{"HostPort": port.partition("/")[0]}] for port in _HUB_PORTS}
    agent = {"type": "docker", "settings": {"image": AGENT_IMAGE, **chunks({})}}
    hub = _default_container(runtime.get("hub", {}))
    ordered = any(module.spec.get(_STARTUP_ORDER) is not None for module in modules.values())
    if ordered and not _is_nothing(runtime.get("hub", {}), _STARTUP_ORDER):
        hub[_STARTUP_ORDER] = 0  # else it would start last, after modules that send through it
    hub["settings"] = {"image": HUB_IMAGE, **chunks({"HostConfig": {"PortBindings": ports}})}
    version = {} if _is_nothing(runtime, "minDockerVersion") else {"minDockerVersion": "v1.25"}
    store = {} if _is_nothing(runtime, _TIME_TO_LIVE) else {_TIME_TO_LIVE: KEEP_MESSAGES_SECONDS}
    defaults: Content = {
        EDGE_AGENT: {
            "schemaVersion": "1.1",
            "runtime": {"type": "docker", "settings": version},
            "systemModules": {"edgeAgent": agent, "edgeHub": hub},
            "modules": {
                name: {**_default_container(module.spec), "settings": chunks({})}
                for name, module in modules.items()
            },
        },
        EDGE_HUB: {
            "schemaVersion": "1.1",
            "routes": {},
            **({"storeAndForwardConfiguration": store} if store else {}),
        },
    }
    for kind in ("systemModules", "modules"):
        for name, said in content[EDGE_AGENT].get(kind, {}).items():
            if "createOptions" in said.get("settings", {}):  # one value, perhaps in several chunks
                del defaults[EDGE_AGENT][kind][name]["settings"]["createOptions"]
    return defaults


def _default_container(spec: JsonObject) -> JsonObject:
    defaults = {"type": "docker", "status": "running", "restartPolicy": "always"}
    return {key: value for key, value in defaults.items() if not _is_nothing(spec, key)}


def _is_nothing(spec: JsonObject, key: str) -> bool:
    """Whether git says that there is no value, not even a default."""
    return key in spec and spec[key] is None


def _version(runtime: JsonObject, key: str) -> JsonObject:
    system = runtime.get(key, {})
    return {_SCHEMA_VERSION: system[_SCHEMA_VERSION]} if _SCHEMA_VERSION in system else {}


def containers(modules: Mapping[str, DesiredModule]) -> Mapping[str, DesiredModule]:
    """The modules that are part of the deployment."""
    return {name: module for name, module in modules.items() if module.spec.get("deployed", True)}


def twins_only(modules: Mapping[str, DesiredModule]) -> Mapping[str, DesiredModule]:
    """The modules of an edge device that have an identity and a twin, but no container."""
    return {name: module for name, module in modules.items() if name not in containers(modules)}


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
    module: JsonObject = {key: spec[key] for key in AS_WRITTEN if spec.get(key) is not None}
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
    contexts = {
        slot: release.name
        for slot, release in sorted(device.models.items())
        if release.content is not None
    }
    return {
        "edge": "external" if device.external else edge,
        **shown_identity(device.identity),
        "tags": device.tags,
        "desired": device.desired,
        "modules": {
            name: {**module.spec, "desired": module.desired}
            for name, module in sorted(device.modules.items())
        },
        "models": {
            slot: release.reference
            for slot, release in sorted(device.models.items())
            if release.content is None
        },
        **({"contexts": contexts} if contexts else {}),
        **({"paused": True} if device.paused else {}),
        **({"ignore": list(device.ignore)} if device.ignore else {}),
    }


def deployment_manifest(device: DesiredDevice) -> JsonObject:
    """The deployment manifest of a device, for `az iot edge set-modules --content`.

    A module without desired properties has no entry of its own, which would clear its twin. Raises
    EdgeOpsError when edgeops does not write its deployment.
    """
    if not device.edge_content:
        why = (
            "does not get its deployment from git"
            if device.external
            else "is not an IoT Edge device"
        )
        raise EdgeOpsError(
            f"{device.name} {why}, so it has no deployment manifest",
            "set `edge: true` in its spec to make it one that edgeops deploys to",
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
