"""Which devices a plan covers: `--target` and `--changed-since`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from edgeops.errors import UsageError
from edgeops.fleet.hubs import on_another_hub
from edgeops.fleet.model import DesiredFleet
from edgeops.fleet.suggest import did_you_mean
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
    names = frozenset(
        device.name
        for device in fleet.devices.values()
        if matches(device.name, device.labels, options.targets)
    )
    return names if options.only is None else names & options.only


def check_targets(fleet: DesiredFleet, targets: Collection[str], gone: Labels) -> None:
    """Raise `UsageError` for a target that no device matches.

    `gone` are the devices that git no longer has on this hub, and those of their labels that are
    known.
    """
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


def changed_devices(base: DesiredFleet, fleet: DesiredFleet) -> frozenset[str]:
    """The names of the devices that differ between two revisions, added and removed ones too."""
    before, after = _wanted(base), _wanted(fleet)
    return frozenset(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def _wanted(fleet: DesiredFleet) -> dict[str, str]:
    return {
        device.name: digest(
            {
                "identity": [device.edge, device.identity, device.protect],
                "left": [device.paused, sorted(device.ignore)],
                "tags": device.tags,
                "desired": device.desired,
                "modules": {name: module.desired for name, module in device.modules.items()},
                "content": dict(device.edge_content),
            }
        )
        for device in fleet.devices.values()
    }
