"""Where every value of a device comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.fleet.catalog import Catalog, read_catalog
from edgeops.fleet.check_schema import SchemaChecker
from edgeops.fleet.device import Resolver
from edgeops.fleet.edge import render_device
from edgeops.fleet.hubs import find_hub, hub_targets, hubs_of, on_another_hub
from edgeops.fleet.kinds import Device
from edgeops.fleet.layers import Layer, Path, settings
from edgeops.fleet.model import LOCAL, Named, Place, Snapshot
from edgeops.fleet.software import setter_of
from edgeops.fleet.suggest import did_you_mean
from edgeops.fleet.variables import Scope, references
from edgeops.jsonvalue import JsonObject, keys_of
from edgeops.jsonvalue import pointer as pointer_of
from edgeops.secret_reference import values_in


@dataclass(frozen=True, slots=True)
class Overridden:
    """An overridden value, its place and the name of its layer; None is a removal by `null`."""

    value: Any
    place: Place
    layer: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable in a value: its name and value, and who set it."""

    name: str
    value: Any
    place: Place
    layer: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One value of a resolved device: its JSON pointer, and who set it.

    `place` is None for a default of edgeops; `ignored` is that of the `ignore` that leaves the
    value to others, so that it is not written. `overrode` has the values of lower layers, the
    highest first. If variables were replaced in the value, `written` is the value before that, and
    `variables` are those.
    """

    path: str
    value: Any
    place: Place | None
    layer: str
    overrode: tuple[Overridden, ...] = ()
    written: Any = None
    variables: tuple[Variable, ...] = ()
    ignored: Place | None = None


def explain(
    snapshot: Snapshot,
    device: str,
    pointer: str = "",
    *,
    hub: str = LOCAL,
    local_artifacts_url: str | None = None,
) -> tuple[Explained, ...]:
    """Every value at or below a pointer into the document of a device, in order of path.

    The document is that of `render_device` for a hub. Also works when other parts of the fleet have
    problems. Raises EdgeOpsError, with a hint, for a device that is not on this hub, and a pointer
    or hub that does not exist.
    """
    catalog, _ = read_catalog(snapshot)
    hubs = hub_targets(catalog, local_artifacts_url)
    artifacts = find_hub(hubs, hub).artifacts if hubs else None
    # Without schemas: nothing is validated here.
    url = artifacts.url if artifacts else ""
    resolver = Resolver(catalog, hub, url, {}, SchemaChecker(), with_ignored=True)
    manifest = _find_device(catalog, device)
    groups = resolver.groups(manifest)
    bound = hubs_of(manifest, groups)
    if bound is not None and hub not in bound:
        raise on_another_hub(device, bound)
    resolved, _ = resolver.resolve(manifest, groups)
    stack = resolver.stack(manifest, groups, resolved.modules)
    scope = resolver.scope(manifest, groups)
    start = _path(pointer)
    explained: list[Explained] = []
    ignored = dict(_ignored(stack))
    values = values_in(_part(render_device(resolved), start), start)
    for path, value in sorted(values, key=itemgetter(0)):
        if path[:1] == ("ignore",):
            explained += (Explained("/ignore", each, *where) for each, where in ignored.items())
            continue
        at, setter = pointer_of(*path), setter_of(path, resolved.models)
        by = next((where for each, (where, _) in ignored.items() if _covers(each, path)), None)
        candidates = settings(stack, setter, null=value is None)
        if candidates:
            winner, *lower = candidates
            overrode = tuple(Overridden(low.value, low.place, low.layer.name) for low in lower)
            used = tuple(_variables(winner.value, scope, stack, manifest))
            written = winner.value if used else None
            explained.append(
                Explained(at, value, winner.place, winner.layer.name, overrode, written, used, by)
            )
        elif value not in ({}, None):  # `parent: null` removes, as in other layers
            explained.append(Explained(at, value, None, "default"))
    return tuple(explained)


def _ignored(stack: Sequence[Layer]) -> Iterator[tuple[str, tuple[Place, str]]]:
    """The pointers that layers leave to others, each with its place and the name of its layer."""
    for layer in reversed(stack):
        for index, pointer in enumerate(layer.value.get("ignore", ())):
            at = f"{layer.pointer}/ignore/{index}"
            yield pointer, (layer.document.place(at), layer.name)


def _covers(pointer: str, path: Path) -> bool:
    keys = keys_of(pointer)
    return path[: len(keys)] == keys


def _variables(
    value: Any, scope: Scope, stack: Sequence[Layer], device: Named[Device]
) -> Iterator[Variable]:
    """The variables that a value refers to, then those that they refer to."""
    waiting, told = sorted(references(value)), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in told or name not in scope.written:
            continue
        told.add(name)
        candidates = settings(stack, ("variables", name))
        if candidates:
            place, layer = candidates[0].place, candidates[0].layer.name
            waiting += sorted(references(candidates[0].value))
        else:  # one that every device has
            place, layer = device.place, f"Device {device.name}"
        yield Variable(name, scope.value_or_reason(name), place, layer)


def _find_device(catalog: Catalog, name: str) -> Named[Device]:
    if name in catalog.devices:
        return catalog.devices[name]
    hint = did_you_mean(name, catalog.devices) or f"the fleet has {len(catalog.devices)} devices"
    raise EdgeOpsError(f"the fleet has no device `{name}`", hint)


def _path(pointer: str) -> Path:
    if pointer and not pointer.startswith("/"):
        raise EdgeOpsError(
            f"`{pointer}` is not a JSON pointer", f"start it with a slash: `/{pointer}`"
        )
    return keys_of(pointer.rstrip("/"))


def _part(document: JsonObject, path: Path) -> Any:
    value: Any = document
    for depth, key in enumerate(path):
        if not isinstance(value, dict):
            above = pointer_of(*path[:depth])
            raise EdgeOpsError(
                f"the device has nothing at {pointer_of(*path)}", f"{above} is a single value"
            )
        if key not in value:
            keys = ", ".join(sorted(value)) or "nothing"
            raise EdgeOpsError(
                f"the device has nothing at {pointer_of(*path[: depth + 1])}",
                f"{pointer_of(*path[:depth]) or 'the root'} has: {keys}",
            )
        value = value[key]
    return value
