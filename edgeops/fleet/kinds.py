"""The kinds of manifests, read from documents that are valid against their schema.

`catalog.Catalog` lists the kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from edgeops.fleet.layers import OVERLAY_PARTS, Layer
from edgeops.fleet.model import Document, Named
from edgeops.jsonvalue import JsonObject, merge_patch
from edgeops.release import ModelRelease

T = TypeVar("T")

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Fleet:
    """The fleet: its hubs and limits, and the layers that every device has.

    `runtime` has the settings of the IoT Edge runtime in `defaults.edge`.
    """

    hubs: JsonObject
    limits: JsonObject
    runtime: Layer
    defaults: Layer


@dataclass(frozen=True, slots=True)
class Rollout:
    """The ring of a group, and the conditions for a release to reach the next ring.

    At least `min_healthy` percent of its devices must have run the release and been healthy for the
    `soak` time.
    """

    ring: int
    soak: timedelta
    min_healthy: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group: which devices it selects, and what it sets on them; a ring has a `rollout`."""

    priority: int
    selector: JsonObject
    layer: Layer
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device as in its manifest or DeviceSet, before layers are merged."""

    labels: Mapping[str, str]
    layer: Layer

    @property
    def edge(self) -> bool:
        """Whether it is an IoT Edge device."""
        return bool(self.layer.value.get("edge", False))


@dataclass(frozen=True, slots=True)
class DeviceSet:
    """Devices that are alike: they share one layer."""

    members: tuple[Named[Device], ...]


def read_fleet(document: Document) -> Named[Fleet]:
    """The Fleet of a document."""
    spec = document.value["spec"]
    defaults = spec.get("defaults", {})
    name, at, edge = "Fleet defaults", "/spec/defaults", defaults.get("edge", {})
    fleet = Fleet(
        hubs=spec.get("hubs", {}),
        limits=spec.get("limits", {}),
        runtime=Layer(name, document, f"{at}/edge", edge, ("edgeRuntime",), base=True),
        defaults=Layer(name, document, at, _overlay_parts(defaults)),
    )
    return _named(document, fleet)


def read_group(document: Document) -> Named[Group]:
    """The Group of a document."""
    metadata, spec = document.value["metadata"], document.value["spec"]
    layer = Layer(f"Group {metadata['name']}", document, "/spec", _overlay_parts(spec))
    ring = rollout(spec["rollout"]) if "rollout" in spec else None
    return _named(document, Group(metadata.get("priority", 0), spec["selector"], layer, ring))


def rollout(spec: JsonObject) -> Rollout:
    """The Rollout in a valid `Group.spec.rollout`."""
    soak = spec.get("soak", "24h")
    return Rollout(
        ring=spec["ring"],
        soak=timedelta(**{_UNITS[soak[-1]]: int(soak[:-1])}),
        min_healthy=int(spec.get("minHealthy", "100%").rstrip("%")),
    )


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a selector selects a device with these labels, by the rules of Kubernetes.

    All of `matchLabels` and `matchExpressions` must match; `NotIn` also matches if the label is
    absent; an empty selector selects every device.
    """
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    return all(_matches(expression, labels) for expression in selector.get("matchExpressions", ()))


def _matches(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    among = labels.get(key) in expression.get("values", ())
    return among if operator == "In" else not among


def read_module(document: Document) -> Named[Layer]:
    """The Module of a document: the lowest layer of devices that have it."""
    name = document.value["metadata"]["name"]
    spec = merge_patch({}, document.value["spec"])
    layer = Layer(f"Module {name}", document, "/spec", spec, ("modules", name), base=True)
    return _named(document, layer)


def read_release(document: Document) -> Named[ModelRelease]:
    """The ModelRelease of a document; its name is `name@version`."""
    metadata, spec = document.value["metadata"], document.value["spec"]
    release = ModelRelease(
        name=metadata["name"],
        version=metadata["version"],
        file_name=spec["fileName"],
        size=spec["size"],
        sha256=spec["sha256"],
        md5=spec["md5"],
        format=spec["format"],
        path=spec.get("path"),
        url=spec.get("url"),
    )
    return Named(release.reference, document, "/metadata/name", release)


def read_device(document: Document) -> Named[Device]:
    """The Device of a document."""
    metadata, spec = document.value["metadata"], document.value.get("spec", {})
    layer = Layer(f"Device {metadata['name']}", document, "/spec", spec)
    return _named(document, Device(metadata.get("labels", {}), layer))


def read_device_set(document: Document) -> Named[DeviceSet]:
    """The DeviceSet of a document."""
    metadata, spec = document.value["metadata"], document.value["spec"]
    template = spec.get("template", {})
    layer = Layer(
        f"DeviceSet {metadata['name']}", document, "/spec/template/spec", template.get("spec", {})
    )
    labels = template.get("labels", {})
    members = tuple(
        Named(
            member["name"],
            document,
            f"/spec/devices/{index}/name",
            Device({**labels, **member.get("labels", {})}, layer),
        )
        for index, member in enumerate(spec["devices"])
    )
    return _named(document, DeviceSet(members))


def _overlay_parts(spec: JsonObject) -> JsonObject:
    return {key: value for key, value in spec.items() if key in OVERLAY_PARTS}


def _named(document: Document, spec: T) -> Named[T]:
    return Named(document.value["metadata"]["name"], document, "/metadata/name", spec)
