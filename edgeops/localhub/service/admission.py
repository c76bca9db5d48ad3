"""Which operations a hub lets in at once, later, not at all, or with a fault."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.conditions import COUNTS, Conditions
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
        self.active = conditions != Conditions()
        limits = rates(conditions.sku, conditions.units) if conditions.sku else {}
        self._throttles = {kind: Throttle(rate) for kind, rate in limits.items()}
        self._counts: dict[OperationKind, Counter[str]] = {}

    def document(self) -> JsonObject:
        """The conditions, and how many operations were delayed, refused or had a fault."""
        counts = {kind.value: dict(counter) for kind, counter in sorted(self._counts.items())}
        return self.conditions.document() | {COUNTS: counts}

    def wait(self, kind: OperationKind, count: int = 1) -> float:
        """The seconds that so many operations must wait before they are handled.

        Raises `HubFault` 429.
        """
        throttle = self._throttles.get(kind)
        if throttle is None:
            return self.conditions.latency
        seconds = throttle.admit(self._clock(), count)
        if seconds is None:
            self._count(kind, "refused", count)
            raise errors.throttled(self.conditions.retry_after)
        if seconds:
            self._count(kind, "delayed", count)
        return seconds + self.conditions.latency

    def fault(self, kind: OperationKind) -> Fault | None:
        """The fault that happens to an operation, None for none."""
        for candidate in self.conditions.faults:
            if candidate.operation in (None, kind) and self._chance() < candidate.share:
                self._count(kind, "faults", 1)
                return candidate.fault
        return None

    def _count(self, kind: OperationKind, what: str, count: int) -> None:
        self._counts.setdefault(kind, Counter())[what] += count
