"""From what is wrong with resolved devices to what is wrong with files.

Thousands of devices share a line of a group; it is one problem, which names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgeops.fleet.layers import Layer, Path, origin
from edgeops.fleet.model import Problem

_NAMED_DEVICES = 3


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing wrong with a resolved device: the path in its document, and what."""

    path: Path
    message: str
    hint: str = ""


@dataclass(slots=True)
class Ledger:
    """Problems, each with the devices that have it."""

    _devices: dict[Problem, list[str]] = field(default_factory=dict)

    def add(self, problem: Problem, device: str) -> None:
        """Note that a device has a problem."""
        self._devices.setdefault(problem, []).append(device)

    def blame(self, finding: Finding, stack: Sequence[Layer], device: str) -> None:
        """Note a finding as a problem of the line that made the path what it is."""
        setting = origin(stack, finding.path)
        self.add(Problem(setting.place, setting.pointer, finding.message, finding.hint), device)

    def problems(self) -> list[Problem]:
        """The problems; the message says which devices are concerned."""
        return [
            Problem(one.place, one.pointer, f"{one.message} ({_names(devices)})", one.hint)
            for one, devices in self._devices.items()
        ]


def _names(devices: list[str]) -> str:
    shown = sorted(devices)[:_NAMED_DEVICES]
    rest = len(devices) - len(shown)
    more = f" and {rest:,} more" if rest else ""
    return f"device{'s' if len(devices) > 1 else ''} {', '.join(shown)}{more}"
