"""What a device contributes to the checks across devices, besides its name and parent."""

from __future__ import annotations

import json
from dataclasses import dataclass

from edgeops.fleet.finding import Share
from edgeops.fleet.kinds import Device
from edgeops.fleet.layers import FROM
from edgeops.fleet.model import Named


@dataclass(frozen=True, slots=True)
class Traits:
    """The traits of a device. Of devices with equal ones, any can stand for all.

    `groups` are those that select it, `hubs` those that it belongs to (None: all), `paused` whether
    git pauses it there. `instances` are the modules that its own layer makes instances of Modules,
    `contexts` the values of `contexts` there, as JSON. `shares` are its problems.
    """

    groups: tuple[str, ...]
    hubs: tuple[str, ...] | None
    paused: bool
    instances: tuple[str, ...]
    contexts: str
    shares: tuple[Share, ...] = ()


def traits_of(
    device: Named[Device],
    groups: tuple[str, ...],
    hubs: tuple[str, ...] | None,
    paused: bool,
    shares: tuple[Share, ...],
) -> Traits:
    """The traits of a device; those of its own layer are looked up there."""
    own = device.spec.layer.value
    modules, contexts = own.get("modules", {}), own.get("contexts")
    instances = (name for name, value in modules.items() if value is not None and FROM in value)
    named = json.dumps(list(contexts.values())) if contexts else ""
    return Traits(groups, hubs, paused, tuple(sorted(instances)), named, shares)
