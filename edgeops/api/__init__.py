"""The Python API, for programs and notebooks: a `Workspace`, and a function per command.

The most used functions are here; `edgeops.api.models`, `releases`, `promotions`, `proposals`,
`github`, `hubs`, `devices` and `new` have all of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeops.api import (
        devices,
        github,
        hub_devices,
        hub_page,
        hub_seeds,
        hubs,
        plans,
        proposals,
    )
    from edgeops.api.cloning import Cloned, clone_hub
    from edgeops.api.devices import run_devices
    from edgeops.api.editors import EditorFiles, write_editor_files
    from edgeops.api.fleets import explain, render, render_context, validate
    from edgeops.api.forgetting import forget
    from edgeops.api.histories import HistoryEntry, HubHistory, history
    from edgeops.api.hubs import connection_string, events
    from edgeops.api.imports import Imported, ImportRequest, Unreadable, import_fleet
    from edgeops.api.listing import DeviceFilter, SeenFleet, list_devices, watch_devices
    from edgeops.api.live import LiveModels, live_models, live_quality
    from edgeops.api.model_builds import ModelRun, model_runs
    from edgeops.api.model_forecast import ForecastMade, forecast
    from edgeops.api.model_start import ModelFeatures, NewModel, init_model, model_features
    from edgeops.api.models import data_quality, evaluate, publish, train
    from edgeops.api.new import init
    from edgeops.api.observer import Observer
    from edgeops.api.planned import Planned, PlanRequest, Synced
    from edgeops.api.plans import plan, sync
    from edgeops.api.promotions import (
        Promotion,
        promote,
        promote_next,
        promote_values,
        promote_values_to,
    )
    from edgeops.api.publishing import publish_files
    from edgeops.api.releases import list_releases, verify
    from edgeops.api.retraining import ModelDecay, decayed_models
    from edgeops.api.rollbacks import Rollback, plan_rollback, prepare_rollback, roll_back
    from edgeops.api.running import stop_on_interrupt
    from edgeops.api.showing import ShownDevice, show_device
    from edgeops.api.signing import KeyPair, SignedRelease, make_key, sign_releases
    from edgeops.api.statuses import status, wait_until_converged
    from edgeops.api.workspace import Clock, InvalidFleet, Revision, Workspace

__all__ = [
    "Clock",
    "Cloned",
    "DeviceFilter",
    "EditorFiles",
    "ForecastMade",
    "HistoryEntry",
    "HubHistory",
    "ImportRequest",
    "Imported",
    "InvalidFleet",
    "KeyPair",
    "LiveModels",
    "ModelDecay",
    "ModelFeatures",
    "ModelRun",
    "NewModel",
    "Observer",
    "PlanRequest",
    "Planned",
    "Promotion",
    "Revision",
    "Rollback",
    "SeenFleet",
    "ShownDevice",
    "SignedRelease",
    "Synced",
    "Unreadable",
    "Workspace",
    "clone_hub",
    "connection_string",
    "data_quality",
    "decayed_models",
    "devices",
    "evaluate",
    "events",
    "explain",
    "forecast",
    "forget",
    "github",
    "history",
    "hub_devices",
    "hub_page",
    "hub_seeds",
    "hubs",
    "import_fleet",
    "init",
    "init_model",
    "list_devices",
    "list_releases",
    "live_models",
    "live_quality",
    "make_key",
    "model_features",
    "model_runs",
    "plan",
    "plan_rollback",
    "plans",
    "prepare_rollback",
    "promote",
    "promote_next",
    "promote_values",
    "promote_values_to",
    "proposals",
    "publish",
    "publish_files",
    "render",
    "render_context",
    "roll_back",
    "run_devices",
    "show_device",
    "sign_releases",
    "status",
    "stop_on_interrupt",
    "sync",
    "train",
    "validate",
    "verify",
    "wait_until_converged",
    "watch_devices",
    "write_editor_files",
]

# Imported on first use: importing asyncio takes 50 ms, and `validate` does not need it.
_NAMES = {
    "cloning": ("Cloned", "clone_hub"),
    "devices": ("run_devices",),
    "editors": ("EditorFiles", "write_editor_files"),
    "fleets": ("explain", "render", "render_context", "validate"),
    "forgetting": ("forget",),
    "github": (),
    "histories": ("HistoryEntry", "HubHistory", "history"),
    "hub_devices": (),
    "hub_page": (),
    "hub_seeds": (),
    "hubs": ("connection_string", "events"),
    "imports": ("ImportRequest", "Imported", "Unreadable", "import_fleet"),
    "live": ("LiveModels", "live_models", "live_quality"),
    "listing": ("DeviceFilter", "SeenFleet", "list_devices", "watch_devices"),
    "model_forecast": ("ForecastMade", "forecast"),
    "model_builds": ("ModelRun", "model_runs"),
    "model_start": ("ModelFeatures", "NewModel", "init_model", "model_features"),
    "models": ("data_quality", "evaluate", "publish", "train"),
    "new": ("init",),
    "observer": ("Observer",),
    "planned": ("PlanRequest", "Planned", "Synced"),
    "plans": ("plan", "sync"),
    "promotions": (
        "Promotion",
        "promote",
        "promote_next",
        "promote_values",
        "promote_values_to",
    ),
    "proposals": (),
    "publishing": ("publish_files",),
    "releases": ("list_releases", "verify"),
    "retraining": ("ModelDecay", "decayed_models"),
    "rollbacks": ("Rollback", "plan_rollback", "prepare_rollback", "roll_back"),
    "running": ("stop_on_interrupt",),
    "showing": ("ShownDevice", "show_device"),
    "signing": ("KeyPair", "SignedRelease", "make_key", "sign_releases"),
    "statuses": ("status", "wait_until_converged"),
    "workspace": ("Clock", "InvalidFleet", "Revision", "Workspace"),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return import_module(f"{__name__}.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
