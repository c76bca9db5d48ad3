"""What git names and a configuration of the hub writes too: left to the configuration.

IoT Hub writes the paths of a configuration again whenever they differ, so that two writers of one
path would never agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from edgeops.configuration import HubConfiguration, Path, Paths
from edgeops.fleet.ignore import outside
from edgeops.fleet.model import DesiredDevice, DesiredFleet
from edgeops.jsonvalue import JsonObject
from edgeops.plan.model import Overlap, Refusal
from edgeops.secret_reference import values_in
from edgeops.twin import EDGE_AGENT, LiveDevice

_DEVICE = ""  # the key of the twin of the device itself; the others are names of modules


@dataclass(frozen=True, slots=True)
class _Write:
    """A path that a configuration writes in a twin."""

    path: Path
    by: HubConfiguration


def without_overlaps(
    fleet: DesiredFleet,
    live: Mapping[str, LiveDevice],
    configurations: Mapping[str, HubConfiguration],
) -> tuple[DesiredFleet, tuple[Refusal, ...]]:
    """The fleet without what configurations write on the live devices, and what these are.

    `configurations` are those of the hub by id.
    """
    devices, refusals = dict(fleet.devices), list[Refusal]()
    for name, device in fleet.devices.items():
        ids = _targeting(live[name]) & configurations.keys() if name in live else frozenset()
        if ids:
            writes = _writes(live[name], configurations)
            trimmed, overlaps = _without(device, writes)
            devices[name] = replace(trimmed, configurations=ids)
            refusals += (_refusal(name, overlap) for overlap in overlaps)
    return replace(fleet, devices=devices), tuple(refusals)


def _targeting(live: LiveDevice) -> frozenset[str]:
    twins = (live.twin, *live.modules.values())
    return frozenset(id_ for twin in twins for id_ in twin.configurations)


def _writes(
    live: LiveDevice, configurations: Mapping[str, HubConfiguration]
) -> dict[str, list[_Write]]:
    """What the configurations that target a device and its modules write, by twin."""
    writes: dict[str, list[_Write]] = {}
    for name, twin in ((_DEVICE, live.twin), *live.modules.items()):
        for id_ in twin.configurations:
            if configuration := configurations.get(id_):
                by_twin = configuration.deployment if name == EDGE_AGENT else {}
                for written, paths in (by_twin or {name: configuration.twin}).items():
                    writes.setdefault(written, []).extend(
                        _Write(path, configuration) for path in paths
                    )
    return writes


def _without(
    device: DesiredDevice, writes: Mapping[str, list[_Write]]
) -> tuple[DesiredDevice, list[Overlap]]:
    overlaps: list[Overlap] = []

    def left(twin: str, section: str, content: JsonObject) -> JsonObject:
        of_twin = writes.get(twin, ())
        if of_twin:
            overlaps.extend(_overlaps(section, content, of_twin))
            content = outside(content, {write.path for write in of_twin})
        return content

    desired = left(_DEVICE, "desired", device.desired)
    content: dict[str, JsonObject] = {}
    defaults: dict[str, JsonObject] = {}
    for name, named in device.edge_content.items():
        paths = {write.path for write in writes.get(name, ())}
        rest = left(name, name, named)
        if () not in paths:  # otherwise a base deployment writes it all, and no default is needed
            content[name] = rest
            defaults[name] = outside(device.edge_defaults.get(name, {}), paths)
    modules = {
        name: replace(module, desired=left(name, f"{name}/desired", module.desired))
        for name, module in device.modules.items()
    }
    foreign = {name: frozenset(write.path for write in each) for name, each in writes.items()}
    changed = replace(
        device,
        desired=desired,
        edge_content=content,
        edge_defaults=defaults,
        modules=modules,
        foreign=foreign,
    )
    return changed, overlaps


def _overlaps(section: str, content: JsonObject, writes: Iterable[_Write]) -> Iterator[Overlap]:
    """Each path that both write: the shorter one of what git names and what is written."""
    named = [path for path, _ in values_in(content)]
    told: set[Path] = set()
    for write in sorted(writes, key=lambda write: (write.by.rank, write.path), reverse=True):
        both = {min(path, write.path, key=len) for path in named if overlap(path, write.path)}
        for path in sorted(both):
            if not any(path[: len(other)] == other for other in told):
                told.add(path)
                yield Overlap("/".join((section, *path)), write.by.id, write.by.priority)


def overlap(path: Path, other: Path) -> bool:
    """Whether a write of one path changes the value at the other."""
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]


def _refusal(device: str, overlap: Overlap) -> Refusal:
    return Refusal(
        device,
        f"{overlap.path} is written by the configuration {overlap.configuration}"
        f" (priority {overlap.priority})",
        "the rest of the device is synced; take the path out of git, or exclude the device from the"
        " target condition of the configuration",
        overlap,
        partly=True,
    )


def not_foreign(owned: frozenset[Path], paths: Paths | None) -> frozenset[Path]:
    """The owned paths that no configuration writes."""
    if not paths:
        return owned
    return frozenset(path for path in owned if not any(overlap(path, other) for other in paths))
