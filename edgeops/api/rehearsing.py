"""A rehearsal: what would go to a hub goes to its local clone, under the throttles of the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgeops.api.workspace import Workspace
from edgeops.errors import Refused

if TYPE_CHECKING:
    from edgeops.fleet.model import HubTarget

Send = Callable[[str, str, Any], Any]  # of `localhub.client`


@contextmanager
def rehearsing(workspace: Workspace, target: HubTarget) -> Iterator[None]:
    """Let the running local hub have the throttles of the hub that it is a clone of.

    Notes at the end how many requests they delayed or refused. Raises `Refused` if it is no clone
    of that hub.
    """
    from edgeops.localhub.client import client

    send = client(workspace.hub_dir, "registryReadWrite", seconds=60)
    source = send("GET", "/clone", None)["of"]
    if (source.get("hub"), source.get("hostname")) != (target.name, target.hostname):
        what = f"a clone of `{source['hub']}` ({source['hostname']})" if source else "no clone"
        replacing = " --replace" if source else ""
        raise Refused(
            f"the local hub is {what}, so nothing can be rehearsed for `{target.name}`"
            f" ({target.hostname})",
            f"clone it first: `edgeops hub clone --from {target.name}{replacing}`",
        )
    workspace.observer.note(
        f"a rehearsal on the clone of {target.name} as it was at {source['at']}:"
        " nothing is sent to the hub"
    )
    throttle(send, target)
    yield
    workspace.observer.note(_throttled(send("GET", "/conditions", None), target))


def throttle(send: Send, target: HubTarget) -> None:
    """Let the running local hub have the throttles of a hub; its other conditions stay.

    What it counted so far is forgotten.
    """
    conditions = send("GET", "/conditions", None)
    send("PUT", "/conditions", {**conditions, "sku": target.sku, "units": target.units})


def _throttled(conditions: dict[str, Any], target: HubTarget) -> str:
    counts = conditions["counts"]
    size = f"{target.sku} with {target.units} unit{'s' if target.units != 1 else ''}"
    words = [
        f"{number:,} {what} ({kind})"
        for kind, of_kind in sorted(counts.items())
        for what, number in sorted(of_kind.items())
    ]
    return f"throttles of {size}: {', '.join(words) if words else 'no request was delayed'}"
