"""Runs a program beside an empty local hub on the standard ports, 443 and 8883, and ends with it.

    python with_hub.py STATE_DIR HOST PROGRAM [ARGUMENT ...]

The program finds the connection string of the hub in HUB, and trusts its certificate if
it is Node. It gets nothing else of the environment but PATH.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from edgeops.localhub import loop
from edgeops.localhub.access import HTTPS_PORT, Endpoint, connection_string
from edgeops.localhub.serve import serve

_SECONDS = 30


async def main(state_dir: Path, host: str, program: list[str]) -> None:
    """Serve until the program has ended; exit as it did."""
    started: asyncio.Future[Endpoint] = asyncio.get_running_loop().create_future()
    hub = asyncio.ensure_future(
        serve(state_dir, host=host, port=HTTPS_PORT, ready=started.set_result)
    )
    await asyncio.wait([hub, started], return_when=asyncio.FIRST_COMPLETED)
    if hub.done():
        return hub.result()
    environ = {
        "PATH": os.environ["PATH"],
        "HUB": connection_string(state_dir),
        "NODE_EXTRA_CA_CERTS": str(started.result().ca_file),
    }
    process = await asyncio.create_subprocess_exec(*program, env=environ)
    try:
        code = await asyncio.wait_for(process.wait(), _SECONDS)
    except TimeoutError:
        process.kill()
        sys.exit(f"{program} did not end in {_SECONDS} seconds")
    hub.cancel()
    await asyncio.wait([hub])
    sys.exit(code)


if __name__ == "__main__":
    loop.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
