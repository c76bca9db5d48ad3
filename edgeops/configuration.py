"""Automatic device configurations and IoT Edge deployments of a hub, and the paths that they write.

Source: "Automatic device management" and "Understand IoT Edge automatic deployments", Microsoft
Learn, and `Configuration` of the service REST API, version 2021-04-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str, ...]
Paths = frozenset[Path]  # below the desired properties of a twin; the empty path is all of them

_DESIRED = "properties.desired"


@dataclass(frozen=True, slots=True)
class HubConfiguration:
    """One configuration: the paths that it writes on the twins that it targets.

    `deployment` has the paths of a base or layered deployment by module, `twin` those of a
    configuration of devices or of modules. Of several, the highest `rank` decides about a path.
    """

    id: str
    priority: int = 0
    created: str = ""
    twin: Paths = frozenset()
    deployment: Mapping[str, Paths] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, str, str]:
        """Its priority; among equal ones the last created is higher."""
        return self.priority, self.created, self.id


def configuration_of(value: Mapping[str, Any]) -> HubConfiguration:
    """The configuration in its JSON form (Configuration of the service REST API).

    Raises `KeyError`, `TypeError` or `AttributeError` if the value is not a configuration.
    """
    content = value["content"]
    twin = content.get("deviceContent") or content.get("moduleContent") or {}
    modules = content.get("modulesContent") or {}
    priority = value.get("priority")
    return HubConfiguration(
        id=value["id"],
        priority=priority if isinstance(priority, int) else 0,
        created=value.get("createdTimeUtc") or "",
        twin=_paths(twin),
        deployment={module: _paths(entry or {}) for module, entry in modules.items()},
    )


def _paths(entry: Mapping[str, Any]) -> Paths:
    """The paths in keys such as `properties.desired.chiller.temperature`."""
    return frozenset(
        tuple(key.split(".")[2:])
        for key in entry
        if key == _DESIRED or key.startswith(f"{_DESIRED}.")
    )
