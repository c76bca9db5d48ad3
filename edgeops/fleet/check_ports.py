"""Finds two containers of one device that would publish the same port of the host.

Only ports that git names are compared. Source: Docker Engine API, HostConfig.PortBindings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from edgeops.fleet.edge import SYSTEM_MODULES
from edgeops.fleet.finding import Finding
from edgeops.fleet.layers import Path
from edgeops.fleet.model import DesiredModule
from edgeops.jsonvalue import JsonObject

_ANY = ("", "0.0.0.0", "::")  # noqa: S104 - what Docker reads as every address of the host


class _Published(NamedTuple):
    """A host port that a container publishes: who it is, and where git says it."""

    container: str
    at: Path
    address: str


def port_findings(modules: Mapping[str, DesiredModule], runtime: JsonObject) -> Iterator[Finding]:
    """A finding for each container that publishes a host port of another one."""
    taken: dict[tuple[str, str], list[_Published]] = {}
    for container, at, spec in _containers(modules, runtime):
        for port, protocol, address, path in _published(spec):
            mine = _Published(container, (*at, *path), address)
            others = taken.setdefault((port, protocol), [])
            clash = next((other for other in others if _clash(other, mine)), None)
            if clash:
                yield Finding(
                    mine.at,
                    f"`{container}` and `{clash.container}` both publish the host port "
                    f"{port}/{protocol}",
                    "the second container cannot start: give one of them another HostPort",
                )
            others.append(mine)


def _clash(one: _Published, other: _Published) -> bool:
    if one.container == other.container:
        return False
    return one.address == other.address or one.address in _ANY or other.address in _ANY


def _containers(
    modules: Mapping[str, DesiredModule], runtime: JsonObject
) -> Iterator[tuple[str, Path, JsonObject]]:
    for key, name in SYSTEM_MODULES.items():
        if key in runtime:
            yield name, ("edge", key), runtime[key]
    for name, module in modules.items():
        if module.spec.get("status") != "stopped":
            yield name, ("modules", name), module.spec


def _published(spec: JsonObject) -> Iterator[tuple[str, str, str, Path]]:
    """The host port, its protocol, its address and the path in the spec of each binding."""
    bindings: Any = spec.get("createOptions", {})
    at: Path = ("createOptions", "HostConfig", "PortBindings")
    for key in at[1:]:
        bindings = bindings.get(key) if isinstance(bindings, dict) else None
    if not isinstance(bindings, dict):
        return
    for port, hosts in bindings.items():
        for host in hosts if isinstance(hosts, list) else ():
            if isinstance(host, dict) and (published := str(host.get("HostPort") or "")):
                protocol = port.partition("/")[2] or "tcp"
                yield published, protocol, str(host.get("HostIp") or ""), (*at, port)
