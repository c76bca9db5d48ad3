"""The page of the local hub: a link to it, and what the fleet adds to it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

from edgeops.api.workspace import HUB_DIR, LOCAL, Workspace
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.jsonvalue import JsonObject
    from edgeops.localhub.page.checkout import Checkout

_SECONDS_TO_COMPARE = 60.0


def page_link(workspace: Workspace) -> str:
    """A link to the page of the running local hub: a secret, for one use within five minutes.

    Raises `EdgeOpsError` if the local hub is not running.
    """
    from edgeops.localhub.client import client

    send = client(workspace.hub_dir, "iothubowner", seconds=10)
    return str(send("POST", "/page/links", None)["url"])


def checkout(workspace: Workspace) -> Checkout:
    """What the page of a hub in this workspace shows beside what the hub knows.

    Without a fleet there is nothing to compare with.
    """
    from edgeops.fleet.secrets import masked
    from edgeops.localhub.page.checkout import Checkout

    async def compare(device: str | None) -> JsonObject:
        chosen = ["list"] if device is None else ["show"]
        names = [] if device is None else ["--", device]
        return await _document_of(workspace, "device", *chosen, "--output", "json", *names)

    return Checkout(compare if (workspace.root / "fleet").is_dir() else None, masked)


async def _document_of(workspace: Workspace, *command: str) -> JsonObject:
    """The JSON that a command prints, run in a process of its own: the hub must go on."""
    # -P: do not import a folder `edgeops` of the current directory.
    program = [sys.executable, "-P", "-m", "edgeops", "--repo", str(workspace.root)]
    child = await asyncio.create_subprocess_exec(
        *program,
        *("--hub", LOCAL, "--quiet", *command),
        env={**os.environ, HUB_DIR: str(workspace.hub_dir)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS_TO_COMPARE):
            out, words = await child.communicate()
    except TimeoutError as error:
        raise EdgeOpsError(f"it took more than {_SECONDS_TO_COMPARE:.0f} seconds") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        why = words.decode(errors="replace").strip().removeprefix("error: ").partition("\n")[0]
        raise EdgeOpsError(why or "it gave no reason")
    document: JsonObject = json.loads(out)
    return document
