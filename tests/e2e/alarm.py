"""A module of the demo that is not one of edgeops: reads a file of the user's in its model slot."""

from __future__ import annotations

import json
from typing import Any

from edgeops.modules.runtime import CurrentModel, DeviceModule, follow_slot, run_module

_use: dict[str, Any] = {"state": "no limits"}
_modules: list[DeviceModule] = []


def use(current: CurrentModel | None) -> None:
    """Take the limits that the slot holds now."""
    if current is not None:
        limits = json.loads(current.path.read_text())
        _use.update(state="ok", sha256=current.sha256, version=current.version, limits=limits)
    tell()


def follow(module: DeviceModule, _desired: Any) -> None:
    """Remember where to report to."""
    _modules[:] = [module]
    tell()


def tell() -> None:
    """Report the limits in use, and send them."""
    for module in _modules:
        module.report({"use": _use})
        if "limits" in _use:
            module.send({"version": _use["version"], **_use["limits"]}, "alarms")


if __name__ == "__main__":
    follow_slot("limits", use)
    run_module("alarm", follow)
