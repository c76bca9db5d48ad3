"""Whether a device surely agrees with git, without working out a patch.

In most runs most devices do. The values on the hub are compared as in a plan: a stamp is never
trusted instead of them. Values that differ and mean the same are not looked into here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from edgeops import stamp as stamps
from edgeops.fleet.model import DesiredDevice, DesiredFleet
from edgeops.jsonvalue import JsonObject, TheVery, same
from edgeops.plan.device_modules import deployed_modules, own_modules
from edgeops.plan.edge import options_in
from edgeops.plan.identity import identity_patch
from edgeops.plan.ownership import Owner
from edgeops.plan.stamping import MODULES, device_stamp, module_stamp
from edgeops.secret_reference import is_secret
from edgeops.stamp import commit_in
from edgeops.twin import EDGE_AGENT, LiveDevice

_UNITS = ("systemModules", "modules")
_ABSENT = object()  # equal to no value


def agrees(device: DesiredDevice, live: LiveDevice, owner: Owner) -> bool:
    """Whether a device on the hub needs no change, pruning included; False if that is not sure.

    `live` has the modules that `plan_device` needs.
    """
    if device.foreign or live.twin.edge != device.edge or identity_patch(live.twin, device):
        return False
    return (
        _has_modules(device, live)
        and _is_stamped(device, live, owner)
        and _covers(_without_stamp(live.twin.tags), device.tags)
        and _covers(live.twin.desired, device.desired, secrets=True)
        and all(_has_content(live, *content) for content in device.edge_content.items())
        and all(_module_agrees(device, live, name, owner) for name in device.modules)
    )


class Agreed:
    """Devices that surely agree with the git of a fleet: a plan needs no more of them than this.

    `commits` has those of their stamps, by name.
    """

    def __init__(self, fleet: DesiredFleet) -> None:
        self.commits: dict[str, str | None] = {}
        self._devices = fleet.devices
        self._owner = Owner.of(fleet)

    def take(self, name: str, live: LiveDevice) -> bool:
        """Whether a device that was read is one of them.

        Never are those that a plan tells of in any case, or whose plan depends on others: on a
        parent, or on configurations.
        """
        self.commits.pop(name, None)
        device = self._devices.get(name)
        if device is None or device.paused or device.parent or _is_targeted(live):
            return False
        if not agrees(device, live, self._owner):
            return False
        self.commits[name] = commit_in(live.twin.tags)
        return True


def _is_targeted(live: LiveDevice) -> bool:
    """Whether configurations of the hub target a device or a module of it."""
    return any(twin.configurations for twin in (live.twin, *live.modules.values()))


def _has_modules(device: DesiredDevice, live: LiveDevice) -> bool:
    """Whether all modules exist, and no deployment of others targets the device."""
    if not device.edge and not device.modules:
        return True
    agent = live.modules.get(EDGE_AGENT)
    if agent is not None and agent.configurations:
        return False
    return device.modules.keys() | deployed_modules(device).keys() <= live.modules.keys()


def _is_stamped(device: DesiredDevice, live: LiveDevice, owner: Owner) -> bool:
    """Whether the stamp is that of a device in sync, which owns no module that git dropped.

    Its owned paths are then those of git, so that nothing is left to remove.
    """
    old = stamps.decode(live.twin.tags)
    if old is None:
        return False
    own = own_modules(device)
    kept = {path[0] for path in old.owned_in(MODULES)} & own if own else set[str]()
    return stamps.same_content(old, device_stamp(device, owner, kept))


def _without_stamp(tags: JsonObject) -> JsonObject:
    return {key: value for key, value in tags.items() if key != stamps.TAG}


def _module_agrees(device: DesiredDevice, live: LiveDevice, name: str, owner: Owner) -> bool:
    module, twin = device.modules[name], live.modules[name]
    old = stamps.decode(twin.tags)
    if old is None:
        return not module.desired
    return stamps.same_content(old, module_stamp(device.name, module, owner)) and _covers(
        twin.desired, module.desired, secrets=True
    )


def _has_content(live: LiveDevice, system_module: str, want: JsonObject) -> bool:
    """Whether the content of `$edgeAgent` or `$edgeHub` is that of git, and not new."""
    content = live.desired(system_module)
    if not live.desired(EDGE_AGENT).get("systemModules"):
        return False
    return _covers(content, want, secrets=True) and all(
        _has_same_chunks(content[group][name], unit)
        for group in _UNITS
        for name, unit in want.get(group, {}).items()
    )


def _has_same_chunks(live: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
    """Whether a module has no more chunks of create options than git names, if it names any."""
    if "settings" not in want:
        return True
    named = options_in(want["settings"]).keys()
    return not named or options_in(live["settings"]).keys() == named


def _covers(live: JsonObject, want: JsonObject, *, secrets: bool = False) -> bool:
    """Whether a live section has every value that git names.

    Of `secrets` only the versions are compared, which the stamp has.
    """
    return _text(live) == _text_of_shared(TheVery(want)) or _has_each(live, want, secrets=secrets)


def _has_each(live: JsonObject, want: JsonObject, *, secrets: bool) -> bool:
    for key, value in want.items():
        current = live.get(key, _ABSENT)
        if type(value) is not dict:
            if not same(current, value):
                return False
        elif type(current) is dict:
            if not _has_each(current, value, secrets=secrets):
                return False
        elif not (secrets and type(current) is str and is_secret(value)):
            return False
    return True


def _text(section: JsonObject) -> bytes | None:
    """The section as JSON with sorted keys, which tells `1` and `true` apart; None if it has none.

    To compare texts takes a fifth of the time.
    """
    try:
        return orjson.dumps(section, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # half of a character, or a number of more than 64 bits
        return None


@lru_cache(256)  # as similar devices share a few
def _text_of_shared(section: TheVery) -> bytes:
    return _text(section.value) or b""
