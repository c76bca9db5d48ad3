"""Resolves a snapshot to the desired fleet, and reports all problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

from edgeops.errors import UsageError
from edgeops.fleet.attempt import attempt
from edgeops.fleet.catalog import Catalog, read_catalog
from edgeops.fleet.check_catalog import (
    empty_set_warnings,
    reference_problems,
    ring_problems,
    selector_warnings,
)
from edgeops.fleet.check_schema import SchemaChecker
from edgeops.fleet.device import Groups, Resolver, setter_of
from edgeops.fleet.finding import Ledger
from edgeops.fleet.kinds import Device, Group
from edgeops.fleet.layers import clashes
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import (
    ArtifactTarget,
    DesiredDevice,
    DesiredFleet,
    HubTarget,
    Named,
    Place,
    Problem,
    Snapshot,
    StoreKind,
    split,
)
from edgeops.fleet.outline import may_hold
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import JsonObject, pointer

LOCAL = "local"
_LONGEST = 800  # characters of a message, and of a hint


@dataclass(frozen=True, slots=True)
class Resolution:
    """The desired fleet, None if there are problems; both lists are sorted and unique."""

    fleet: DesiredFleet | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def resolve(
    snapshot: Snapshot,
    *,
    hub: str = LOCAL,
    local_artifacts_url: str | None = None,
    memo: Memo | None = None,
) -> Resolution:
    """The desired state of all devices on one hub, checked as far as possible offline.

    `local_artifacts_url` is the URL of the local hub's artifacts. `memo` keeps results of schema
    validation between runs. Raises UsageError when the Fleet has no such hub.
    """
    catalog, name_problems = read_catalog(snapshot)
    hubs, hub_problems = attempt(partial(hub_targets, catalog, local_artifacts_url), Place("fleet"))
    artifacts = find_hub(hubs, hub).artifacts if hubs else None
    resolver = Resolver(
        catalog, artifacts.url if artifacts else "", snapshot.schemas, SchemaChecker(memo)
    )
    incomplete = may_hold(snapshot.spoiled, "Fleet", "Group")
    devices, device_problems = _resolve_devices(resolver, incomplete=incomplete)
    found = {*snapshot.problems, *snapshot.warnings}
    found.update(name_problems, hub_problems, device_problems)
    checks = [
        reference_problems(catalog, snapshot),
        ring_problems(catalog.groups.values()),
        selector_warnings(catalog, snapshot),
        empty_set_warnings(catalog),
    ]
    if artifacts is None and not hub_problems:
        checks.append(_artifact_problems(catalog, hub, devices))
    for check in checks:
        reported, failures = attempt(partial(tuple, check), Place("fleet"))
        found.update((*(reported or ()), *failures))
    problems, warnings = split(map(_bounded, found))
    if problems or catalog.fleet is None or hubs is None:
        return Resolution(None, problems, warnings)
    limits = catalog.fleet.spec.limits
    fleet = DesiredFleet(
        name=catalog.fleet.name,
        commit=snapshot.commit,
        hubs=hubs,
        devices=devices,
        max_deletes=limits.get("maxDeletes", "10%"),
    )
    return Resolution(fleet, (), warnings)


def _bounded(problem: Problem) -> Problem:
    """The problem with message and hint cut to a limit, for absurdly long names in them."""
    return replace(problem, message=problem.message[:_LONGEST], hint=problem.hint[:_LONGEST])


def _resolve_devices(
    resolver: Resolver, *, incomplete: bool
) -> tuple[dict[str, DesiredDevice], list[Problem]]:
    ledger = Ledger()
    clashing: dict[tuple[str, ...], list[Problem]] = {}
    devices: dict[str, DesiredDevice] = {}

    def resolve_device(device: Named[Device]) -> None:
        groups = resolver.groups(device)
        resolved, findings = resolver.resolve(device, groups)
        devices[device.name] = resolved
        stack = resolver.stack(device, groups) if findings else ()
        for finding in findings:
            if not (incomplete and finding.absence):
                path = setter_of(finding.path, resolved.models)
                ledger.blame(replace(finding, path=path), stack, device.name)
        if resolved.groups not in clashing:
            clashing[resolved.groups] = list(_clashes(groups))
        for problem in clashing[resolved.groups]:
            ledger.add(problem, device.name)

    failures: list[Problem] = []
    for _, device in sorted(resolver.catalog.devices.items()):
        _, failed = attempt(partial(resolve_device, device), device.place, device.pointer)
        failures += failed
    return devices, [*ledger.problems(), *failures]


def _clashes(groups: Groups) -> Iterator[Problem]:
    """Groups of equal priority that set the same path, so that the result would be undefined."""
    for first, second in combinations(groups, 2):
        if first.spec.priority != second.spec.priority:
            continue
        for path in clashes(first.spec.layer.value, second.spec.layer.value):
            yield _clash(first, second, path)


def _clash(first: Named[Group], second: Named[Group], path: tuple[str, ...]) -> Problem:
    at = second.spec.layer.pointer + pointer(*path)
    other = first.document.place(first.spec.layer.pointer + pointer(*path))
    return second.document.problem(
        at,
        f"groups `{first.name}` and `{second.name}` have the same priority ({first.spec.priority}) "
        f"and both set `{'/'.join(path)}`: here and at {other}",
        "give one of them a higher `metadata.priority`",
    )


def hub_targets(catalog: Catalog, local_artifacts_url: str | None) -> dict[str, HubTarget]:
    """The hubs of the Fleet by name, with the local one; empty without a Fleet."""
    if catalog.fleet is None:
        return {}
    local = ArtifactTarget(local_artifacts_url, StoreKind.LOCAL) if local_artifacts_url else None
    hubs = {LOCAL: HubTarget(LOCAL, artifacts=local, create_devices=True)}
    for name, spec in catalog.fleet.spec.hubs.items():
        if name != LOCAL:
            hubs[name] = _azure_hub(name, spec)
    return hubs


def find_hub(hubs: Mapping[str, HubTarget], name: str) -> HubTarget:
    """The hub with this name. Raises `UsageError` when there is none."""
    if name not in hubs:
        hint = did_you_mean(name, hubs) or f"spec.hubs of the Fleet has: {', '.join(sorted(hubs))}"
        raise UsageError(f"the fleet has no hub `{name}`", hint)
    return hubs[name]


def _azure_hub(name: str, spec: JsonObject) -> HubTarget:
    return HubTarget(
        name=name,
        hostname=spec["hostname"],
        sku=spec.get("sku", "S1"),
        units=spec.get("units", 1),
        connection_string_env=spec.get("connectionStringEnv"),
        entra=spec.get("auth") == "entra",
        artifacts=_artifacts(spec["artifacts"]) if "artifacts" in spec else None,
        create_devices=spec.get("createDevices", False),
    )


def _artifacts(spec: JsonObject) -> ArtifactTarget:
    return ArtifactTarget(
        url=spec["url"],
        store=StoreKind(spec["store"]) if "store" in spec else None,
        connection_string_env=spec.get("connectionStringEnv"),
    )


def _artifact_problems(
    catalog: Catalog, hub: str, devices: dict[str, DesiredDevice]
) -> Iterator[Problem]:
    wanted = {release for device in devices.values() for release in device.models.values()}
    without_url = sorted(release.reference for release in wanted if release.url is None)
    if catalog.fleet and without_url:
        at = "/spec/hubs" + pointer(hub)
        yield catalog.fleet.document.problem(
            at,
            f"hub `{hub}` has no artifact store, but devices need {', '.join(without_url)}",
            "set `artifacts.url` of the hub",
        )
