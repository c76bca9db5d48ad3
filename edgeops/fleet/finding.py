"""Turns findings about resolved devices into problems of files.

Thousands of devices may share a line of a group; its problem is reported once, with their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from edgeops.fleet.layers import Layer, Path, origin
from edgeops.fleet.model import Problem

_NAMED = 3  # devices, and hubs


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


@dataclass(frozen=True, slots=True)
class DeviceOnHubs:
    """A device that has a problem: the hubs on which it has it, and all that were checked."""

    device: str
    on: frozenset[str]
    hubs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Share:
    """A problem that a device has: the hubs on which it has it, and all that were checked.

    The device is `named` in its message unless the problem is in its own manifest.
    """

    problem: Problem
    on: frozenset[str]
    hubs: frozenset[str]
    named: bool = True


@dataclass(slots=True)
class _Owners:
    """The devices that share a problem; none is named if the problem is in their manifest."""

    named: set[str] = field(default_factory=set)
    on: set[str] = field(default_factory=set)
    hubs: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Ledger:
    """Problems, each with the devices that have it; `shares` has those of each device."""

    shares: dict[str, list[Share]] = field(default_factory=dict)
    _owners: dict[Problem, _Owners] = field(default_factory=dict)

    def add(self, device: str, share: Share) -> None:
        """Record a problem of a device that other devices may share."""
        self.shares.setdefault(device, []).append(share)
        owners = self._owners.setdefault(share.problem, _Owners())
        owners.on |= share.on
        owners.hubs |= share.hubs
        if share.named:
            owners.named.add(device)

    def blame(self, finding: Finding, stack: Sequence[Layer], owner: DeviceOnHubs) -> None:
        """Record a finding as a problem of the line that set the value at its path."""
        setting = origin(stack, finding.path)
        problem = Problem(
            setting.place, setting.pointer, finding.message, finding.hint, finding.warning
        )
        named = setting.layer.name != f"Device {owner.device}"
        self.add(owner.device, Share(problem, owner.on, owner.hubs, named))

    def problems(self) -> list[Problem]:
        """The problems; the message of a shared one lists the devices that have it.

        It names the hubs if the same devices are without the problem on others.
        """
        return [
            replace(problem, message=problem.message + _names(owners))
            for problem, owners in self._owners.items()
        ]


def _names(owners: _Owners) -> str:
    parts = [_listed("device", owners.named)] if owners.named else []
    if owners.on != owners.hubs:
        parts.append(f"on {_listed('hub', owners.on)}")
    return f" ({' '.join(parts)})" if parts else ""


def _listed(noun: str, names: set[str]) -> str:
    shown = sorted(names)[:_NAMED]
    rest = len(names) - len(shown)
    more = f" and {rest:,} more" if rest else ""
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(shown)}{more}"
