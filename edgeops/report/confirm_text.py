"""What a person is asked before a hub is written, as lines and a question."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edgeops.plan.model import Action, Plan
from edgeops.report.plan_text import summary
from edgeops.report.words import count, wrapped_names

_NAMES = 20


@dataclass(frozen=True, slots=True)
class Question:
    """The lines before a question, and the question; `answer` must be typed, or `""`: y is enough.

    `summary` says in one line what would be written, for those who were not shown the plan.
    """

    text: str
    lines: tuple[str, ...] = ()
    answer: str = ""
    summary: str = ""


def of_plan(plan: Plan) -> Question | None:
    """The question before a plan is written; None for one that writes nothing."""
    if not plan.changes:
        return None
    deleted = _deleted(plan)
    if not deleted:
        text = f"Write these changes to hub {plan.hub}?"
        return Question(text, summary=f"hub {plan.hub}: {summary(plan)}")
    modules = sum(1 for name in deleted if "/" in name)
    devices = len(deleted) - modules
    numbers = ((devices, "device"), (modules, "module"))
    what = " and ".join(count(number, noun) for number, noun in numbers if number)
    return Question(
        f"Type the name of the hub ({plan.hub}) to delete {what}:",
        ("Deleted for good, with keys, twins and waiting messages:", *_names(deleted)),
        plan.hub,
        f"hub {plan.hub}: {summary(plan)}",
    )


def of_forgetting(devices: Collection[str], hub: str) -> Question:
    """The question before devices are let go."""
    which = f"{count(len(devices), 'device')} on hub {hub}"
    text = f"Let go of {which}, so that edgeops does not manage {_them(devices)} any more?"
    return Question(text, tuple(_names(sorted(devices))))


def _them(devices: Collection[str]) -> str:
    return "it" if len(devices) == 1 else "them"


def _deleted(plan: Plan) -> list[str]:
    """The identities that a plan deletes; modules, as `device/module`, of devices that stay."""
    devices = [change.device for change in plan.changes if change.action is Action.DELETE_DEVICE]
    gone = set(devices)
    return sorted(devices) + sorted(
        f"{change.device}/{change.module}"
        for change in plan.changes
        if change.action is Action.DELETE_MODULE and change.device not in gone
    )


def _names(names: list[str]) -> list[str]:
    return wrapped_names(names, "    ", _NAMES)
