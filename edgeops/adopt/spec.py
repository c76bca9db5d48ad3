"""What was found of a device, as a manifest says it: the settings of its twins and deployment.

Settings that have a default in manifests are always there, so that devices can be compared; None is
one that the device does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops import stamp
from edgeops.adopt.found import FoundDevice, FoundLayer, Note
from edgeops.adopt.options import OPTIONS, UNPARSED
from edgeops.adopt.secret_names import SecretNames, hides_a_secret
from edgeops.fleet.model import EdgeKind
from edgeops.fleet.shown import shown
from edgeops.fleet.variables import as_text
from edgeops.jsonvalue import JsonObject, pointer
from edgeops.limits import is_edge_module_id
from edgeops.twin import EDGE_AGENT, EDGE_HUB

Path = tuple[str, ...]

_SYSTEM = {"agent": "edgeAgent", "hub": "edgeHub"}
_AS_WRITTEN = ("image", "version", "imagePullPolicy", "startupOrder")
_ENV_NAME = re.compile(r"[^.+#$=\s]+\Z")
_REGISTRY = ("address", "username", "password")


@dataclass(frozen=True, slots=True)
class Described:
    """One device as manifests say it.

    `settings` has `tags`, `desired` and, if edgeops is to write its deployment, `edge`; `modules`
    the settings of each module; `identity` what the manifest says of the identity.
    """

    name: str
    kind: EdgeKind
    settings: JsonObject
    modules: Mapping[str, JsonObject]
    identity: JsonObject = field(default_factory=dict)


class Describer:
    """Describes devices; collects notes, and the secrets that it replaced by references.

    What has no value is said of devices that are to be deployed to, so that they do not get a
    default; of devices that `exist` it need not be.
    """

    def __init__(self, secrets: SecretNames, *, exist: bool = False) -> None:
        self._exist = exist
        self.notes: list[Note] = []
        self._secrets = secrets
        self._device: FoundDevice | None = None

    def describe(self, device: FoundDevice, name: str) -> Described:
        """The device as a manifest of this name says it."""
        self._device = device
        agent = device.modules.get(EDGE_AGENT, {})
        kind = self._kind(device, agent)
        tags = {key: value for key, value in (device.tags or {}).items() if key != stamp.TAG}
        settings: JsonObject = {
            "tags": self._without_secrets(tags, ("tags",)),
            "desired": self._with_references(device.desired or {}, ("desired",)),
        }
        modules: dict[str, JsonObject] = {}
        if kind is EdgeKind.MANAGED:
            settings["edge"] = self._runtime(agent, device.modules.get(EDGE_HUB, {}))
            modules = dict(self._deployed(agent))
            if self._exist:
                settings["edge"] = _with_values(settings["edge"])
                modules = {name: _with_values(spec) for name, spec in modules.items()}
        left_out = _object(agent.get("modules")).keys() - modules.keys()  # which was noted
        for module, desired in device.modules.items():
            if module in (EDGE_AGENT, EDGE_HUB):
                continue
            if kind is EdgeKind.MANAGED and module in left_out:
                continue
            if kind is EdgeKind.EXTERNAL:
                continue  # written by what writes the deployment, as far as one can tell
            if not is_edge_module_id(module):
                self._note((module,), "has a name that manifests do not take; it is left out")
                continue
            own = self._with_references(desired, (module, "desired"))
            no_container = kind is EdgeKind.MANAGED and module not in modules
            spec = {"deployed": False} if no_container else modules.get(module, {})
            modules[module] = spec | ({"desired": own} if own else {})
        return Described(name, kind, settings, modules, _identity(device))

    def _kind(self, device: FoundDevice, agent: JsonObject) -> EdgeKind:
        if not (device.edge or agent):
            return EdgeKind.NONE
        if device.automatic:
            names = ", ".join(map(shown, device.automatic))
            self._note((), f"gets its deployment from {names}: it is `edge: external`")
            return EdgeKind.EXTERNAL
        if not _object(agent.get("systemModules")):
            self._note((), "has no deployment yet: it is `edge: external`")
            return EdgeKind.EXTERNAL
        return EdgeKind.MANAGED

    def describe_layer(self, layer: FoundLayer, name: str) -> Described:
        """What a layered or automatic deployment writes, as an overlay says it."""
        device = FoundDevice(layer.id, layer.place, edge=True, modules=layer.content)
        self._device = device
        agent = layer.content.get(EDGE_AGENT, {})
        runtime = self._runtime(agent, layer.content.get(EDGE_HUB, {}))
        modules = dict(self._deployed(agent))
        for module, desired in layer.content.items():
            if module not in (EDGE_AGENT, EDGE_HUB) and is_edge_module_id(module):
                own = self._with_references(desired, (module, "desired"))
                modules[module] = modules.get(module, {}) | ({"desired": own} if own else {})
        settings: JsonObject = {
            "desired": self._with_references(layer.desired, ("desired",)),
            "edge": _said(runtime),
        }
        said = {module: _said(spec) for module, spec in modules.items()}
        return Described(name, EdgeKind.MANAGED, settings, said)

    # --- the runtime ------------------------------------------------------------------

    def _runtime(self, agent: JsonObject, hub: JsonObject) -> JsonObject:
        runtime = _object(agent.get("runtime"))
        settings = _object(runtime.get("settings"))
        store = _object(hub.get("storeAndForwardConfiguration"))
        edge: JsonObject = {
            "minDockerVersion": _text(settings.get("minDockerVersion")),
            "timeToLiveSecs": _whole(store.get("timeToLiveSecs")),
        }
        if isinstance(settings.get("loggingOptions"), str):
            edge["loggingOptions"] = settings["loggingOptions"]
        if isinstance(settings.get("registryCredentials"), dict):
            edge["registryCredentials"] = dict(self._registries(settings["registryCredentials"]))
        for key, name in _SYSTEM.items():
            module = _object(_object(agent.get("systemModules")).get(name))
            edge[key] = self._container(module, ("edge", key))
            if key == "agent":  # for it, IoT Edge has no such defaults
                edge[key] = {k: v for k, v in edge[key].items() if v is not None}
        edge["hub"].setdefault("startupOrder", None)
        for key, section in (("agent", agent), ("hub", hub)):
            if isinstance(section.get("schemaVersion"), str):
                edge[key]["schemaVersion"] = section["schemaVersion"]
        if routes := dict(self._routes(_object(hub.get("routes")))):
            edge["routes"] = routes
        self._survivors(agent, ("schemaVersion", "runtime", "systemModules", "modules"), EDGE_AGENT)
        self._survivors(hub, ("schemaVersion", "routes", "storeAndForwardConfiguration"), EDGE_HUB)
        self._survivors(
            settings,
            ("minDockerVersion", "loggingOptions", "registryCredentials"),
            f"{EDGE_AGENT} runtime",
        )
        return edge

    def _registries(self, credentials: JsonObject) -> Iterator[tuple[str, JsonObject]]:
        for name, entry in credentials.items():
            values = _object(entry)
            if not all(isinstance(values.get(key), str) and values[key] for key in _REGISTRY):
                self._note(
                    ("edge", "registryCredentials", name), "is incomplete; it stays as it is"
                )
                continue
            at = ("registry", name, "password")
            password = self._secrets.reference(values["password"], at)
            yield name, {**{key: values[key] for key in _REGISTRY[:2]}, "password": password}

    def _routes(self, routes: JsonObject) -> Iterator[tuple[str, Any]]:
        for name, route in routes.items():
            if isinstance(route, str) and route.strip():
                yield name, route
            elif isinstance(route, dict) and isinstance(route.get("route"), str):
                keys = ("route", "priority", "timeToLiveSecs")
                yield name, {key: route[key] for key in keys if key in route}
            else:
                self._note(("edge", "routes", name), "is not a route; it stays as it is")

    # --- modules ----------------------------------------------------------------------

    def _deployed(self, agent: JsonObject) -> Iterator[tuple[str, JsonObject]]:
        for name, module in _object(agent.get("modules")).items():
            if not isinstance(module, dict) or not _object(module.get("settings")).get("image"):
                self._note(("modules", name), "has no image; it stays as it is, unmanaged")
            elif not is_edge_module_id(name):
                self._note(("modules", name), "has a name that IoT Edge does not take")
            else:
                yield name, self._container(module, ("modules", name))

    def _container(self, module: JsonObject, at: Path) -> JsonObject:
        settings = _object(module.get("settings"))
        spec: JsonObject = {}
        for key in _AS_WRITTEN:
            value = settings.get(key) if key == "image" else module.get(key)
            if value is not None:
                spec[key] = str(value) if key == "version" else value
        for key in ("status", "restartPolicy"):
            spec[key] = module.get(key)
        options = settings.get(OPTIONS, settings.get(UNPARSED, {}))
        if hides_a_secret(options, (OPTIONS,)):
            self._note((*at, OPTIONS), "hold a secret: they are not in git, and stay as they are")
        elif UNPARSED in settings:
            self._note((*at, OPTIONS), "cannot be read; they are kept as a text")
            spec[OPTIONS] = options
        else:
            spec[OPTIONS] = _without_nulls(options)
        if env := dict(self._environment(_object(module.get("env")), at)):
            spec["env"] = env
        known = ("type", "settings", "env", "status", "restartPolicy", *_AS_WRITTEN)
        self._survivors(module, known, "/".join(at))
        self._survivors(settings, ("image", OPTIONS, UNPARSED), "/".join(at))
        return spec

    def _environment(self, env: JsonObject, at: Path) -> Iterator[tuple[str, Any]]:
        for name, entry in env.items():
            value = entry.get("value") if isinstance(entry, dict) else None
            if not isinstance(value, (str, int, float, bool)) or not _ENV_NAME.match(name):
                self._note((*at, "env", name), "is not a variable that IoT Edge takes")
                continue
            if not isinstance(value, str) and hides_a_secret(value, (*at, "env", name)):
                value = as_text(value)
            yield name, self._with_references(value, (*at, "env", name))

    # --- secrets ----------------------------------------------------------------------

    def _with_references(self, value: Any, at: Path) -> Any:
        """The settings with references in place of secrets, without those that cannot be one."""
        if isinstance(value, dict):
            kept = {}
            for key, item in value.items():
                path = (*at, key)
                if not isinstance(item, (dict, str)) and hides_a_secret(item, path):
                    self._note(path, "holds a secret in a list or a number; it stays as it is")
                else:
                    kept[key] = self._with_references(item, path)
            return kept
        if isinstance(value, str) and self._secrets.is_secret(value, at):
            return self._secrets.reference(value, at)
        return value

    def _without_secrets(self, value: Any, at: Path) -> Any:
        if not isinstance(value, dict):
            return value
        kept = {}
        for key, item in value.items():
            if not isinstance(item, dict) and hides_a_secret(item, (*at, key)):
                self._note((*at, key), "looks like a secret: it is not in git, and stays as it is")
            elif inner := self._without_secrets(item, (*at, key)):
                kept[key] = inner
            elif item == inner:
                kept[key] = item
        return kept

    # --- notes ------------------------------------------------------------------------

    def _survivors(self, value: JsonObject, known: tuple[str, ...], where: str) -> None:
        for key in sorted(value.keys() - set(known)):
            self._note((where, key), "has no place in a manifest; it stays as it is on the hub")

    def _note(self, path: Path, text: str) -> None:
        assert self._device is not None
        name = shown(self._device.id or "the device")
        what = f"`{shown('/'.join(path))}` of {name}" if path else name
        self.notes.append(Note(self._device.place, pointer(*path), f"{what} {text}"))


def _said(spec: JsonObject) -> JsonObject:
    """A spec without what it only has so that devices can be compared."""
    nested = {key: _said(value) for key, value in spec.items() if key in _SYSTEM}
    said = {**spec, **nested}
    return {key: value for key, value in said.items() if value is not None and value != {}}


def _with_values(spec: JsonObject) -> JsonObject:
    """A spec without what has no value."""
    nested = {key: _with_values(value) for key, value in spec.items() if key in _SYSTEM}
    return {k: v for k, v in {**spec, **nested}.items() if v is not None and v != ""}


def _identity(device: FoundDevice) -> JsonObject:
    """What a manifest says of an identity: only what is not usual."""
    identity: JsonObject = {}
    if device.authentication == "selfSigned" and device.thumbprints:
        names = ("primaryThumbprint", "secondaryThumbprint")
        prints = dict(zip(names, device.thumbprints, strict=False))
        identity["authentication"] = {"type": "selfSigned", **prints}
    elif device.authentication == "x509CA":
        identity["authentication"] = "x509CA"
    if device.status == "disabled":
        identity["status"] = "disabled"
    if device.parents:
        identity["parent"] = device.parents[0]
    known = stamp.decode(device.tags or {})
    if known is not None and known.protect:
        identity["protect"] = True
    return identity


def _without_nulls(value: Any) -> Any:
    """Options of Docker's API without nulls, which are its absent values."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> Any:
    """A number of seconds, or the variable that stands for one."""
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None
