"""What is measured of a process."""

import os
import sys

import pytest

from tests.bench.measured import ratios, run

_MB = 1_000_000
_HOLD = "import time; held = b'x' * {}; time.sleep(0.2)"


def python(code):
    return run((sys.executable, "-c", code), os.environ)


def test_memory_is_of_the_process_and_not_of_what_started_it():
    held = b"x" * (300 * _MB)
    assert 50 < python(_HOLD.format(50 * _MB)).megabytes < 150
    assert len(held) == 300 * _MB


def test_memory_is_of_all_processes_at_once():
    child = f"[sys.executable, '-c', {_HOLD.format(60 * _MB)!r}]"
    code = f"import subprocess, sys; held = b'x' * {60 * _MB}; subprocess.run({child})"
    assert python(code).megabytes > 120


def test_a_command_that_fails_ends_the_run_with_its_output():
    with pytest.raises(SystemExit, match=r"ended with 3:\nwhy"):
        python("print('why'); raise SystemExit(3)")


def test_there_is_one_ratio_for_each_pair_and_none_to_nothing():
    assert ratios([1.0, 3.0, 0.5], [2.0, 2.0, -0.1]) == (0.5, 1.5, 500.0)
