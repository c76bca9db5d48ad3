"""Resolves devices from their layers; what devices share is computed once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgeops.fleet.catalog import Catalog
from edgeops.fleet.check_device import edge_findings, module_findings, section_findings
from edgeops.fleet.check_schema import SchemaChecker
from edgeops.fleet.check_stamp import Owned, owned, stamp_findings
from edgeops.fleet.edge import edge_content
from edgeops.fleet.finding import Finding
from edgeops.fleet.identity import read_identity
from edgeops.fleet.kinds import Device, Group, matches
from edgeops.fleet.layers import Layer, Overlay, Path, lay
from edgeops.fleet.model import MODEL_LOADER, DesiredDevice, DesiredModule, Named
from edgeops.jsonvalue import JsonObject
from edgeops.limits import DESIRED_BYTES, TAGS_BYTES
from edgeops.release import ModelRelease

Groups = tuple[Named[Group], ...]


@dataclass(frozen=True, slots=True)
class _Deployment:
    """The desired properties of edgeAgent and edgeHub, which many devices share."""

    content: Mapping[str, JsonObject]
    owned: Owned
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Software:
    """The models and modules of a device, which many devices share."""

    models: Mapping[str, ModelRelease]
    modules: Mapping[str, DesiredModule]
    deployment: _Deployment
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Resolver:
    """Resolves the devices of one catalog, for one artifact base URL."""

    catalog: Catalog
    artifacts_url: str
    schemas: Mapping[str, Any]
    checker: SchemaChecker
    _bases: dict[str, JsonObject] = field(init=False)
    _alike: dict[tuple[tuple[str, ...], int], tuple[DesiredDevice, tuple[Finding, ...]]] = field(
        default_factory=dict
    )
    _below: dict[tuple[str, ...], Overlay] = field(default_factory=dict)
    _software: dict[tuple[Any, ...], _Software] = field(default_factory=dict)
    _deployments: dict[str, _Deployment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bases = {name: module.spec.value for name, module in self.catalog.modules.items()}

    def groups(self, device: Named[Device]) -> Groups:
        """The groups that select a device, the lowest first."""
        labels = device.spec.labels
        groups = self.catalog.groups.values()
        return tuple(group for group in groups if matches(group.spec.selector, labels))

    def stack(self, device: Named[Device], groups: Groups) -> tuple[Layer, ...]:
        """All layers of a device, the lowest first."""
        bases = (module.spec for module in self.catalog.modules.values())
        of_groups = (group.spec.layer for group in groups)
        return (*bases, *self.catalog.layers, *of_groups, device.spec.layer)

    def resolve(
        self, device: Named[Device], groups: Groups
    ) -> tuple[DesiredDevice, tuple[Finding, ...]]:
        """The device with all layers merged, and its findings.

        References to manifests that do not exist are ignored.
        """
        names = tuple(group.name for group in groups)
        # The members of a DeviceSet share one layer object.
        key = (names, id(device.spec.layer))
        if key not in self._alike:
            self._alike[key] = self._resolve(device, groups, names)
        first, findings = self._alike[key]
        return replace(first, name=device.name, labels=device.spec.labels), findings

    def _resolve(
        self, device: Named[Device], groups: Groups, names: tuple[str, ...]
    ) -> tuple[DesiredDevice, tuple[Finding, ...]]:
        spec, edge = device.spec.layer.value, device.spec.edge
        overlay = lay(self._overlay_below(groups, names), spec, self._bases)
        software = self._run(overlay, spec, names, edge=edge)
        resolved = DesiredDevice(
            name=device.name,
            labels=device.spec.labels,
            groups=names,
            edge=edge,
            **read_identity(spec),
            protect=spec.get("protect", False),
            tags=overlay.tags,
            desired=overlay.desired,
            modules=software.modules,
            models=software.models,
            edge_content=software.deployment.content,
        )
        return resolved, (*self._twin_findings(resolved, software), *software.findings)

    def _overlay_below(self, groups: Groups, names: tuple[str, ...]) -> Overlay:
        """The layers below the device itself, merged."""
        if names not in self._below:
            layers = [layer for layer in self.catalog.layers if not layer.base]
            overlay = Overlay()
            for layer in (*layers, *(group.spec.layer for group in groups)):
                overlay = lay(overlay, layer.value, self._bases)
            self._below[names] = overlay
        return self._below[names]

    def _run(
        self, overlay: Overlay, spec: JsonObject, groups: tuple[str, ...], *, edge: bool
    ) -> _Software:
        own = json.dumps([spec.get("modules"), spec.get("models")], sort_keys=True)
        key = (groups, edge, own)
        if key not in self._software:
            self._software[key] = self._make_software(overlay, edge=edge)
        return self._software[key]

    def _make_software(self, overlay: Overlay, *, edge: bool) -> _Software:
        releases = self.catalog.releases
        models = {
            slot: releases[wanted].spec
            for slot, wanted in sorted(overlay.models.items())
            if wanted in releases
        }
        modules = {
            name: self._module(name, spec, models)
            for name, spec in sorted(overlay.modules.items())
            if name in self._bases
        }
        findings = list(_loader_findings(overlay))
        findings += module_findings(modules, self.schemas, self.checker)
        for name, module in modules.items():
            at = ("modules", name, "desired")
            findings += stamp_findings(self._fleet, {}, owned({"desired": module.desired}), at)
        deployment = self._deploy(modules) if edge else _identities(modules)
        findings += deployment.findings
        return _Software(models, modules, deployment, tuple(findings))

    def _deploy(self, modules: Mapping[str, DesiredModule]) -> _Deployment:
        key = json.dumps({name: module.spec for name, module in modules.items()}, sort_keys=True)
        if key not in self._deployments:
            runtime = self.catalog.runtime
            content = edge_content(modules, runtime)
            findings = tuple(edge_findings(modules, runtime, content))
            self._deployments[key] = _Deployment(content, owned(content), findings)
        return self._deployments[key]

    def _module(
        self, name: str, spec: JsonObject, models: Mapping[str, ModelRelease]
    ) -> DesiredModule:
        rest = {key: value for key, value in spec.items() if key != "desired"}
        desired = spec.get("desired", {})
        if name == MODEL_LOADER and models:
            wanted = {slot: model.twin_value(self.artifacts_url) for slot, model in models.items()}
            own = desired.get("models", {})
            if isinstance(own, dict):  # otherwise `module_findings` reports it
                desired = {**desired, "models": {**own, **wanted}}
        return DesiredModule(name, rest, desired)

    def _twin_findings(self, device: DesiredDevice, software: _Software) -> list[Finding]:
        findings = list(section_findings(("tags",), device.tags, TAGS_BYTES))
        findings += section_findings(("desired",), device.desired, DESIRED_BYTES)
        listed = owned({"tags": device.tags, "desired": device.desired}) | software.deployment.owned
        at = ("tags",)
        findings += stamp_findings(self._fleet, device.tags, listed, at, protect=device.protect)
        return findings

    @property
    def _fleet(self) -> str:
        return self.catalog.fleet.name if self.catalog.fleet else ""


def _identities(modules: Mapping[str, DesiredModule]) -> _Deployment:
    """The deployment of a device that is not an edge device: none, only module identities."""
    return _Deployment({}, owned({"modules": {name: {} for name in modules}}), ())


def _loader_findings(overlay: Overlay) -> list[Finding]:
    if MODEL_LOADER in overlay.modules:
        return []
    return [
        Finding(
            ("models", slot),
            f"models need the module `{MODEL_LOADER}`, which the device does not have",
            f"add `{MODEL_LOADER}: {{}}` to `modules`",
            absence=True,
        )
        for slot in sorted(overlay.models)
    ]


def setter_of(path: Path, models: Mapping[str, ModelRelease]) -> Path:
    """The path in the layers that sets a value: models of the loader are set by `models.<slot>`."""
    head = ("modules", MODEL_LOADER, "desired", "models")
    return ("models", path[4]) if path[:4] == head and path[4:5] and path[4] in models else path
