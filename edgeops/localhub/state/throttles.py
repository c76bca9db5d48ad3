"""The rates of a real hub: requests above them are first delayed, then refused.

Source: "IoT Hub quotas and throttling", Microsoft Learn: operation throttles, and
traffic shaping. How long a burst and a queue may be is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class OperationKind(StrEnum):
    """The kinds of operations that a hub throttles separately, and that can have faults."""

    REGISTRY = "registry"
    TWIN_READ = "twin-read"
    TWIN_WRITE = "twin-write"
    QUERY = "query"
    JOBS = "jobs"
    CONFIGURATIONS = "configurations"
    METHODS = "methods"
    CONNECT = "connect"
    TELEMETRY = "telemetry"
    SEND = "send"  # cloud-to-device messages
    RECEIVE = "receive"  # cloud-to-device messages by HTTPS; MQTT has no such throttle
    EVENTS = "events"  # of this emulator, and not throttled


SKUS = ("F1", "S1", "S2", "S3")
BURST_SECONDS = 1.0
QUEUE_SECONDS = 10.0

# kind -> S1, S2 and S3: (per second for the hub, per second and unit); the larger applies
_MINUTE = 60
_RATES: Mapping[OperationKind, tuple[tuple[float, float], ...]] = {
    OperationKind.REGISTRY: ((0, 100 / _MINUTE), (0, 100 / _MINUTE), (0, 5000 / _MINUTE)),
    OperationKind.TWIN_READ: ((100, 0), (100, 10), (0, 500)),
    OperationKind.TWIN_WRITE: ((50, 0), (50, 5), (0, 250)),
    OperationKind.QUERY: ((0, 20 / _MINUTE), (0, 20 / _MINUTE), (0, 1000 / _MINUTE)),
    OperationKind.JOBS: ((0, 100 / _MINUTE), (0, 100 / _MINUTE), (0, 5000 / _MINUTE)),
    OperationKind.CONFIGURATIONS: ((0, 20 / _MINUTE),) * 3,
    # 160 KB, 480 KB and 24 MB a second and unit, in meters of 4 KB
    OperationKind.METHODS: ((0, 40), (0, 120), (0, 6144)),
    OperationKind.CONNECT: ((100, 12), (0, 120), (0, 6000)),
    OperationKind.TELEMETRY: ((100, 12), (0, 120), (0, 6000)),
    OperationKind.SEND: ((0, 100 / _MINUTE), (0, 100 / _MINUTE), (0, 5000 / _MINUTE)),
    OperationKind.RECEIVE: ((0, 1000 / _MINUTE), (0, 1000 / _MINUTE), (0, 50_000 / _MINUTE)),
}


def rates(sku: str, units: int) -> dict[OperationKind, float]:
    """Operations per second by their kind, for a SKU (F1 to S3) with so many units."""
    column = max(0, SKUS.index(sku) - 1)  # F1 has the rates of S1
    pairs = {kind: columns[column] for kind, columns in _RATES.items()}
    return {kind: max(whole, unit * units) for kind, (whole, unit) in pairs.items()}


class Throttle:
    """Lets operations of a kind pass at a rate: a burst at once, then delayed, then refused.

    `now` is in seconds of any steady clock.
    """

    def __init__(
        self, rate: float, burst: float = BURST_SECONDS, queue: float = QUEUE_SECONDS
    ) -> None:
        self._interval = 1 / rate
        # at least one operation passes at once, and some wait, however low the rate is
        self._tolerance = max(burst - self._interval, 0.0)
        self._queue = max(queue, 3 * self._interval)
        self._due = 0.0  # when the operations that were let in are through at this rate

    def admit(self, now: float, count: int = 1) -> float | None:
        """The seconds that so many operations must wait; None when they are refused."""
        due = max(self._due, now)
        wait = max(due - self._tolerance - now, 0.0)
        if wait > self._queue:
            return None
        self._due = due + count * self._interval
        return wait
