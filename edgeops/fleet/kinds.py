"""The kinds of manifests, read from documents that are valid against their schema.

`catalog.Catalog` lists the kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from edgeops.fleet.layers import OVERLAY_PARTS, WITH_NULLS, Layer, with_lists
from edgeops.fleet.model import Document, EdgeKind, Named
from edgeops.jsonvalue import JsonObject, merge_patch, pointer
from edgeops.release import ModelRelease, ReleaseFile, Signature, Variant

T = TypeVar("T")

_IMAGES = {"agentImage": "agent", "hubImage": "hub"}  # other names of `agent.image`, `hub.image`

_OPTIONS = "createOptions"

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Fleet:
    """The fleet: its hubs and limits, and the layers that devices have.

    `defaults` are the layers of every device, `hub_defaults` those of the devices on one hub.
    `trust` are the paths of the keys that sign releases, None if they need not be signed.
    """

    hubs: JsonObject
    limits: JsonObject
    uid: str | None
    defaults: tuple[Layer, ...]
    hub_defaults: Mapping[str, tuple[Layer, ...]]
    trust: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class QualityBound:
    """What the live quality of a release must be on each device of a ring.

    At least `min_hours` must be scored with it. `max_wape` bounds its WAPE, `versus_naive` the
    ratio to that of the seasonal naive forecast. `no_worse`: on the devices together, it must
    not be surely worse than the release before.
    """

    min_hours: int = 48
    max_wape: float | None = None
    versus_naive: float | None = None
    no_worse: bool = True


@dataclass(frozen=True, slots=True)
class Rollout:
    """The ring of a group, and the conditions for a release to reach the next ring.

    At least `min_healthy` percent of its devices must have run the release and been healthy for the
    `soak` time, and meet the bound of `quality`, if there is one. `values` are the paths of other
    values that go from ring to ring, too.
    """

    ring: int
    soak: timedelta
    min_healthy: int
    values: tuple[str, ...] = ()
    quality: QualityBound | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group: which devices it selects, and what it sets on them; a ring has a `rollout`.

    `hubs` are those that its devices belong to, None if it does not say.
    """

    priority: int
    selector: JsonObject
    layer: Layer
    hubs: tuple[str, ...] | None = None
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device as in its manifest or DeviceSet, before layers are merged.

    `member` has the variables of its entry in a DeviceSet, and whether that is paused; `hubs` are
    those that it belongs to, None if it does not say.
    """

    labels: Mapping[str, str]
    layer: Layer
    edge: EdgeKind = EdgeKind.NONE
    member: Layer | None = None
    hubs: tuple[str, ...] | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its own layers, the lower first."""
        return (self.layer, self.member) if self.member else (self.layer,)


@dataclass(frozen=True, slots=True)
class DeviceSet:
    """Devices that are alike: they share one layer."""

    members: tuple[Named[Device], ...]


def read_fleet(document: Document) -> Named[Fleet]:
    """The Fleet of a document."""
    spec = document.value["spec"]
    hubs = spec.get("hubs", {})
    fleet = Fleet(
        hubs=hubs,
        limits=spec.get("limits", {}),
        uid=spec.get("uid"),
        defaults=_defaults("Fleet defaults", document, "/spec", spec),
        hub_defaults={
            name: _defaults(
                f"defaults of the hub {name}", document, f"/spec/hubs{pointer(name)}", hub
            )
            for name, hub in hubs.items()
        },
        trust=key_paths(document),
    )
    return _named(document, fleet)


def key_paths(document: Document) -> tuple[str, ...] | None:
    """The key files that a Fleet trusts; None if releases need not be signed."""
    trust = document.value["spec"].get("trust")
    return None if trust is None else tuple(trust["releases"])


def read_group(document: Document) -> Named[Group]:
    """The Group of a document."""
    metadata, spec = document.value["metadata"], document.value["spec"]
    layer = Layer(f"Group {metadata['name']}", document, "/spec", _overlay_parts(spec))
    ring = rollout(spec["rollout"]) if "rollout" in spec else None
    priority = metadata.get("priority", 0)
    return _named(document, Group(priority, spec["selector"], layer, _hubs(spec), ring))


def rollout(spec: JsonObject) -> Rollout:
    """The Rollout in a valid `Group.spec.rollout`."""
    soak = spec.get("soak", "24h")
    return Rollout(
        ring=spec["ring"],
        soak=timedelta(**{_UNITS[soak[-1]]: int(soak[:-1])}),
        min_healthy=int(spec.get("minHealthy", "100%").rstrip("%")),
        values=tuple(spec.get("values", ())),
        quality=_quality_bound(spec),
    )


def _quality_bound(spec: JsonObject) -> QualityBound | None:
    keys = {
        "minHours": "min_hours",
        "maxLiveWape": "max_wape",
        "liveWapeVsNaive": "versus_naive",
        "noWorseThanBefore": "no_worse",
    }
    said = {name: spec[key] for key, name in keys.items() if key in spec}
    return QualityBound(**said) if said not in ({}, {"no_worse": False}) else None


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
    written = document.value["spec"]
    nulls = {key: None for key in written if key in WITH_NULLS and written[key] is None}
    spec = {**merge_patch({}, written), **nulls}  # in these, null is a value; so it is in options
    if written.get(_OPTIONS) is not None:
        spec[_OPTIONS] = with_lists(written[_OPTIONS])
    layer = Layer(f"Module {name}", document, "/spec", spec, ("modules", name), base=True)
    return _named(document, layer)


