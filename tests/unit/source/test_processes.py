"""Work in several processes: pytest has threads, so each test is a program of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")

BEGIN = """
import os, signal, threading
from edgeops.errors import EdgeOpsError
from edgeops.source.processes import in_processes
"""


def printed(program: str) -> list[str]:
    command = [sys.executable, "-c", BEGIN + dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_results_come_in_order_from_other_processes() -> None:
    assert printed("""
        offset = 100  # what a function refers to need not be pickled
        found = list(in_processes(lambda n: (n + offset, os.getpid()), range(20), 2))
        print([value for value, _ in found] == list(range(100, 120)))
        print(os.getpid() not in {process for _, process in found})
    """) == ["True", "True"]


def test_items_are_taken_as_they_are_worked_on() -> None:
    assert printed("""
        taken = []
        results = in_processes(abs, (taken.append(n) or n for n in range(100)), 2)
        print(next(results), len(taken))
        results.close()
    """) == ["0 3"]


@pytest.mark.parametrize(
    "begin", ["", "threading.Thread(target=threading.Event().wait, daemon=True).start()"]
)
def test_with_one_process_or_other_threads_the_work_is_done_here(begin: str) -> None:
    processes = 2 if begin else 1
    assert printed(f"""
        {begin}
        here = os.getpid()
        print({{here}} == set(in_processes(lambda _: os.getpid(), range(9), {processes})))
    """) == ["True"]


def test_an_error_is_raised_as_it_is() -> None:
    assert printed("""
        def fail(_):
            raise EdgeOpsError("a file changes", "run the command again")
        try:
            list(in_processes(fail, range(9), 2))
        except EdgeOpsError as error:
            print(error.message, error.hint, sep="; ")
    """) == ["a file changes; run the command again"]


def test_a_killed_process_is_an_error() -> None:
    assert printed("""
        try:
            list(in_processes(lambda _: os.kill(os.getpid(), signal.SIGKILL), range(9), 2))
        except EdgeOpsError as error:
            print(error.message)
    """) == ["a process that reads manifests was killed"]


def test_ctrl_c_is_left_to_the_first_process() -> None:
    assert printed("""
        def interrupted(_):
            os.kill(os.getpid(), signal.SIGINT)
            return "went on"
        print(*set(in_processes(interrupted, range(9), 2)))
    """) == ["went on"]


def test_processes_end_when_the_first_one_is_killed() -> None:
    program = """
        import sys
        for process in in_processes(lambda _: os.getpid(), iter(int, 1), 2):
            print(process)
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", BEGIN + dedent(program)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    status = Path(f"/proc/{done.stdout.strip()}/status")
    deadline = time.monotonic() + 30
    while status.exists() and "State:\tZ" not in status.read_text():
        assert time.monotonic() < deadline, "it still runs"
