"""Runs one module as its container would; ends when its parent process ends.

`python -I .../edgeops/localedge/child.py edgeops.modules.model_loader` (or the
file of a program): without PYTHON* variables, the packages of the user, or the
folder of this file.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

SECONDS_TO_END = 10.0  # as a container engine gives it


def _end_with_parent() -> None:
    while os.read(0, 1024):  # standard input closes when the parent ends, even on a crash
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_END)
    os.kill(os.getpid(), signal.SIGKILL)


def _find_edgeops() -> None:
    """Import edgeops from the tree of this file, ahead of the installed packages."""
    places = enumerate(sys.path)
    installed = next((n for n, place in places if place.endswith("-packages")), len(sys.path))
    sys.path.insert(installed, str(Path(__file__).resolve().parents[2]))


if __name__ == "__main__":
    _find_edgeops()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    if module.endswith(".py"):
        runpy.run_path(module, run_name="__main__")
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
