"""The program: settings from the environment, the real hub and disk, until SIGTERM.

Besides the settings of every module: EDGEOPS_STORAGE_SOURCE (the folder on the
host that is bound to the storage, for messages), EDGEOPS_FLAT_URL,
EDGEOPS_FLAT_CHECKSUM and EDGEOPS_FLAT_FILE_NAME (names of the properties of
the single-model form), EDGEOPS_MAX_BYTES (the largest model that is accepted
when the twin does not give its size), EDGEOPS_STALL_SECONDS, EDGEOPS_LOAD_TEST
(on, off), EDGEOPS_TRUST (public keys, a file or a folder, beside those in
/etc/edgeops/trust).
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import edgeops
from edgeops.backoff import Backoff
from edgeops.errors import EdgeOpsError
from edgeops.https_get import Timeouts
from edgeops.jsonvalue import JsonObject
from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.download import Downloader
from edgeops.modules.model_loader.http import open_session
from edgeops.modules.model_loader.load_test import no_load_test, onnx_load_test
from edgeops.modules.model_loader.loader import Loader, World
from edgeops.modules.model_loader.status import OWNED, LoaderInfo, reported
from edgeops.modules.model_loader.storage import Storage, host_path
from edgeops.modules.model_loader.trust import TrustedKeys
from edgeops.modules.runtime.client import ModuleClient
from edgeops.modules.runtime.environment import (
    ModuleEnvironment,
    extra_certificates,
    integer,
    module_environment,
    switch,
)
from edgeops.modules.runtime.module import DeviceModule
from edgeops.modules.runtime.program import run_program

_RECONNECT = Backoff(base=1.0, longest=300.0)
_SETTLE_SECONDS = 1.0  # quick downloads are reported once, when they are done
_MAX_BYTES = 2 * 1024**3
_MEBIBYTE = 1 << 20


class LoaderModule:
    """Keeps a loader working on what the module twin wants, until `stop`."""

    def __init__(
        self,
        client: ModuleClient,
        loader: Loader,
        flat: FlatKeys,
        info: Callable[[], LoaderInfo],
        reconnect: Backoff = _RECONNECT,
    ) -> None:
        self._loader = loader
        self.info = info
        self._stop = threading.Event()
        self._module = DeviceModule(
            client,
            loader.world.log,
            lambda _, desired: loader.offer(parse_desired(desired, flat)),
            owned=OWNED,
            reconnect=reconnect,
        )
        self._module.report(self._reported)
        loader.changed = self._module.wake

    def run(self) -> None:
        """Talk to the hub and keep the loader working, until `stop`.

        Raises `EdgeOpsError` if another loader works in the same storage.
        """
        worker = threading.Thread(target=self._loader.run, args=(self._stop,), name="loader")
        with self._loader.storage.held_alone():
            worker.start()
            try:
                self._module.run()
            finally:
                self.stop()
                worker.join()

    def stop(self) -> None:
        """End `run` soon; from any thread."""
        self._stop.set()
        self._module.stop()
        self._loader.interrupt()

    def _reported(self) -> JsonObject:
        self._loader.settled.wait(_SETTLE_SECONDS)
        return reported(*self._loader.snapshot(), self.info())


@dataclass(frozen=True, slots=True)
class LoaderSettings:
    """All settings; `storage_source` is the storage folder as the host calls it."""

    module: ModuleEnvironment
    storage_source: Path
    flat: FlatKeys
    max_bytes: int
    timeouts: Timeouts
    load_test: bool
    trust: TrustedKeys


def read_settings(environ: Mapping[str, str], mountinfo: str) -> LoaderSettings:
    """The settings in environment variables. Raises `EdgeOpsError`.

    `mountinfo` is the text of /proc/self/mountinfo.
    """
    module = module_environment(environ)
    source = environ.get("EDGEOPS_STORAGE_SOURCE")
    trust = environ.get("EDGEOPS_TRUST")
    flat = FlatKeys()
    return LoaderSettings(
        module=module,
        storage_source=Path(source) if source else host_path(module.storage, mountinfo),
        flat=FlatKeys(
            url=environ.get("EDGEOPS_FLAT_URL") or flat.url,
            checksum=environ.get("EDGEOPS_FLAT_CHECKSUM") or flat.checksum,
            file_name=environ.get("EDGEOPS_FLAT_FILE_NAME") or flat.file_name,
        ),
        max_bytes=integer(environ, "EDGEOPS_MAX_BYTES", _MAX_BYTES),
        timeouts=Timeouts(stall=integer(environ, "EDGEOPS_STALL_SECONDS", 30)),
        load_test=switch(environ, "EDGEOPS_LOAD_TEST", default=True),
        trust=TrustedKeys(named=Path(trust) if trust else None),
    )


def main() -> None:
    """Run model_loader until SIGTERM."""

    def make(log: logging.Logger) -> LoaderModule:
        settings = read_settings(os.environ, _mountinfo())
        module = make_module(settings, World(time.monotonic, _now, random.uniform, log))
        log.info("edgeops %s, storage %s", edgeops.__version__, settings.module.storage)
        return module

    run_program("model_loader", make)


def make_module(settings: LoaderSettings, world: World) -> LoaderModule:
    """The module on the real hub and disk. Raises `EdgeOpsError`."""
    root = settings.module.storage
    if not root.is_dir():
        raise EdgeOpsError(
            f"the storage folder {root} does not exist",
            "bind a folder of the device to it, or set EDGEOPS_STORAGE",
        )
    loader = Loader(
        storage=Storage(root, settings.storage_source),
        downloader=Downloader(
            session=open_session(
                extra_certificates(settings.module.ca_file), settings.module.proxies
            ),
            max_bytes=settings.max_bytes,
            timeouts=settings.timeouts,
        ),
        load_test=onnx_load_test if settings.load_test else no_load_test,
        world=world,
        keys=settings.trust.read_keys,
    )
    return LoaderModule(
        client=ModuleClient(settings.module),
        loader=loader,
        flat=settings.flat,
        info=lambda: LoaderInfo(edgeops.__version__, _storage_info(settings.storage_source, root)),
    )


def _storage_info(source: Path, root: Path) -> JsonObject:
    try:
        size = {"totalMiB": shutil.disk_usage(root).total // _MEBIBYTE}
    except OSError:  # it went away; the slots report that
        size = {}
    return {"path": str(source), **size}


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8")
    except OSError:
        return ""


def _now() -> datetime:
    return datetime.now(UTC)
