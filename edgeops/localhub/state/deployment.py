"""Applying deployment content to one edge device: `applyConfigurationContent`.

Source: "Learn how to deploy modules and establish routes in IoT Edge", Microsoft Learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeops import limits
from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state import errors, twins
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.identities import IOT_EDGE, SYSTEM_MODULES, module_created
from edgeops.localhub.state.json_text import count_values
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.steps import Steps
from edgeops.twin import EDGE_AGENT

_DESIRED = "properties.desired"
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
    listed = _listed_modules(content)
    unlisted = {
        name
        for name, entry in modules.items()
        if listed is not None
        and entry.identity.managed_by == IOT_EDGE
        and name not in (*SYSTEM_MODULES, *listed, *content)
    }
    after = {name: entry for name, entry in modules.items() if name not in unlisted}
    for name in (*(listed or ()), *content):
        if name not in after:
            after[name] = module_created(
                device.identity.device, name, {"managedBy": IOT_EDGE}, moment, after.keys()
            )
            yield
    changes = []
    for name, value in content.items():
        if value:
            desired = _desired(value, after[name].twin.desired.values)
            write = twins.desired_replaced(after[name], desired, moment)
            after[name] = write.entry
            if write.change:
                changes.append(write.change)
            yield
    changed = tuple(entry for name, entry in after.items() if entry is not modules.get(name))
    return DeploymentWrite(changed, tuple(sorted(unlisted)), tuple(changes))


def modules_content(body: Any) -> dict[str, JsonObject]:
    """Check the `modulesContent` of a deployment; gives the values by module and path."""
    content = body.get("modulesContent") if isinstance(body, dict) else None
    if not isinstance(content, dict) or not content:
        raise errors.bad_content("'modulesContent' is missing or empty.")
    for module, value in content.items():
        if not isinstance(value, dict):
            raise errors.bad_content(f"The content of module {module} must be an object.")
        for path, item in value.items():
            if path != _DESIRED and not path.startswith(_DESIRED + "."):
                raise errors.bad_content(f"Module {module} has '{path}': not a desired property.")
            if path == _DESIRED and not isinstance(item, dict):
                raise errors.bad_content(f"'{_DESIRED}' of module {module} must be an object.")
            if path.count(".") - _DESIRED.count(".") > limits.DEPTH + 1:
                raise errors.bad_content(
                    f"Module {module} has a path that is deeper than {limits.DEPTH} levels."
                )
    if count_values(content) > MAX_VALUES:
        raise errors.bad_content(f"'modulesContent' holds more than {MAX_VALUES:,} values.")
    return content


def _listed_modules(content: Mapping[str, JsonObject]) -> tuple[str, ...] | None:
    """The modules that `$edgeAgent` must run; None when the content does not include it."""
    if EDGE_AGENT not in content:
        return None
    modules = content[EDGE_AGENT].get(_DESIRED, {}).get("modules", {})
    if not isinstance(modules, dict):
        raise errors.bad_content("The modules of $edgeAgent must be an object.")
    return tuple(modules)


def _desired(paths: JsonObject, current: JsonObject) -> JsonObject:
    """The desired properties after a deployment; paths below the root change the current ones."""
    desired: JsonObject = paths.get(_DESIRED, current)
    if len(paths) > (_DESIRED in paths):
        desired = _copy(desired)
    for path, value in paths.items():
        if path != _DESIRED:
            _set(desired, path.removeprefix(_DESIRED + ".").split("."), value)
    return desired


def _copy(value: Any) -> Any:
    return {key: _copy(item) for key, item in value.items()} if isinstance(value, dict) else value


def _set(target: JsonObject, keys: list[str], value: Any) -> None:
    *parents, last = keys
    for key in parents:
        child = target.get(key)
        if not isinstance(child, dict):
            child = target[key] = {}
        target = child
    target[last] = value
