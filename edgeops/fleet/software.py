"""Resolves the software of devices: their models, their modules and their deployment.

Many devices have the same; each deployment is made once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.fleet.catalog import Catalog
from edgeops.fleet.check_context import context_findings
from edgeops.fleet.check_device import edge_findings, module_findings
from edgeops.fleet.check_schema import SchemaChecker
from edgeops.fleet.check_stamp import Owned, owned, stamp_findings
from edgeops.fleet.edge import edge_content, edge_defaults, twins_only
from edgeops.fleet.finding import Finding
from edgeops.fleet.health import health_check, health_findings
from edgeops.fleet.layers import FROM, Overlay, Path
from edgeops.fleet.model import MODEL_LOADER, DesiredModule, EdgeKind
from edgeops.fleet.variants import no_variant_fits
from edgeops.jsonvalue import JsonObject
from edgeops.limits import ID_CHARACTERS
from edgeops.release import ModelRelease


@dataclass(frozen=True, slots=True)
class DeployedContent:
    """The desired properties of edgeAgent and edgeHub, which many devices share."""

    content: Mapping[str, JsonObject]
    defaults: Mapping[str, JsonObject]
    owned: Owned
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Software:
    """The models and modules of a device, which many devices share."""

    models: Mapping[str, ModelRelease]
    modules: Mapping[str, DesiredModule]
    deployment: DeployedContent
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class SoftwareMaker:
    """Makes the software of the devices of one catalog, for one artifact base URL."""

    catalog: Catalog
    artifacts_url: str
    schemas: Mapping[str, Any]
    checker: SchemaChecker
    _deployments: dict[str, DeployedContent] = field(default_factory=dict)

    def make(
        self,
        overlay: Overlay,
        edge: EdgeKind,
        labels: Mapping[str, str],
        wrong: tuple[Finding, ...],
    ) -> Software:
        """The software of a device; `wrong` is what cannot be deployed at all.

        Of its labels, those that variants of its releases look at.
        """
        models, of_slots = self._models(overlay, labels)
        modules = {
            name: self._module(name, spec, models)
            for name, spec in sorted(overlay.modules.items())
            if spec.get(FROM, name) in self.catalog.modules
        }
        findings = list(_loader_findings(overlay))
        findings += of_slots
        findings += module_findings(modules, self.schemas, self.checker, models)
        for name, module in modules.items():
            findings += health_findings(name, module.spec, module.desired, models)
            at = ("modules", name, "desired")
            listed = owned({"desired": module.desired})
            findings += stamp_findings(
                self.catalog.name, {}, listed, at, uid=self.catalog.uid, device="-" * ID_CHARACTERS
            )
        findings += wrong
        unknown = (overlay.models.keys() | overlay.contexts.keys()) - models.keys()
        findings += context_findings(modules, models, overlay.edge, edge, unknown)
        if edge is EdgeKind.MANAGED and all(finding.warning for finding in wrong):
            deployment = self._deploy(modules, overlay.edge)
        else:
            deployment = _identities({} if edge is EdgeKind.EXTERNAL else modules)
        findings += deployment.findings
        return Software(models, modules, deployment, tuple(findings))

    def _models(
        self, overlay: Overlay, labels: Mapping[str, str]
    ) -> tuple[dict[str, ModelRelease], list[Finding]]:
        """The release or Context of each slot for a device, and what is wrong with slots."""
        models, findings = {}, list(_twice_findings(overlay))
        for slot, wanted in sorted(overlay.models.items()):
            if wanted not in self.catalog.releases:
                continue
            named = self.catalog.releases[wanted]
            chosen = named.spec.chosen(labels)
            if chosen is None:
                findings.append(no_variant_fits(slot, named, labels))
            else:
                models[slot] = chosen
        for slot, wanted in overlay.contexts.items():
            if wanted in self.catalog.contexts and slot not in overlay.models:
                models[slot] = self.catalog.contexts[wanted].spec
        return dict(sorted(models.items())), findings

    def _deploy(self, modules: Mapping[str, DesiredModule], runtime: JsonObject) -> DeployedContent:
        specs = {name: module.spec for name, module in modules.items()}
        key = json.dumps([specs, runtime], sort_keys=True)
        if key not in self._deployments:
            content = edge_content(modules, runtime)
            defaults = edge_defaults(modules, runtime, content)
            findings = tuple(edge_findings(modules, runtime, content, defaults))
            listed = owned(content) | _identities(twins_only(modules)).owned
            self._deployments[key] = DeployedContent(content, defaults, listed, findings)
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
        return DesiredModule(name, rest, desired, health_check(rest, desired))


def _identities(modules: Mapping[str, DesiredModule]) -> DeployedContent:
    """The deployment of a device to which edgeops deploys nothing: only module identities."""
    return DeployedContent({}, {}, owned({"modules": {name: {} for name in modules}}), ())


def _loader_findings(overlay: Overlay) -> list[Finding]:
    if MODEL_LOADER in overlay.modules:
        return []
    return [
        Finding(
            (part, slot),
            f"{part} need the module `{MODEL_LOADER}`, which the device does not have",
            f"add `{MODEL_LOADER}: {{}}` to `modules`",
            absence=True,
        )
        for part, slots in (("models", overlay.models), ("contexts", overlay.contexts))
        for slot in sorted(slots)
    ]


def _twice_findings(overlay: Overlay) -> Iterator[Finding]:
    """Slots that would have to hold both a model and a Context, at both."""
    for slot in sorted(overlay.models.keys() & overlay.contexts.keys()):
        for part, other in (("models", "contexts"), ("contexts", "models")):
            yield Finding(
                (part, slot),
                f"the slot `{slot}` of `{part}` is in `{other}` too, and holds one thing only",
                f"rename one of them, or remove it with `{slot}: null`",
            )


def setter_of(path: Path, models: Mapping[str, ModelRelease]) -> Path:
    """The path in the layers that sets a value.

    What the loader gets in a slot is set by `models.<slot>`, or by `contexts.<slot>`.
    """
    if path[:4] == ("modules", MODEL_LOADER, "desired", "models") and path[4:5]:
        path = ("models", path[4]) if path[4] in models else path
    if path[:1] == ("models",) and len(path) == 2 and path[1] in models:
        is_context = models[path[1]].content is not None
        return ("contexts", path[1]) if is_context else path
    return path
