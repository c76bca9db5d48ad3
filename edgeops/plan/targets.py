"""Which devices a plan covers: `--target` and `--changed-since`."""

from __future__ import annotations

from collections.abc import Collection

from edgeops.errors import UsageError
from edgeops.fleet.model import DesiredFleet
from edgeops.fleet.suggest import did_you_mean
from edgeops.plan.model import PlanOptions
from edgeops.stamp import digest


def select(fleet: DesiredFleet, targets: Collection[str]) -> frozenset[str]:
    """The names of the devices that match a target (a device name or `label=value`); all if none.

    Raises `UsageError` for a target that no device matches.
    """
    if not targets:
        return frozenset(fleet.devices)
    return frozenset(name for target in targets for name in _devices_of(fleet, target))


def covered(fleet: DesiredFleet, options: PlanOptions) -> frozenset[str]:
    """The names of the devices in git that a plan with these options covers.

    Raises `UsageError` for a target that no device matches.
    """
    names = select(fleet, options.targets)
    return names if options.only is None else names & options.only


def changed_devices(base: DesiredFleet, fleet: DesiredFleet) -> frozenset[str]:
    """The names of the devices that differ between two revisions, added and removed ones too."""
    before, after = _wanted(base), _wanted(fleet)
    return frozenset(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def _devices_of(fleet: DesiredFleet, target: str) -> list[str]:
    if target in fleet.devices:
        return [target]
    devices = fleet.devices.values()
    label, equals, value = target.partition("=")
    labelled = [device.name for device in devices if equals and device.labels.get(label) == value]
    if labelled:
        return labelled
    labels = {f"{key}={item}" for device in devices for key, item in device.labels.items()}
    hint = did_you_mean(target, labels if equals else fleet.devices)
    raise UsageError(
        f"no device matches the target {target!r}", hint or "use a device name or label=value"
    )


def _wanted(fleet: DesiredFleet) -> dict[str, str]:
    return {
        device.name: digest(
            {
                "identity": [device.edge, device.identity, device.protect],
                "tags": device.tags,
                "desired": device.desired,
                "modules": {name: module.desired for name, module in device.modules.items()},
                "content": dict(device.edge_content),
            }
        )
        for device in fleet.devices.values()
    }
