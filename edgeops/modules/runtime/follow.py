"""Tells a module which model its slot holds: at the start, and after each switch."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from edgeops.modules.runtime.environment import module_environment
from edgeops.modules.runtime.slots import CurrentModel, read_current

EVERY = 1.0  # seconds


class SlotFollower:
    """Calls `changed` with what the slot holds, whenever that has changed, until `stop`.

    It needs no hub: a model that is on disk is told at once, also while the device is offline.
    What `changed` raises ends the process, so that the runtime of the device starts it again.
    """

    def __init__(
        self, storage: Path, slot: str, changed: Callable[[CurrentModel | None], None]
    ) -> None:
        self._storage = storage
        self._slot = slot
        self._changed = changed
        self._told: CurrentModel | None = None
        self._is_told = False
        self._stop = threading.Event()

    def poll(self) -> None:
        """Look at the slot once."""
        current = read_current(self._storage, self._slot)
        if not self._is_told or current != self._told:
            self._told, self._is_told = current, True
            self._changed(current)

    def run(self, every: float = EVERY) -> None:
        """Look every so many seconds, until `stop`."""
        while not self._stop.is_set():
            self.poll()
            self._stop.wait(every)

    def stop(self) -> None:
        """End `run` soon; from any thread."""
        self._stop.set()


def follow_slot(
    slot: str, changed: Callable[[CurrentModel | None], None], *, every: float = EVERY
) -> SlotFollower:
    """Follow a slot of this device's storage on a thread of its own; see `SlotFollower`.

    `changed` gets None while the slot is empty. The first call is made before this returns.
    """
    follower = SlotFollower(module_environment(os.environ).storage, slot, changed)
    follower.poll()

    def run() -> None:
        try:
            follower.run(every)
        except Exception:
            traceback.print_exc()
            os._exit(1)  # not this thread alone: the runtime of the device starts the module again

    threading.Thread(target=run, name=f"slot {slot}", daemon=True).start()
    return follower
