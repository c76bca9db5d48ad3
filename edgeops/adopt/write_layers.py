"""Writes deployments that target devices by their tags, as Groups."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgeops.adopt.documents import Documents, ordered, overlay, some
from edgeops.adopt.found import FoundLayer
from edgeops.adopt.names import Names, slug
from edgeops.adopt.spec import Described
from edgeops.adopt.tree import difference
from edgeops.adopt.write import WantedFleet, module_without_defaults
from edgeops.fleet.layers import FROM
from edgeops.fleet.variables import references
from edgeops.jsonvalue import JsonObject

_EQUALS = re.compile(
    r"\s*tags\.([A-Za-z0-9_.-]+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\")\s*\Z", re.IGNORECASE
)


def write_layers(
    layers: Sequence[tuple[FoundLayer, Described]], wanted: WantedFleet
) -> dict[str, str]:
    """The text of each file, by its path in the repository."""
    documents = Documents(wanted.schemas, wanted.known.files)
    modules: dict[str, JsonObject] = {}
    for _, described in layers:
        for name, spec in described.modules.items():
            if spec.get("image"):
                modules.setdefault(name, spec)
    taken = Names(wanted.known.of("Module"))
    owns = {name: taken.new(name, "module") for name in sorted(modules)}
    for name, own in owns.items():
        spec = ordered(module_without_defaults(modules[name]))
        documents.add(f"modules/{own}.yaml", "Module", {"name": own}, spec)
    if wanted.fleet is not None:
        used = references([{**d.settings, "modules": dict(d.modules)} for _, d in layers])
        variables = {k: v for k, v in wanted.variables.items() if k in used}
        fleet = {**some(uid=wanted.uid), "hubs": wanted.hubs, **some(variables=variables)}
        documents.add("fleet.yaml", "Fleet", {"name": wanted.fleet}, fleet)
    names = Names(wanted.known.of("Group"))
    for layer, described in layers:
        overlays = {
            name: {
                **({FROM: owns[name]} if owns[name] != name else {}),
                **difference(modules[name], spec),
            }
            for name, spec in described.modules.items()
            if name in modules
        }
        name = names.new(layer.id or described.name, "imported")
        group = {"selector": {"matchLabels": _selector(layer, name)}}
        group |= overlay({**described.settings, "modules": overlays}, {})
        metadata = {"name": name, "priority": layer.priority}
        documents.add(f"groups/{name}.yaml", "Group", metadata, group)
    return documents.texts()


def _selector(layer: FoundLayer, name: str) -> dict[str, str]:
    """The labels that stand for a target condition; a label of its own if it is not that simple."""
    labels = {}
    for part in re.split(r"\s+and\s+", layer.target_condition, flags=re.IGNORECASE):
        found = _EQUALS.match(part)
        value = (found[2] or found[3] or "") if found else ""
        if not found or slug(value) != value or not value:
            return {"deployment": name[:63]}
        labels[found[1].replace(".", "-")] = value
    return labels
