"""Faults for tests: the next requests of a kind fail in a chosen way."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

_CODES = {
    401: "IotHubUnauthorizedAccess",
    403: "IotHubQuotaExceeded",
    404: "DeviceNotFound",
    412: "PreconditionFailed",
    429: "ThrottlingException",
    500: "ServerError",
    503: "ServiceUnavailable",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a request: it is delayed, then answered with a status or cut off.

    `status` None lets it through after the delay. `drop` closes the connection
    without an answer: before the request is done, or after (`done`), which is
    how an answer gets lost.
    """

    method: str
    path: re.Pattern[str]
    status: int | None = None
    retry_after: str | None = None
    drop: bool = False
    done: bool = False
    delay: float = 0.0

    @property
    def code(self) -> str:
        """Azure's name of the error."""
        return _CODES.get(self.status or 0, "InjectedFault")


@dataclass
class FaultPlan:
    """The faults still to come, and the requests so far; usable from any thread."""

    _waiting: list[Fault] = field(default_factory=list)
    _seen: list[tuple[str, str]] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def answer(
        self,
        method: str,
        path: str,
        status: int,
        *,
        times: int = 1,
        retry_after: str | None = None,
    ) -> None:
        """Answer the next requests whose path the regex finds with a status."""
        self._add(Fault(method, re.compile(path), status, retry_after), times)

    def drop(self, method: str, path: str, *, times: int = 1, done: bool = False) -> None:
        """Cut the connection of the next requests, before or after they were `done`."""
        self._add(Fault(method, re.compile(path), drop=True, done=done), times)

    def delay(self, method: str, path: str, seconds: float, *, times: int = 1) -> None:
        """Answer the next requests late."""
        self._add(Fault(method, re.compile(path), delay=seconds), times)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of a request, used up by it."""
        with self._guard:
            self._seen.append((method, path))
            for index, fault in enumerate(self._waiting):
                if fault.method == method and fault.path.search(path):
                    return self._waiting.pop(index)
        return None

    def count(self, method: str, path: str) -> int:
        """How many requests there were so far whose path the regex finds."""
        with self._guard:
            return sum(seen == method and bool(re.search(path, at)) for seen, at in self._seen)

    def clear(self) -> None:
        """Forget the faults still to come."""
        with self._guard:
            self._waiting.clear()

    def _add(self, fault: Fault, times: int) -> None:
        with self._guard:
            self._waiting.extend([fault] * times)
