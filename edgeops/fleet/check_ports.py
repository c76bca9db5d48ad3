"""Finds two containers of one device that would publish the same port of the host.

Only ports that git names are compared. Source: Docker Engine API, HostConfig.PortBindings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from edgeops.fleet.edge import SYSTEM_MODULES
from edgeops.fleet.finding import Finding
from edgeops.fleet.layers import Path
from edgeops.fleet.model import DesiredModule
from edgeops.jsonvalue import JsonObject

_ANY = ("", "0.0.0.0", "::")  # noqa: S104 - what Docker reads as every address of the host
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?\Z")
_OPTIONS = "createOptions"


class _Published(NamedTuple):
    """Host ports of which a container publishes one: who it is, and where git says it."""

    container: str
    at: Path
    address: str
    protocol: str
    first: int
    last: int


def port_findings(modules: Mapping[str, DesiredModule], runtime: JsonObject) -> Iterator[Finding]:
    """A finding for each container that publishes a host port of another one.

    From a range Docker takes a port that is free, so that containers can share one: a warning where
    another container needs a port of it, which may be taken then.
    """
    taken: dict[str, list[_Published]] = {}
    for container, at, spec in _containers(modules, runtime):
        for mine in _published(container, at, _options(spec)):
            others = taken.setdefault(mine.protocol, [])
            yield from (finding for other in others if (finding := _clash(mine, other)))
            others.append(mine)


def _clash(mine: _Published, other: _Published) -> Finding | None:
    apart = mine.last < other.first or other.last < mine.first
    addresses = {mine.address, other.address}
    if apart or (len(addresses) == 2 and not addresses.intersection(_ANY)):
        return None
    ranges = [one for one in (mine, other) if one.first != one.last]
    if len(ranges) == 2 or mine.container == other.container:
        return None
    if not ranges:
        return Finding(
            mine.at,
            f"`{mine.container}` and `{other.container}` both publish the host port "
            f"{mine.first}/{mine.protocol}",
            "the second container cannot start: give one of them another HostPort",
        )
    (wide,) = ranges
    fixed = other if wide is mine else mine
    return Finding(
        mine.at,
        f"`{wide.container}` may take the host port {fixed.first}/{fixed.protocol}, which "
        f"`{fixed.container}` publishes, from its range {wide.first}-{wide.last}",
        "give it a range without that port",
        warning=True,
    )


def _containers(
    modules: Mapping[str, DesiredModule], runtime: JsonObject
) -> Iterator[tuple[str, Path, JsonObject]]:
    for key, name in SYSTEM_MODULES.items():
        yield name, ("edge", key), runtime.get(key, {})
    for name, module in modules.items():
        if module.spec.get("status") != "stopped":
            yield name, ("modules", name), module.spec


def _options(spec: JsonObject) -> Any:
    options = spec.get(_OPTIONS)
    if not isinstance(options, str):
        return options
    try:
        return json.loads(options)
    except (ValueError, RecursionError):
        return None


def _published(container: str, at: Path, options: Any) -> Iterator[_Published]:
    host = options.get("HostConfig") if isinstance(options, dict) else None
    if not isinstance(host, dict) or host.get("NetworkMode") == "host":
        return  # on the network of the host, Docker publishes nothing
    bindings = host.get("PortBindings")
    for port, hosts in bindings.items() if isinstance(bindings, dict) else ():
        for binding in hosts if isinstance(hosts, list) else ():
            named = binding if isinstance(binding, dict) else {}
            ports = _PORTS.match(str(named.get("HostPort") or ""))
            if ports:
                path = (*at, _OPTIONS, "HostConfig", "PortBindings", port)
                protocol = port.partition("/")[2].lower() or "tcp"
                first, last = int(ports[1]), int(ports[2] or ports[1])
                address = str(named.get("HostIp") or "")
                yield _Published(container, path, address, protocol, first, last)
