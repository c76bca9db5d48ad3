"""A module never outlives the command that started it, not even when that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys


def test_a_module_ends_when_its_parent_is_gone(tmp_path):
    (tmp_path / "waits.py").write_text(
        "import signal, sys\nprint(__name__, sys.argv, flush=True)\nsignal.pause()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "edgeops.edgeruntime.child", "waits"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert child.stdout is not None
    assert child.stdout.readline().startswith("__main__ [")
    child.communicate(timeout=20)  # closes its standard input, as the end of the parent does
    assert child.returncode == -signal.SIGTERM
