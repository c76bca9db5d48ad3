"""Resolves devices from their layers; what devices share is computed once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgeops import stamp
from edgeops.fleet.catalog import Catalog
from edgeops.fleet.check_device import section_findings
from edgeops.fleet.check_replaced import replaced_findings
from edgeops.fleet.check_schema import SchemaChecker
from edgeops.fleet.check_stamp import owned, stamp_findings, surely_fits
from edgeops.fleet.finding import Finding
from edgeops.fleet.identity import read_identity
from edgeops.fleet.ignore import ignore_findings, without_ignored
from edgeops.fleet.kinds import Device, Group, matches
from edgeops.fleet.layers import FROM, PARTS, Layer, Overlay, Path, lay, merged
from edgeops.fleet.model import DesiredDevice, DesiredModule, EdgeKind, Named
from edgeops.fleet.plain_section import plain_section
from edgeops.fleet.shown import shown
from edgeops.fleet.software import Software, SoftwareMaker
from edgeops.fleet.variables import NotReplaced, Scope, as_json, references, replace_in
from edgeops.fleet.variants import deciding_labels
from edgeops.jsonvalue import JsonObject
from edgeops.limits import DESIRED_BYTES, TAGS_BYTES

_SOFTWARE = ("modules", "models", "contexts", "edge")  # the parts that many devices share

Groups = tuple[Named[Group], ...]


Resolved = tuple[DesiredDevice, tuple[Finding, ...]]
_Values = tuple[Any, ...]  # of variables, each with its type: 1 equals True and 1.0


@dataclass(frozen=True, slots=True)
class _Below:
    """The layers below the devices themselves, merged, and the variables in their texts.

    `of_software` are those in modules, models and the runtime.
    """

    overlay: Overlay
    names: frozenset[str]
    of_software: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Alike:
    """Devices with the same layers: these merged, and the names of the variables in their texts.

    `own` is the value of their own layer: held, since its id stands for it, without the document.
    `software` is equal for layers with equal software, in which the variables `of_software` stand.
    `labels` are those that choose among the variants of its releases. `resolved` has the devices
    that were resolved so far, by the values of the variables and of these labels.
    """

    overlay: Overlay
    own: JsonObject
    names: tuple[str, ...]
    of_software: tuple[str, ...]
    software: bytes
    labels: tuple[str, ...]
    resolved: dict[_Values, Resolved] = field(default_factory=dict)


@dataclass(slots=True)
class Resolver:
    """Resolves the devices of one catalog for one hub and one artifact base URL.

    `with_ignored` leaves in what they leave to others.
    """

    catalog: Catalog
    hub: str
    artifacts_url: str
    schemas: Mapping[str, Any]
    checker: SchemaChecker
    with_ignored: bool = False
    _bases: dict[str, JsonObject] = field(init=False)
    _deciding: dict[str, frozenset[str]] = field(init=False)  # labels, by release with variants
    _maker: SoftwareMaker = field(init=False)
    _instances: frozenset[str] | None = None  # looked up when first needed
    _alike: dict[tuple[tuple[str, ...], int], _Alike] = field(default_factory=dict)
    _below: dict[tuple[str, ...], _Below] = field(default_factory=dict)
    _software: dict[tuple[Any, ...], Software] = field(default_factory=dict)
    _references: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bases = {name: module.spec.value for name, module in self.catalog.modules.items()}
        releases = self.catalog.releases.items()
        self._deciding = {
            name: deciding_labels([release.spec])
            for name, release in releases
            if release.spec.variants
        }
        self._maker = SoftwareMaker(self.catalog, self.artifacts_url, self.schemas, self.checker)

    def groups(self, device: Named[Device]) -> Groups:
        """The groups that select a device, the lowest first."""
        labels = device.spec.labels
        groups = self.catalog.groups.values()
        return tuple(group for group in groups if matches(group.spec.selector, labels))

    def stack(
        self, device: Named[Device], groups: Groups, modules: Mapping[str, DesiredModule]
    ) -> tuple[Layer, ...]:
        """All layers of a device, the lowest first; `modules` are those that it was resolved to."""
        of_groups = (group.spec.layer for group in groups)
        defaults = self.catalog.defaults(self.hub)
        return (*self._module_layers(modules), *defaults, *of_groups, *device.spec.layers)

    def _module_layers(self, modules: Mapping[str, DesiredModule]) -> Iterator[Layer]:
        """The Module specs, at the names of the modules that are instances of them."""
        for module in self.catalog.modules.values():
            named = modules.get(module.name)
            if named is None or named.spec.get(FROM, module.name) == module.name:
                yield module.spec
        for name, wanted in modules.items():
            base = wanted.spec.get(FROM, name)
            if base != name and base in self.catalog.modules:
                yield replace(self.catalog.modules[base].spec, mount=("modules", name))

    def is_paused(self, device: Named[Device], groups: Groups) -> bool:
        """Whether git pauses a device, without the defaults of its hub."""
        defaults = self.catalog.fleet.spec.defaults if self.catalog.fleet else ()
        layers = (*defaults, *(group.spec.layer for group in groups), *device.spec.layers)
        said = (layer.value["paused"] for layer in reversed(layers) if "paused" in layer.value)
        return next(said, False)

    def resolve(self, device: Named[Device], groups: Groups) -> Resolved:
        """The device with all layers merged, and its findings.

        References to manifests that do not exist are ignored.
        """
        names = tuple(group.name for group in groups)
        # The members of a DeviceSet share the value of one layer.
        key = (names, id(device.spec.layer.value))
        alike = self._alike.get(key) or self._make_alike(device, groups, names)
        if _is_of_set(device):
            self._alike[key] = alike
        scope = self._scope(device, alike) if alike.names else Scope({})
        values = _values(scope, alike.names) + _chosen_by(device, alike)
        if values not in alike.resolved:
            alike.resolved[values] = self._resolve(device, names, alike, scope)
        first, findings = alike.resolved[values]
        if not _is_of_set(device):
            return first, findings
        paused = first.paused
        if device.spec.member:
            paused = device.spec.member.value.get("paused", paused)
        return replace(first, name=device.name, labels=device.spec.labels, paused=paused), findings

    def scope(self, device: Named[Device], groups: Groups) -> Scope:
        """The variables of a device."""
        names = tuple(group.name for group in groups)
        return self._scope(device, self._make_alike(device, groups, names))

    def _scope(self, device: Named[Device], alike: _Alike) -> Scope:
        variables = alike.overlay.variables
        if device.spec.member:
            variables = merged(variables, device.spec.member.value.get("variables", {}))
        return Scope.of_device(device.name, device.spec.labels, variables)

    def _make_alike(self, device: Named[Device], groups: Groups, names: tuple[str, ...]) -> _Alike:
        if names not in self._below:
            layers = [*self.catalog.defaults(self.hub), *(group.spec.layer for group in groups)]
            overlay = Overlay()
            for layer in layers:
                overlay = lay(overlay, layer.value, self._bases)
            software = {part: getattr(overlay, part) for part in _SOFTWARE}
            self._below[names] = _Below(overlay, references(_parts(overlay)), references(software))
        below, spec = self._below[names], device.spec.layer.value
        rest = {part: spec[part] for part in PARTS if part in spec and part not in _SOFTWARE}
        software = {part: spec[part] for part in _SOFTWARE if part in spec}
        of_software = references(software) | self._of_modules(spec)
        overlay = lay(below.overlay, spec, self._bases)
        return _Alike(
            overlay,
            spec,
            tuple(sorted(below.names | references(rest) | of_software)),
            tuple(sorted(below.of_software | of_software)),
            as_json([software, device.spec.edge]),
            self._labels(overlay.models),
        )

    def _labels(self, models: JsonObject) -> tuple[str, ...]:
        """The labels that choose among the variants of these releases."""
        if not self._deciding:
            return ()
        # A variable may stand for any release.
        named = self._deciding if references(models) else self._deciding.keys() & models.values()
        return tuple(sorted(frozenset().union(*(self._deciding[each] for each in named))))

    def _of_modules(self, spec: JsonObject) -> frozenset[str]:
        """The variables in the Module specs of the modules that a device itself adds."""
        added = spec.get("modules", {}).items()
        names = frozenset(wanted.get(FROM, name) for name, wanted in added if wanted is not None)
        if names not in self._references:
            specs = {name: self._bases[name] for name in names if name in self._bases}
            self._references[names] = references({"modules": specs})
        return self._references[names]

    def _resolve(
        self,
        device: Named[Device],
        names: tuple[str, ...],
        alike: _Alike,
        scope: Scope,
    ) -> Resolved:
        spec, edge = device.spec.layer.value, device.spec.edge
        parts, failed = replace_in(_parts(alike.overlay), scope) if alike.names else ({}, {})
        overlay = replace(alike.overlay, **parts) if parts else alike.overlay
        of_software = _values(scope, alike.of_software) + _chosen_by(device, alike)
        key = (names, alike.software, of_software)
        if key not in self._software:
            wrong = tuple(replaced_findings(overlay.modules, overlay.edge, failed) if parts else ())
            self._software[key] = self._maker.make(overlay, edge, device.spec.labels, wrong)
        software = self._software[key]
        resolved = DesiredDevice(
            name=device.name,
            labels=device.spec.labels,
            groups=names,
            edge=edge is not EdgeKind.NONE,
            **read_identity(spec),
            protect=spec.get("protect", False),
            tags=overlay.tags,
            desired=overlay.desired,
            modules=software.modules,
            models=software.models,
            edge_content=software.deployment.content,
            edge_defaults=software.deployment.defaults,
            runtime=overlay.edge if edge is EdgeKind.MANAGED else {},
            external=edge is EdgeKind.EXTERNAL,
            paused=overlay.paused,
            ignore=overlay.ignore,
        )
        unknown = [Finding(path, why.message, why.hint) for path, why in failed.items()]
        unknown += self._missing(alike.overlay, overlay, failed)
        findings = (*unknown, *self._twin_findings(resolved, software), *software.findings)
        if not overlay.ignore:
            return resolved, findings
        document = {**_parts(overlay), **_desired_of(resolved)}
        findings = (*findings, *ignore_findings(resolved, document))
        return resolved if self.with_ignored else without_ignored(resolved), findings

    def _missing(
        self, written: Overlay, overlay: Overlay, failed: Collection[Path]
    ) -> Iterator[Finding]:
        """Manifests that do not exist, and whose absence is seen at a device only."""
        for part, kind, known in (
            ("models", "ModelRelease", self.catalog.releases),
            ("contexts", "Context", self.catalog.contexts),
        ):
            for slot, wanted in getattr(overlay, part).items():
                if (part, slot) in failed or not references(getattr(written, part)[slot]):
                    continue
                if wanted not in known:
                    yield Finding((part, slot), f"there is no {kind} `{shown(wanted)}`")
        for name, spec in overlay.modules.items():
            if FROM in spec or name in self._bases:
                continue
            if self._instances is None:
                self._instances = self.catalog.instances
            if name in self._instances:
                yield Finding(
                    ("modules", name),
                    f"there is no Module `{name}`, and nothing says which Module it is `from`",
                    f"add `from` to `{name}`, as other devices do",
                )

    def _twin_findings(self, device: DesiredDevice, software: Software) -> list[Finding]:
        tags, desired = plain_section("tags", device.tags), plain_section("desired", device.desired)
        if tags and desired and stamp.TAG not in device.tags:
            names = f"{self.catalog.name}{self.catalog.uid}{device.name}"
            if surely_fits(names, tags, desired, software.deployment.owned):
                return []
        findings = list(section_findings(("tags",), device.tags, TAGS_BYTES))
        findings += section_findings(("desired",), device.desired, DESIRED_BYTES)
        listed = owned({"tags": device.tags, "desired": device.desired}) | software.deployment.owned
        at = ("tags",)
        findings += stamp_findings(
            self.catalog.name,
            device.tags,
            listed,
            at,
            protect=device.protect,
            uid=self.catalog.uid,
            device=device.name,
        )
        return findings


def _is_of_set(device: Named[Device]) -> bool:
    """Whether a device shares its layer with others."""
    return device.spec.layer.name != f"Device {device.name}"


def _values(scope: Scope, names: tuple[str, ...]) -> _Values:
    """The values of variables; the reason why one has none is not equal to any value."""
    values: list[Any] = []
    for name in names:
        try:
            value = scope.value(name)
            values.append((type(value), value))
        except NotReplaced as failure:
            values.append((NotReplaced, failure.message))
    return tuple(values)


def _chosen_by(device: Named[Device], alike: _Alike) -> _Values:
    """The values of the labels that choose among variants."""
    return tuple(device.spec.labels.get(label) for label in alike.labels)


def _desired_of(device: DesiredDevice) -> JsonObject:
    modules = device.modules.items()
    return {"modules": {name: {**each.spec, "desired": each.desired} for name, each in modules}}


def _parts(overlay: Overlay) -> JsonObject:
    """The parts of a device whose texts may refer to variables."""
    return {part: getattr(overlay, part) for part in PARTS}
