"""Runs one module as the container would; ends when the process that started it is gone.

`python -I .../edgeops/localedge/child.py edgeops.modules.model_loader`: without
PYTHON* variables, the user's own packages and the folder that it stands in.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from pathlib import Path


def _end_with_parent() -> None:
    while os.read(0, 1024):  # standard input closes when the parent ends, whatever ends it
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _find_edgeops() -> None:
    """The edgeops that runs is the one of this file, with the packages beside it."""
    places = enumerate(sys.path)
    installed = next((n for n, place in places if place.endswith("-packages")), len(sys.path))
    sys.path.insert(installed, str(Path(__file__).resolve().parents[2]))


if __name__ == "__main__":
    _find_edgeops()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
