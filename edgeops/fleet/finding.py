"""Turns findings about resolved devices into problems of files.

Thousands of devices may share a line of a group; its problem is reported once, with their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from edgeops.fleet.layers import Layer, Path, origin
from edgeops.fleet.model import Problem

_NAMED_DEVICES = 3


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A fault of a resolved device: the path in its document, and a message.

    `absence` is set if a value is missing that any layer could set; `warning` is as in `Problem`.
    """

    path: Path
    message: str
    hint: str = ""
    absence: bool = False
    warning: bool = False


@dataclass(slots=True)
class Ledger:
    """Problems, each with the devices that have it."""

    _devices: dict[Problem, set[str]] = field(default_factory=dict)

    def add(self, problem: Problem, device: str) -> None:
        """Record a problem of a device that other devices may share."""
        self._devices.setdefault(problem, set()).add(device)

    def blame(self, finding: Finding, stack: Sequence[Layer], device: str) -> None:
        """Record a finding as a problem of the line that set the value at its path."""
        setting = origin(stack, finding.path)
        problem = Problem(
            setting.place, setting.pointer, finding.message, finding.hint, finding.warning
        )
        if setting.layer.name == f"Device {device}":
            self._devices[problem] = set()
        else:
            self.add(problem, device)

    def problems(self) -> list[Problem]:
        """The problems; the message of a shared one lists the devices that have it."""
        return [
            replace(problem, message=problem.message + _names(devices))
            for problem, devices in self._devices.items()
        ]


def _names(devices: set[str]) -> str:
    if not devices:
        return ""
    shown = sorted(devices)[:_NAMED_DEVICES]
    rest = len(devices) - len(shown)
    more = f" and {rest:,} more" if rest else ""
    return f" (device{'s' if len(devices) > 1 else ''} {', '.join(shown)}{more})"
