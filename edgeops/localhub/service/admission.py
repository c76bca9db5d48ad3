"""Which operations a hub lets in at once, later, not at all, or with a fault."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from edgeops.localhub.conditions import Conditions
from edgeops.localhub.faults import Fault
from edgeops.localhub.state import errors
from edgeops.localhub.state.throttles import OperationKind, Throttle, rates


class Admission:
    """Applies the conditions of a hub; `clock` is steady, in seconds, `chance` gives 0 to 1."""

    def __init__(
        self,
        conditions: Conditions | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._chance = chance
        self.change(conditions or Conditions())

    def change(self, conditions: Conditions) -> None:
        """Apply other conditions from now on."""
        self.conditions = conditions
        limits = rates(conditions.sku, conditions.units) if conditions.sku else {}
        self._throttles = {kind: Throttle(rate) for kind, rate in limits.items()}

    def wait(self, kind: OperationKind, count: int = 1) -> float:
        """The seconds that so many operations must wait before they are handled.

        Raises `HubFault` 429.
        """
        throttle = self._throttles.get(kind)
        if throttle is None:
            return self.conditions.latency
        seconds = throttle.admit(self._clock(), count)
        if seconds is None:
            raise errors.throttled(self.conditions.retry_after)
        return seconds + self.conditions.latency

    def fault(self, kind: OperationKind) -> Fault | None:
        """The fault that happens to an operation, None for none."""
        for candidate in self.conditions.faults:
            if candidate.operation in (None, kind) and self._chance() < candidate.share:
                return candidate.fault
        return None
