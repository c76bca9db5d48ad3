"""Runs the loader once on a folder, and kills itself at the n-th step on the disk (0: never)."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.download import Downloader
from edgeops.modules.model_loader.http import open_session
from edgeops.modules.model_loader.load_test import no_load_test
from edgeops.modules.model_loader.loader import Loader, World
from edgeops.modules.model_loader.storage import Storage

STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.utime", "os.scandir", "os.truncate"}


def main(storage: str, ca_file: str, desired: str, kill_at: str) -> None:
    now = datetime.now(UTC)
    loader = Loader(
        Storage(Path(storage), Path(storage)),
        Downloader(open_session(Path(ca_file).read_text()), 10**7),
        no_load_test,
        World(time.monotonic, lambda: now, lambda low, high: high, logging.getLogger()),
    )
    loader.offer(parse_desired(json.loads(desired), FlatKeys()))
    left = int(kill_at)

    def count(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS and str(args[0]).startswith(storage):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    loader.work()


if __name__ == "__main__":
    main(*sys.argv[1:])
