"""The inputs of the rules that are not deterministic: the time, and new keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

NEVER = "0001-01-01T00:00:00Z"
_EPOCH_OF_TICKS = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of a transaction (`now` is in UTC), and a generator of symmetric keys (base64)."""

    now: datetime
    new_key: Callable[[], str]

    @property
    def timestamp(self) -> str:
        """The time as IoT Hub writes it: `2026-01-02T03:04:05.0000000Z`."""
        return timestamp_of(self.now)

    @property
    def generation(self) -> str:
        """A generation id, which distinguishes an identity from an earlier one of the same name."""
        since = self.now - _EPOCH_OF_TICKS
        return str((since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10)


@lru_cache(maxsize=1)  # everything that a transaction writes has the same time
def timestamp_of(now: datetime) -> str:
    """A time (in UTC) as IoT Hub writes it; those after the year 1000 sort as the times do."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
