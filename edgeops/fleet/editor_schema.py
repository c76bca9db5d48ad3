"""One JSON Schema for all manifests of one fleet, in which editors find the fleet's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy

from edgeops.fleet.catalog import Catalog
from edgeops.fleet.model import LOCAL
from edgeops.jsonvalue import JsonObject

_VARIABLE = {"type": "string", "pattern": r"\$\{"}  # its value is known when it is resolved


def editor_schema(schemas: Mapping[str, JsonObject], catalog: Catalog) -> JsonObject:
    """The schemas of the kinds as one, by `kind`, with references limited to existing names.

    A name that is missing is an error in the editor: a module, a release, a hub, a parent. Labels
    are proposed only: a group may wait for devices that come later.
    """
    definitions: JsonObject = {}
    branches = []
    for kind, packaged in schemas.items():
        whole = deepcopy(dict(packaged))
        whole.pop("$schema", None)
        for name, value in whole.pop("$defs", {}).items():
            assert definitions.setdefault(name, value) == value, name  # they are copies
        definitions[f"kind{kind}"] = whole
        chosen = {"required": ["kind"], "properties": {"kind": {"const": kind}}}
        branches.append({"if": chosen, "then": {"$ref": f"#/$defs/kind{kind}"}})
    _name(definitions, catalog)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Manifest of {catalog.name}" if catalog.name else "Manifest",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {"kind": {"enum": [*schemas]}},
        "allOf": branches,
        "$defs": definitions,
    }


def _name(definitions: JsonObject, catalog: Catalog) -> None:
    """Put the names into the definitions."""
    hubs = {LOCAL, *(catalog.fleet.spec.hubs if catalog.fleet else ())}
    definitions["hubNames"]["items"]["enum"] = sorted(hubs)
    _limit(definitions["modelReference"], catalog.releases)
    _limit(definitions["contextName"], catalog.contexts)

    overlay = definitions["moduleOverlay"]
    if catalog.modules:
        overlay["properties"]["from"]["enum"] = sorted(catalog.modules)
    modules = definitions["modules"]
    known = modules["additionalProperties"]
    instance = {"allOf": [{"$ref": "#/$defs/moduleOverlay"}, {"required": ["from"]}]}
    # Instances that one layer makes can be changed by others, without `from`.
    names = sorted({*catalog.modules, *catalog.instances})
    modules["properties"] = dict.fromkeys(names, known)
    modules["additionalProperties"] = {"anyOf": [instance, {"type": "null"}]}

    gateways = [name for name, device in catalog.devices.items() if device.spec.edge]
    parent = definitions["deviceSpec"]["properties"]["parent"]
    if gateways:
        parent["anyOf"][0] = {"enum": sorted(gateways)}

    for part in ("models", "contexts"):
        slots = {slot for layer in catalog.overlays for slot in layer.value.get(part) or ()}
        known = definitions[part]
        known["properties"] = dict.fromkeys(sorted(slots), known["additionalProperties"])
    _propose_labels(definitions, catalog)


def _limit(definition: JsonObject, names: Iterable[str]) -> None:
    """Only these names, or a text with a variable."""
    listed = sorted(names)
    definition["anyOf"] = [{"enum": listed}, _VARIABLE] if listed else [_VARIABLE]


def _propose_labels(definitions: JsonObject, catalog: Catalog) -> None:
    values: dict[str, set[str]] = {}
    for device in catalog.devices.values():
        for key, value in device.spec.labels.items():
            values.setdefault(key, set()).add(value)
    proposed = {
        key: {"anyOf": [{"enum": sorted(of_key)}, {"$ref": "#/$defs/labelValue"}]}
        for key, of_key in sorted(values.items())
    }
    definitions["labels"]["properties"] = proposed
    selector = definitions["kindGroup"]["properties"]["spec"]["properties"]["selector"]
    selector["properties"]["matchLabels"]["properties"] = proposed
    key = definitions["matchExpression"]["properties"]["key"]
    key["anyOf"] = [{"enum": sorted(values)}, {"type": "string"}]
