"""The process: settings from the environment, the real device, the real disk, until SIGTERM."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import edgeops
from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.modules.device import SdkDevice
from edgeops.modules.log import start_log
from edgeops.modules.model_loader.download import Downloader
from edgeops.modules.model_loader.http import open_session
from edgeops.modules.model_loader.load_test import no_load_test, onnx_load_test
from edgeops.modules.model_loader.loader import Loader, World
from edgeops.modules.model_loader.session import Session
from edgeops.modules.model_loader.settings import Settings, read_settings
from edgeops.modules.model_loader.status import LoaderInfo
from edgeops.modules.model_loader.storage import Storage
from edgeops.modules.trust import extra_certificates

_MEBIBYTE = 1 << 20


def main() -> None:
    """Run model_loader until it is told to stop."""
    log = start_log("model_loader")
    try:
        settings = read_settings(os.environ, _mountinfo())
        session = make_session(settings, World(time.monotonic, _now, random.uniform, log))

        def stop(*_: Any) -> None:
            # In a thread: a signal handler must not wait for a lock that it interrupted.
            threading.Thread(target=session.stop, name="stop").start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        log.info("edgeops %s, storage %s", edgeops.__version__, settings.module.storage)
        session.run()
        log.info("stopped")
    except EdgeOpsError as error:
        hint = f" ({error.hint})" if error.hint else ""
        log.error("%s%s", error.message, hint)  # noqa: TRY400 - a message, never a traceback
        sys.exit(error.exit_code)


def make_session(settings: Settings, world: World) -> Session:
    """A session on the real device and disk. Raises `EdgeOpsError`."""
    root = settings.module.storage
    if not root.is_dir():
        raise EdgeOpsError(
            f"the storage folder {root} is not there",
            "bind a folder of the device to it, or set EDGEOPS_STORAGE",
        )
    loader = Loader(
        storage=Storage(root, settings.storage_source),
        downloader=Downloader(
            session=open_session(extra_certificates(settings.module.ca_file)),
            max_bytes=settings.max_bytes,
            timeouts=settings.timeouts,
        ),
        load_test=onnx_load_test if settings.load_test else no_load_test,
        world=world,
    )
    return Session(
        device=SdkDevice(settings.module),
        loader=loader,
        flat=settings.flat,
        info=lambda: LoaderInfo(edgeops.__version__, _storage_info(settings.storage_source, root)),
    )


def _storage_info(source: Path, root: Path) -> JsonObject:
    try:
        size = {"totalMiB": shutil.disk_usage(root).total // _MEBIBYTE}
    except OSError:  # it went away; that is told of the slots
        size = {}
    return {"path": str(source), **size}


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8")
    except OSError:
        return ""


def _now() -> datetime:
    return datetime.now(UTC)
