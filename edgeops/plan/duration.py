"""How long a plan takes at the rates of its hub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from edgeops.fleet.model import DesiredDevice, HubTarget
from edgeops.limits import Operation, rate
from edgeops.plan.model import Action, Change

_TWIN_WRITES = {Action.PATCH_DEVICE, Action.PATCH_MODULE, Action.STAMP_DEVICE}


def expected_seconds(
    hub: HubTarget, devices: Iterable[DesiredDevice], changes: Iterable[Change]
) -> float | None:
    """The seconds to read these devices and write these changes; None on the local hub.

    Reading comes first; the kinds of writes go on side by side, each at its own rate.
    """
    if hub.local:
        return None
    reads = sum(1 + len(device.modules) + (2 if device.edge else 0) for device in devices)
    writes = Counter(
        Operation.TWIN_WRITE if change.action in _TWIN_WRITES else Operation.REGISTRY
        for change in changes
    )
    reading = reads / rate(Operation.TWIN_READ, hub.sku, hub.units)
    writing = (count / rate(kind, hub.sku, hub.units) for kind, count in writes.items())
    return reading + max(writing, default=0.0)
