"""Which devices a plan covers: `--target` and `--changed-since`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from edgeops.errors import UsageError
from edgeops.fleet.hubs import on_another_hub
from edgeops.fleet.model import DesiredFleet
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import TheVery
from edgeops.plan.model import PlanOptions
from edgeops.stamp import digest

Labels = Mapping[str, Mapping[str, str]]  # of devices, by name


def matches(device: str, labels: Mapping[str, str], targets: Collection[str]) -> bool:
    """Whether a device matches a target (a device name or `label=value`); any does if none."""
    if not targets or device in targets:
        return True
    return any(f"{label}={value}" in targets for label, value in labels.items())


def covered(fleet: DesiredFleet, options: PlanOptions) -> frozenset[str]:
    """The names of the devices in git that a plan with these options covers."""
    devices = fleet.devices
    names = devices.keys() if options.only is None else devices.keys() & options.only
    if not options.targets:
        return frozenset(names)
    return frozenset(name for name in names if matches(name, devices[name].labels, options.targets))


def check_targets(fleet: DesiredFleet, targets: Collection[str], gone: Labels) -> None:
    """Raise `UsageError` for a target that no device matches.

    `gone` are the devices that git no longer has on this hub, and those of their labels that are
    known.
    """
    if not targets:
        return
    known = {**{device.name: device.labels for device in fleet.devices.values()}, **gone}
    labels = {f"{label}={value}" for each in known.values() for label, value in each.items()}
    for target in targets:
        if target in known or target in labels:
            continue
        if target in fleet.elsewhere:
            raise on_another_hub(target, fleet.elsewhere[target])
        hint = did_you_mean(target, labels if "=" in target else known)
        raise UsageError(
            f"no device matches the target {target!r}", hint or "use a device name or label=value"
        )


def changed_devices(
    base: DesiredFleet, fleet: DesiredFleet, among: Collection[str] | None = None
) -> frozenset[str]:
    """The names of the devices that differ between two revisions, added and removed ones too.

    `among` are those that may differ, if that is known: only they are looked at.
    """
    names = base.devices.keys() | fleet.devices.keys() if among is None else among
    return frozenset(name for name in names if _wanted(base, name) != _wanted(fleet, name))


def _wanted(fleet: DesiredFleet, name: str) -> tuple[object, ...] | None:
    """All that is wanted of a device, sections as their digests; None if the fleet lacks it."""
    device = fleet.devices.get(name)
    if device is None:
        return None
    sections = {"tags": device.tags, "desired": device.desired, **device.edge_content}
    sections |= {f"modules/{name}": module.desired for name, module in device.modules.items()}
    return (
        *(device.edge, device.identity, device.protect),
        *(device.paused, sorted(device.ignore)),
        {name: _digest_of_shared(TheVery(value)) for name, value in sections.items()},
    )


@lru_cache(256)  # as similar devices share a few
def _digest_of_shared(section: TheVery) -> str:
    return digest(section.value)
