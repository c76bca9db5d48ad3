"""What edgeops can do, for programs and notebooks: a `Workspace`, and one function a verb."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeops.api.observer import Observer
    from edgeops.api.plans import Planned, PlanRequest, Synced, plan, sync
    from edgeops.api.statuses import status, wait_until_converged
    from edgeops.api.workspace import Clock, InvalidFleet, Revision, Workspace

__all__ = [
    "Clock",
    "InvalidFleet",
    "Observer",
    "PlanRequest",
    "Planned",
    "Revision",
    "Synced",
    "Workspace",
    "plan",
    "status",
    "sync",
    "wait_until_converged",
]

# Imported when they are asked for: an event loop alone takes 50 ms, and `validate` needs none.
_HOMES = {
    "observer": ("Observer",),
    "plans": ("PlanRequest", "Planned", "Synced", "plan", "sync"),
    "statuses": ("status", "wait_until_converged"),
    "workspace": ("Clock", "InvalidFleet", "Revision", "Workspace"),
}
_HOME = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
