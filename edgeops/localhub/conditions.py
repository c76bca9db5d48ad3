"""The conditions that a hub works under: throttles, delays and faults, none by default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.errors import UsageError
from edgeops.jsonvalue import JsonObject
from edgeops.localhub.faults import Fault
from edgeops.localhub.state.throttles import SKUS, OperationKind

ANY = "*"
# A request with this header is one of the test itself, not of what it tests: no condition holds.
OUTSIDE = "edgeops-outside-conditions"
COUNTS = "counts"  # of what happened under them, which comes with the conditions
MAX_UNITS = 200
MAX_SECONDS = 3600.0
_MAX_FAULTS = 100
_DEFAULT_DELAY = 5.0
_FAULT = re.compile(
    r"(?P<operation>[a-z-]+|\*)="
    r"(?:(?P<kind>drop|cut|slow)(?::(?P<seconds>\d{1,4}(?:\.\d{1,3})?))?|(?P<status>[45]\d\d))"
    r"(?:@(?P<percent>\d{1,3}(?:\.\d{1,6})?)%)?\Z"
)


@dataclass(frozen=True, slots=True)
class OperationFault:
    """A fault of a share of the requests (0 to 1) of an operation; `text` is how it was written."""

    text: str
    operation: OperationKind | None
    fault: Fault
    share: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """What makes a hub slow or unreliable.

    `sku` and `units` set the throttles, None for none; `retry_after` (seconds) is
    a header of all answers 429. `latency` delays every answer, `query_delay` how
    soon queries see a write, both in seconds.
    """

    sku: str | None = None
    units: int = 1
    retry_after: float | None = None
    query_delay: float = 0.0
    latency: float = 0.0
    faults: tuple[OperationFault, ...] = ()

    def document(self) -> JsonObject:
        """The conditions as JSON."""
        return {
            "sku": self.sku,
            "units": self.units,
            "retryAfter": self.retry_after,
            "queryDelay": self.query_delay,
            "latency": self.latency,
            "faults": [fault.text for fault in self.faults],
        }


def parse_conditions(document: Mapping[str, Any]) -> Conditions:
    """The conditions in a document such as `Conditions.document` gives. Raises `UsageError`."""
    unknown = sorted(document.keys() - {*Conditions().document(), COUNTS})
    if unknown:
        raise UsageError(f"there is no condition {unknown[0]!r}")
    sku, units, faults = document.get("sku"), document.get("units", 1), document.get("faults", [])
    if sku is not None and sku not in SKUS:
        raise UsageError(f"there is no SKU {sku!r}", f"use one of {', '.join(SKUS)}")
    if not isinstance(units, int) or isinstance(units, bool) or not 1 <= units <= MAX_UNITS:
        raise UsageError(f"the units must be a whole number from 1 to {MAX_UNITS}")
    if sku is None and units != 1:
        raise UsageError("units need a SKU, whose throttles they multiply", "name one, such as S1")
    if not isinstance(faults, list | tuple) or len(faults) > _MAX_FAULTS:
        raise UsageError(f"the faults must be a list of at most {_MAX_FAULTS}")
    return Conditions(
        sku,
        units,
        _seconds(document, "retryAfter"),
        _seconds(document, "queryDelay") or 0.0,
        _seconds(document, "latency") or 0.0,
        tuple(map(parse_fault, faults)),
    )


def parse_fault(text: Any) -> OperationFault:
    """The fault in a text such as `twin-write=500@10%` or `query=slow:2`.

    First the operation (`*` for any), then drop, cut, slow with its seconds, or an
    HTTP status from 400; then the share of requests, all without one. Raises
    `UsageError`.
    """
    match = _FAULT.match(text) if isinstance(text, str) else None
    names = [*(kind.value for kind in OperationKind), ANY]
    if match is None or match["operation"] not in names or float(match["percent"] or 0) > 100:
        raise UsageError(
            f"{str(text)[:80]!r} is not a fault",
            "write OPERATION=FAULT@PERCENT%, such as twin-write=500@10% or query=slow:2;"
            f" operations are {', '.join(names)}; faults are drop, cut, slow and HTTP statuses",
        )
    operation = None if match["operation"] == ANY else OperationKind(match["operation"])
    if match["status"]:
        fault = Fault(status=int(match["status"]))
    elif match["kind"] == "slow":
        fault = Fault(delay=float(match["seconds"] or _DEFAULT_DELAY))
    else:
        fault = Fault(drop=True, done=match["kind"] == "cut")
    return OperationFault(match[0], operation, fault, float(match["percent"] or 100) / 100)


def _seconds(document: Mapping[str, Any], name: str) -> float | None:
    value = document.get(name)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= MAX_SECONDS:
        raise UsageError(f"{name} must be from 0 to {MAX_SECONDS:.0f} seconds")
    return float(value)
