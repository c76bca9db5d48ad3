"""A hub for tests of any language, as a process: `python -m edgeops.testing [STATE_DIR]`.

When it is ready it prints one line of JSON: `connectionString`, `caFile`, `host`, `port`,
`mqttPort` and `dir`, or else `error` and `hint`. It runs until its stdin ends. Without
STATE_DIR its state is in a folder that is deleted at the end.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.localhub.access import Endpoint, connection_string
from edgeops.testing.address import own_address


def main() -> int:
    """Serve until stdin ends; gives the exit code."""
    from edgeops.localhub.loop import run
    from edgeops.localhub.serve import serve

    logging.basicConfig(format="local IoT Hub: %(message)s")
    with ExitStack() as ending:
        if sys.argv[1:]:
            state_dir = Path(sys.argv[1])
        else:
            state_dir = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="edgeops-")))

        def ready(endpoint: Endpoint) -> None:
            _say(
                connectionString=connection_string(state_dir),
                caFile=str(endpoint.ca_file.absolute()),
                host=endpoint.name,
                port=endpoint.port,
                mqttPort=endpoint.mqtt_port,
                dir=str(state_dir.absolute()),
            )
            threading.Thread(target=_end_with_stdin, daemon=True).start()

        try:
            host, port = own_address(os.getpid())
            run(serve(state_dir, host=host, port=port, ready=ready))
        except EdgeOpsError as error:
            _say(error=error.message, hint=error.hint)
            return 1
    return 0


def _say(**line: object) -> None:
    print(json.dumps(line), flush=True)


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
