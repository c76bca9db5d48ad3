"""Who creates the identities of the modules of a device."""

from __future__ import annotations

from edgeops.fleet.model import DesiredDevice
from edgeops.jsonvalue import JsonObject
from edgeops.plan.stamping import MODULES
from edgeops.twin import EDGE_AGENT


def deployed_modules(device: DesiredDevice) -> JsonObject:
    """The modules in the deployment that edgeops writes, by name: it creates their identities."""
    modules: JsonObject = device.edge_content.get(EDGE_AGENT, {}).get(MODULES, {})
    return modules


def modules_of_others(device: DesiredDevice) -> set[str]:
    """The modules whose identities a deployment that edgeops does not write creates."""
    if device.external:
        return {*device.modules}
    if EDGE_AGENT not in device.foreign:
        return set()
    return device.modules.keys() - deployed_modules(device)


def own_modules(device: DesiredDevice) -> set[str]:
    """The modules whose identities edgeops creates one by one."""
    return device.modules.keys() - deployed_modules(device) - modules_of_others(device)
