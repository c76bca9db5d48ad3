"""What every module on a device needs: connection, twin, settings, log, and the model slots.

A module of your own stands on it as ours do; docs/own-module.md shows how.
"""

from edgeops.modules.runtime.client import ModuleClient, ModuleTwin, NotConnected
from edgeops.modules.runtime.environment import ModuleEnvironment, module_environment
from edgeops.modules.runtime.follow import SlotFollower, follow_slot
from edgeops.modules.runtime.module import DeviceModule
from edgeops.modules.runtime.program import run_module, run_program, start_log
from edgeops.modules.runtime.slots import CurrentModel, read_current

__all__ = [
    "CurrentModel",
    "DeviceModule",
    "ModuleClient",
    "ModuleEnvironment",
    "ModuleTwin",
    "NotConnected",
    "SlotFollower",
    "follow_slot",
    "module_environment",
    "read_current",
    "run_module",
    "run_program",
    "start_log",
]
