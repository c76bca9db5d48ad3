"""The log of a module: one plain line an event, on stderr."""

from __future__ import annotations

import logging
import sys
import time


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
