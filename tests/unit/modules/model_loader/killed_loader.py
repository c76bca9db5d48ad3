"""Runs the loader once on a folder, and kills itself at the n-th step on the disk (0: never).

    python killed_loader.py STORAGE CA_FILE

Each line of its input is a JSON array, what is desired and n. A process of its own does it: a
fork, since to import all that is needed takes far longer than the work. It is answered with the id
of that process, and then with its exit code.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.download import Downloader
from edgeops.modules.model_loader.http import open_session
from edgeops.modules.model_loader.load_test import no_load_test
from edgeops.modules.model_loader.loader import Loader, World
from edgeops.modules.model_loader.storage import Storage

STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.utime", "os.scandir", "os.truncate"}


def work(storage: str, downloader: Downloader, desired: Any, kill_at: int) -> None:
    """What one process does."""
    now = datetime.now(UTC)
    loader = Loader(
        Storage(Path(storage), Path(storage)),
        downloader,
        no_load_test,
        World(time.monotonic, lambda: now, lambda low, high: high, logging.getLogger()),
    )
    loader.offer(parse_desired(desired, FlatKeys()))
    left = kill_at

    def count(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS and str(args[0]).startswith(storage):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    loader.work()


def main(storage: str, ca_file: str) -> None:
    """Do what each line of the input says."""
    fork = multiprocessing.get_context("fork")
    downloader = Downloader(open_session(Path(ca_file).read_text()), 10**7)
    for line in sys.stdin:
        process = fork.Process(target=work, args=(storage, downloader, *json.loads(line)))
        process.start()
        print(process.pid, flush=True)
        process.join()
        print(process.exitcode, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
