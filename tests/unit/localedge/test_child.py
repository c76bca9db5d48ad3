"""A module never outlives the command that started it, not even when that is killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from edgeops.localedge import child


def test_a_module_ends_when_its_parent_is_gone(tmp_path):
    (tmp_path / "waits.py").write_text(
        "import signal, sys\nprint(__name__, sys.argv, flush=True)\nsignal.pause()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "edgeops.localedge.child", "waits"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("__main__ [")
    process.communicate(timeout=20)  # closes its standard input, as the end of the parent does
    assert process.returncode == -signal.SIGTERM


def test_a_module_that_does_not_heed_the_end_is_killed(tmp_path):
    (tmp_path / "stays.py").write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "time.sleep = lambda seconds: print(seconds, flush=True)\n"
        "print('here', flush=True)\n"
        "while True: signal.pause()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "edgeops.localedge.child", "stays"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    said, _ = process.communicate(timeout=20)
    assert str(child.SECONDS_TO_END) in said
    assert process.returncode == -signal.SIGKILL


def test_a_module_imports_what_lies_beside_it_and_nothing_that_the_environment_names(tmp_path):
    copy = tmp_path / "edgeops/localedge/child.py"
    copy.parent.mkdir(parents=True)
    shutil.copy(Path(child.__file__), copy)
    (tmp_path / "says.py").write_text("import textwrap\nprint('beside')\n")
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "says.py").write_text("print('trapped')\n")
    (trap / "textwrap.py").write_text("raise SystemExit('trapped')\n")
    process = subprocess.Popen(
        [sys.executable, "-I", str(copy), "says"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=trap,
        env={"PYTHONPATH": str(trap), "PYTHONSTARTUP": str(trap / "says.py")},
    )
    assert process.stdout is not None
    assert process.stdout.read() == "beside\n"
    process.communicate(timeout=20)
    assert process.returncode == 0