def read_release(document: Document) -> Named[ModelRelease]:
    """The ModelRelease of a document; its name is `name@version`."""
    metadata, spec = document.value["metadata"], document.value["spec"]
    files = _single_file(spec) if "fileName" in spec else _release_files(spec)
    release = ModelRelease(
        name=metadata["name"],
        version=metadata["version"],
        format=spec.get("format", ""),
        files=files,
        metadata=tuple(sorted(spec.get("metadata", {}).items())),
        signature=read_signature(spec),
        variants=tuple(
            Variant(
                when=tuple(sorted(variant["when"].items())),
                format=variant["format"],
                files=_release_files(variant),
                signature=read_signature(variant),
            )
            for variant in spec.get("variants", ())
        ),
        context=_context(spec),
    )
    return Named(release.reference, document, "/metadata/name", release)


def _single_file(spec: JsonObject) -> tuple[ReleaseFile, ...]:
    return _release_files({"files": [{**spec, "name": spec["fileName"]}]})


def _release_files(holder: JsonObject) -> tuple[ReleaseFile, ...]:
    return tuple(
        ReleaseFile(
            name=file["name"],
            size=file["size"],
            sha256=file["sha256"],
            md5=file.get("md5", ""),
            path=file.get("path"),
            url=file.get("url"),
        )
        for file in holder.get("files", ())
    )


def read_signature(holder: JsonObject) -> Signature | None:
    """The `signature` in a spec or a variant."""
    said = holder.get("signature")
    return Signature(said["key"], said["value"]) if said else None


def _context(spec: JsonObject) -> tuple[str, ...]:
    """The columns of `context`."""
    context = spec.get("context", {})
    events = (f"event:{name}" for name in context.get("events", ()))
    return (*events, *(f"weather:{name}" for name in context.get("weather", ())))


def read_device(document: Document) -> Named[Device]:
    """The Device of a document."""
    metadata, spec = document.value["metadata"], document.value.get("spec", {})
    layer = Layer(f"Device {metadata['name']}", document, "/spec", _device_layer(spec))
    device = Device(metadata.get("labels", {}), layer, _edge(spec), hubs=_hubs(spec))
    return _named(document, device)


def read_device_set(document: Document) -> Named[DeviceSet]:
    """The DeviceSet of a document."""
    metadata, spec = document.value["metadata"], document.value["spec"]
    template = spec.get("template", {})
    below = template.get("spec", {})
    name = f"DeviceSet {metadata['name']}"
    layer = Layer(name, document, "/spec/template/spec", _device_layer(below))
    labels = template.get("labels", {})
    members = []
    for index, member in enumerate(spec["devices"]):
        at = f"/spec/devices/{index}"
        own = {key: member[key] for key in ("variables", "paused") if key in member}
        device = Device(
            labels={**labels, **member.get("labels", {})},
            layer=layer,
            edge=_edge(below),
            member=Layer(f"Device {member['name']}", document, at, own) if own else None,
            hubs=_hubs(member) or _hubs(below),
        )
        members.append(Named(member["name"], document, f"{at}/name", device))
    return _named(document, DeviceSet(tuple(members)))


def _edge(spec: JsonObject) -> EdgeKind:
    edge = spec.get("edge", False)
    if edge == EdgeKind.EXTERNAL.value:
        return EdgeKind.EXTERNAL
    return EdgeKind.NONE if edge is False else EdgeKind.MANAGED


def _hubs(spec: JsonObject) -> tuple[str, ...] | None:
    return tuple(spec["hubs"]) if "hubs" in spec else None


def _defaults(name: str, document: Document, at: str, spec: JsonObject) -> tuple[Layer, ...]:
    """The layers of the variables and the defaults in a Fleet, or in one of its hubs."""
    parts = {at: {"variables": spec.get("variables", {})}}
    parts[f"{at}/defaults"] = _overlay_parts(spec.get("defaults", {}))
    return tuple(Layer(name, document, place, value) for place, value in parts.items())


def _device_layer(spec: JsonObject) -> JsonObject:
    """The spec of a device; its `edge` only has settings of the runtime."""
    if "edge" not in spec:
        return spec
    edge = spec["edge"]
    return {**spec, "edge": _runtime(edge) if isinstance(edge, dict) else {}}


def _overlay_parts(spec: JsonObject) -> JsonObject:
    parts = {key: value for key, value in spec.items() if key in OVERLAY_PARTS}
    return {**parts, "edge": _runtime(parts["edge"])} if "edge" in parts else parts


def _runtime(edge: JsonObject) -> JsonObject:
    """The settings of the IoT Edge runtime, images under one name."""
    settings = {key: value for key, value in edge.items() if key not in _IMAGES}
    for old, module in _IMAGES.items():
        if old in edge:
            settings[module] = {"image": edge[old], **settings.get(module, {})}
    return settings


def _named(document: Document, spec: T) -> Named[T]:
    return Named(document.value["metadata"]["name"], document, "/metadata/name", spec)
