"""The hubs of a fleet, and which devices belong to which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from edgeops.errors import UsageError
from edgeops.fleet.catalog import Catalog
from edgeops.fleet.device import Groups
from edgeops.fleet.kinds import Device
from edgeops.fleet.layers import Layer
from edgeops.fleet.model import LOCAL, ArtifactTarget, HubTarget, Named, StoreKind
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import JsonObject


def hubs_of(device: Named[Device], groups: Groups) -> tuple[str, ...] | None:
    """The hubs that a device belongs to, by its own word, or its highest group's; None: all."""
    said = (device.spec.hubs, *(group.spec.hubs for group in reversed(groups)))
    return next((names for names in said if names is not None), None)


def alike(catalog: Catalog, names: Collection[str]) -> list[frozenset[str]]:
    """These hubs, those together on which every device has the same values."""
    defaults = catalog.fleet.spec.hub_defaults if catalog.fleet else {}
    own = {name for name in names if any(map(_has_values, defaults.get(name, ())))}
    plain = frozenset(names) - own
    return [*([plain] if plain else []), *(frozenset({name}) for name in sorted(own))]


def _has_values(layer: Layer) -> bool:
    return any(layer.value.values())


def on_another_hub(device: str, hubs: Sequence[str]) -> UsageError:
    """The error when somebody asks a hub for a device that git binds to others."""
    return UsageError(f"git binds the device `{device}` to {among(hubs)}", f"add `--hub {hubs[0]}`")


def among(hubs: Sequence[str]) -> str:
    """`the hub eu`, `the hubs eu, us`."""
    return f"the hub{'s' if len(hubs) > 1 else ''} {', '.join(hubs)}"


def hub_targets(catalog: Catalog, local_artifacts_url: str | None) -> dict[str, HubTarget]:
    """The hubs of the Fleet by name, with the local one; empty without a Fleet."""
    if catalog.fleet is None:
        return {}
    local = ArtifactTarget(local_artifacts_url, StoreKind.LOCAL) if local_artifacts_url else None
    hubs = {LOCAL: HubTarget(LOCAL, artifacts=local, create_devices=True)}
    for name, spec in catalog.fleet.spec.hubs.items():
        if name != LOCAL:
            hubs[name] = _azure_hub(name, spec)
    return hubs


def find_hub(hubs: Mapping[str, HubTarget], name: str) -> HubTarget:
    """The hub with this name. Raises `UsageError` when there is none."""
    if name not in hubs:
        hint = did_you_mean(name, hubs) or f"spec.hubs of the Fleet has: {', '.join(sorted(hubs))}"
        raise UsageError(f"the fleet has no hub `{name}`", hint)
    return hubs[name]


def _azure_hub(name: str, spec: JsonObject) -> HubTarget:
    return HubTarget(
        name=name,
        hostname=spec["hostname"],
        sku=spec.get("sku", "S1"),
        units=spec.get("units", 1),
        connection_string_env=spec.get("connectionStringEnv"),
        entra=spec.get("auth") == "entra",
        artifacts=_artifacts(spec["artifacts"]) if "artifacts" in spec else None,
        create_devices=spec.get("createDevices", False),
    )


def _artifacts(spec: JsonObject) -> ArtifactTarget:
    return ArtifactTarget(
        url=spec["url"],
        store=StoreKind(spec["store"]) if "store" in spec else None,
        connection_string_env=spec.get("connectionStringEnv"),
    )
