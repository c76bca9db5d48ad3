"""Applying deployment content to one edge device: `applyConfigurationContent`.

Source: "Learn how to deploy modules and establish routes in IoT Edge", Microsoft Learn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state import errors, twins
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.identities import IOT_EDGE, SYSTEM_MODULES, module_created
from edgeops.localhub.state.json_text import count_values
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.settings import DESIRED, settings_of, with_settings
from edgeops.localhub.steps import Steps
from edgeops.twin import EDGE_AGENT

# A limit of the local hub only: 50 modules of ordinary size have a tenth of it.
MAX_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class DeploymentWrite:
    """The result of a deployment: entries to save, modules to delete, changes to send."""

    save: tuple[RegistryEntry, ...]
    delete: tuple[str, ...]
    changes: tuple[twins.DesiredChange, ...]


def content_applied(
    device: RegistryEntry, modules: Mapping[str, RegistryEntry], body: Any, moment: Moment
) -> Steps[DeploymentWrite]:
    """Apply deployment content to the modules of an edge device.

    It replaces the desired properties of each module that the content names,
    creates missing identities, and deletes edge-managed modules that `$edgeAgent`
    no longer lists. Raises `HubFault` 400 and 403.
    """
    content = modules_content(body)
    if not device.identity.edge:
        raise errors.invalid(f"Device {device.identity.device} is not an IoT Edge device.")
    modules_of_agent = content.get(EDGE_AGENT, {}).get(DESIRED, {}).get("modules", {})
    listed = None if EDGE_AGENT not in content else listed_modules(modules_of_agent)
    after, unlisted = yield from with_identities(device, modules, listed, content, moment)
    changes = []
    for name, value in content.items():
        if value:
            settings = settings_of(value, f"Module {name}")
            desired = with_settings(after[name].twin.desired.values, settings)
            write = twins.desired_replaced(after[name], desired, moment)
            after[name] = write.entry
            if write.change:
                changes.append(write.change)
            yield
    changed = tuple(entry for name, entry in after.items() if entry is not modules.get(name))
    return DeploymentWrite(changed, unlisted, tuple(changes))


def modules_content(body: Any) -> dict[str, JsonObject]:
    """Check the `modulesContent` of a deployment; gives the values by module and path."""
    content = body.get("modulesContent") if isinstance(body, dict) else None
    if not isinstance(content, dict) or not content:
        raise errors.bad_content("'modulesContent' is missing or empty.")
    for module, value in content.items():
        settings_of(value, f"Module {module}")
    if count_values(content) > MAX_VALUES:
        raise errors.bad_content(f"'modulesContent' holds more than {MAX_VALUES:,} values.")
    return content


def listed_modules(modules: Any) -> tuple[str, ...]:
    """The names in the `modules` of `$edgeAgent`: those that it must run. Raises `HubFault` 400."""
    if not isinstance(modules, dict):
        raise errors.bad_content("The modules of $edgeAgent must be an object.")
    return tuple(modules)


def with_identities(
    device: RegistryEntry,
    modules: Mapping[str, RegistryEntry],
    listed: tuple[str, ...] | None,
    configured: Collection[str],
    moment: Moment,
) -> Steps[tuple[dict[str, RegistryEntry], tuple[str, ...]]]:
    """The modules that a deployment leaves, and the names of those that it deletes.

    It creates those that are listed or configured, and deletes edge-managed ones
    that are neither; `listed` is None when it does not say what runs. Raises
    `HubFault` 401, 413.
    """
    unlisted = {
        name
        for name, entry in modules.items()
        if listed is not None
        and entry.identity.managed_by == IOT_EDGE
        and name not in (*SYSTEM_MODULES, *listed, *configured)
    }
    after = {name: entry for name, entry in modules.items() if name not in unlisted}
    for name in (*(listed or ()), *configured):
        if name not in after:
            after[name] = module_created(
                device.identity.device, name, {"managedBy": IOT_EDGE}, moment, after.keys()
            )
            yield
    return after, tuple(sorted(unlisted))
