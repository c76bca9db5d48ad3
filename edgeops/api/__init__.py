"""What edgeops can do, for programs and notebooks: a `Workspace`, and one function a verb.

`edgeops.api.models`, `releases`, `promotions`, `proposals`, `github`, `hubs`, `devices` and
`new` have the verbs of the command groups; the names here are those of every day.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeops.api.devices import run_devices
    from edgeops.api.fleets import explain, render, validate
    from edgeops.api.hubs import connection_string, events
    from edgeops.api.models import data_quality, evaluate, publish, train
    from edgeops.api.new import init
    from edgeops.api.observer import Observer
    from edgeops.api.plans import Planned, PlanRequest, Synced, plan, sync
    from edgeops.api.promotions import Promotion, promote, promote_next
    from edgeops.api.releases import list_releases, verify
    from edgeops.api.statuses import status, wait_until_converged
    from edgeops.api.workspace import Clock, InvalidFleet, Revision, Workspace

__all__ = [
    "Clock",
    "InvalidFleet",
    "Observer",
    "PlanRequest",
    "Planned",
    "Promotion",
    "Revision",
    "Synced",
    "Workspace",
    "connection_string",
    "data_quality",
    "evaluate",
    "events",
    "explain",
    "init",
    "list_releases",
    "plan",
    "promote",
    "promote_next",
    "publish",
    "render",
    "run_devices",
    "status",
    "sync",
    "train",
    "validate",
    "verify",
    "wait_until_converged",
]

# Imported when they are asked for: an event loop alone takes 50 ms, and `validate` needs none.
_HOMES = {
    "devices": ("run_devices",),
    "fleets": ("explain", "render", "validate"),
    "hubs": ("connection_string", "events"),
    "models": ("data_quality", "evaluate", "publish", "train"),
    "new": ("init",),
    "observer": ("Observer",),
    "plans": ("PlanRequest", "Planned", "Synced", "plan", "sync"),
    "promotions": ("Promotion", "promote", "promote_next"),
    "releases": ("list_releases", "verify"),
    "statuses": ("status", "wait_until_converged"),
    "workspace": ("Clock", "InvalidFleet", "Revision", "Workspace"),
}
_HOME = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
