"""A module as a program: log, identity and settings from the environment, until SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from edgeops.errors import EdgeOpsError
from edgeops.modules.runtime.client import ModuleClient
from edgeops.modules.runtime.environment import module_environment
from edgeops.modules.runtime.module import DeviceModule


class Stoppable(Protocol):
    """What works until it is stopped."""

    def run(self) -> None:
        """Work until `stop`. May raise `EdgeOpsError`."""

    def stop(self) -> None:
        """End `run` soon; called on another thread."""


def run_module(
    name: str,
    on_desired: Callable[[DeviceModule, Any], None],
    on_message: Callable[[bytes, str], None] | None = None,
    *,
    methods: Mapping[str, Callable[[Any], Any]] | None = None,
) -> None:
    """Run a `DeviceModule` with these handlers until SIGTERM, connected as the environment says.

    Exits with an error in the log when it can never connect.
    """

    def make(log: logging.Logger) -> DeviceModule:
        client = ModuleClient(module_environment(os.environ))
        return DeviceModule(client, log, on_desired, on_message, methods=methods)

    run_program(name, make)


def run_program(name: str, make: Callable[[logging.Logger], Stoppable]) -> None:
    """Run what `make` gives until SIGTERM or SIGINT.

    An `EdgeOpsError` is a line in the log and the exit code, never a traceback.
    """
    log = start_log(name)
    try:
        program = make(log)

        def stop(*_: Any) -> None:
            # In a thread: a signal handler must not wait for a lock that it interrupted.
            threading.Thread(target=program.stop, name="stop").start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        program.run()
        log.info("stopped")
    except EdgeOpsError as error:
        hint = f" ({error.hint})" if error.hint else ""
        log.error("%s%s", error.message, hint)  # noqa: TRY400 - a message, never a traceback
        sys.exit(error.exit_code)


def start_log(module: str) -> logging.Logger:
    """The module's log, written to stderr as `time level module: event`, in UTC.

    The libraries' own logs are off: they write tracebacks and addresses.
    """
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(
        f"%(asctime)s %(levelname)s {module}: %(message)s", "%Y-%m-%dT%H:%M:%SZ"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    for library in ("azure", "paho", "urllib3", "requests"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    log = logging.getLogger(f"edgeops.{module}")
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
    return log
