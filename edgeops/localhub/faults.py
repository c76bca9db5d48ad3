"""Faults: what happens to a request instead of an answer; and a plan of them for tests."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

_CODES = {
    400: "ArgumentInvalid",
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
    """What happens to a request: it is delayed, then answered with a status or dropped.

    With `status` None it is handled after the delay. `drop` closes the connection
    without a response: before the request is handled, or after (`done`), so that
    only the response is lost.
    """

    status: int | None = None
    retry_after: str | None = None
    drop: bool = False
    done: bool = False
    delay: float = 0.0

    @property
    def code(self) -> str:
        """Azure's name for the error."""
        return _CODES.get(self.status or 0, "InjectedFault")


NO_FAULT = Fault()


@dataclass
class FaultPlan:
    """Faults of the next requests, and the requests received; usable from any thread."""

    _pending: list[tuple[str, re.Pattern[str], Fault]] = field(default_factory=list)
    _requests: list[tuple[str, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(
        self,
        method: str,
        path: str,
        status: int,
        *,
        times: int = 1,
        retry_after: str | None = None,
    ) -> None:
        """Answer the next requests with a status; `path` is a regex to search for."""
        self._add(method, path, Fault(status, retry_after), times)

    def drop(self, method: str, path: str, *, times: int = 1, done: bool = False) -> None:
        """Close the connection of the next requests, before or after they were `done`."""
        self._add(method, path, Fault(drop=True, done=done), times)

    def delay(self, method: str, path: str, seconds: float, *, times: int = 1) -> None:
        """Delay the next requests."""
        self._add(method, path, Fault(delay=seconds), times)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault to inject into a request, which uses it up; None for no fault."""
        with self._lock:
            self._requests.append((method, path))
            for index, (of_method, of_path, fault) in enumerate(self._pending):
                if of_method == method and of_path.search(path):
                    del self._pending[index]
                    return fault
        return None

    def count(self, method: str, path: str) -> int:
        """How many requests of this method were received whose path matches the regex."""
        pattern = re.compile(path)
        with self._lock:
            return sum(
                verb == method and pattern.search(requested) is not None
                for verb, requested in self._requests
            )

    def clear(self) -> None:
        """Drop the faults still to be injected."""
        with self._lock:
            self._pending.clear()

    def _add(self, method: str, path: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._pending.extend([(method, re.compile(path), fault)] * times)
