"""Puts together what several sources say of one device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from edgeops.adopt.found import FoundDevice
from edgeops.fleet.model import Problem
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject, same

_VALUES = ("edge", "tags", "desired", "authentication", "status")
_TUPLES = ("thumbprints", "parents", "automatic")


def merged(
    devices: Iterable[FoundDevice],
) -> tuple[tuple[FoundDevice, ...], tuple[Problem, ...]]:
    """Each device once, in the order of the sources; and where two of them disagree.

    The first source counts then. Devices without an id stay apart.
    """
    known: dict[str, FoundDevice] = {}
    unnamed: list[FoundDevice] = []
    problems: list[Problem] = []
    for device in devices:
        if device.id is None:
            unnamed.append(device)
        elif device.id in known:
            known[device.id], clashes = _together(known[device.id], device)
            problems += clashes
        else:
            known[device.id] = device
    return (*known.values(), *unnamed), (*problems, *_alike(known))


def _together(first: FoundDevice, other: FoundDevice) -> tuple[FoundDevice, list[Problem]]:
    changes: dict[str, Any] = {}
    disagree: list[str] = []
    for name in _VALUES:
        mine, theirs = getattr(first, name), getattr(other, name)
        if mine is None:
            changes[name] = theirs
        elif theirs is not None and not same(mine, theirs):
            disagree.append(name)
    for name in _TUPLES:
        changes[name] = getattr(first, name) or getattr(other, name)
    for name, word in (("modules", "the module"), ("module_tags", "the tags of the module")):
        both, clashes = _sections(getattr(first, name), getattr(other, name))
        changes[name] = both
        disagree += [f"{word} `{shown(module)}`" for module in clashes]
    problems = []
    if disagree:
        what = ", ".join(disagree)
        message = f"describes the device `{shown(first.id)}` otherwise than {first.place}: {what}"
        problems = [Problem(other.place, "", message, "give one of the two files only")]
    return replace(first, **changes), problems


def _sections(
    first: Mapping[str, JsonObject], other: Mapping[str, JsonObject]
) -> tuple[dict[str, JsonObject], list[str]]:
    """The sections of both; an empty one says no more than that the module exists."""
    both, clashes = dict(first), []
    for name, section in other.items():
        if not both.get(name):
            both[name] = section
        elif section and not same(both[name], section):
            clashes.append(name)
    return both, clashes


def _alike(devices: Mapping[str, FoundDevice]) -> list[Problem]:
    """Devices whose ids differ in case only: a hub has one of them."""
    first: dict[str, FoundDevice] = {}
    problems = []
    for name, device in devices.items():
        other = first.setdefault(name.lower(), device)
        if other is not device:
            message = f"the device `{shown(name)}` differs from `{shown(other.id)}` in case only"
            problems.append(Problem(device.place, "", message, f"the other is in {other.place}"))
    return problems
