"""A module never outlives the command that started it, not even when that is killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgeops.localedge import child


@pytest.mark.parametrize(
    ("heeds", "signs", "ended_by"),
    [
        ("signal.SIG_DFL", "", signal.SIGTERM),
        ("signal.SIG_IGN", f"{child.SECONDS_TO_END}\n", signal.SIGKILL),
    ],
)
def test_a_module_ends_when_its_parent_is_gone(heeds, signs, ended_by, tmp_path):
    (tmp_path / "stays.py").write_text(
        "import signal, time\n"
        f"signal.signal(signal.SIGTERM, {heeds})\n"
        "time.sleep = lambda seconds: print(seconds, flush=True)\n"
        "print(__name__, flush=True)\n"
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
    assert process.stdout.readline() == "__main__\n"
    said, _ = process.communicate(timeout=20)  # closes standard input, as the parent's end does
    assert process.returncode == -ended_by
    assert said == signs


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
