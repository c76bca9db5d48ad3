"""Resolves a snapshot to the desired fleet, and reports all problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations

from edgeops.errors import UsageError
from edgeops.fleet.attempt import attempt
from edgeops.fleet.catalog import Catalog, read_catalog
from edgeops.fleet.check_catalog import (
    empty_set_warnings,
    name_problems,
    reference_problems,
    ring_problems,
    selector_warnings,
)
from edgeops.fleet.check_schema import SchemaChecker
from edgeops.fleet.device import Groups, Resolver, setter_of
from edgeops.fleet.finding import Ledger
from edgeops.fleet.identity import parent_problems
from edgeops.fleet.kinds import Device, Group
from edgeops.fleet.layers import clashes, pointer_in
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import (
    LOCAL,
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
    every_hub: bool = False,
    local_artifacts_url: str | None = None,
    memo: Memo | None = None,
) -> Resolution:
    """The desired state of the devices on one hub, checked as far as possible offline.

    `every_hub` also reports the problems of devices as they are on other hubs.
    `local_artifacts_url` is the URL of the local hub's artifacts. `memo` keeps results of schema
    validation between runs. Raises UsageError when the Fleet has no such hub.
    """
    catalog, not_unique = read_catalog(snapshot)
    hubs, hub_problems = attempt(partial(hub_targets, catalog, local_artifacts_url), Place("fleet"))
    artifacts = find_hub(hubs, hub).artifacts if hubs else None
    devices = _Devices(catalog, snapshot, SchemaChecker(memo))
    resolved = devices.on_hub(hub, artifacts)
    for other in _other_hubs(catalog, hub) if every_hub else ():
        devices.on_hub(other, artifacts)
    found = {*snapshot.problems, *snapshot.warnings}
    found.update(not_unique, hub_problems, devices.problems())
    checks = [
        reference_problems(catalog, snapshot),
        name_problems(catalog),
        ring_problems(catalog.groups.values()),
        parent_problems(catalog.devices),
        selector_warnings(catalog, snapshot),
        empty_set_warnings(catalog),
    ]
    if artifacts is None and not hub_problems:
        checks.append(_artifact_problems(catalog, hub, resolved))
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
        devices=resolved,
        max_deletes=limits.get("maxDeletes", "10%"),
    )
    return Resolution(fleet, (), warnings)


def _other_hubs(catalog: Catalog, hub: str) -> list[str]:
    """The other hubs on which a device may have a problem that it does not have on this one."""
    if catalog.fleet is None:
        return []
    own = {
        name
        for name, layers in catalog.fleet.spec.hub_defaults.items()
        if any(layer.value for layer in layers)
    }
    bound = {name for group in catalog.groups.values() for name in group.spec.hubs or ()}
    bound |= {name for device in catalog.devices.values() for name in device.spec.hubs or ()}
    return sorted(((own | bound) & catalog.fleet.spec.hubs.keys()) - {hub})


def _bounded(problem: Problem) -> Problem:
    """The problem with message and hint cut to a limit, for absurdly long names in them."""
    return replace(problem, message=problem.message[:_LONGEST], hint=problem.hint[:_LONGEST])


@dataclass(slots=True)
class _Devices:
    """Resolves the devices of hubs, and collects the problems of all."""

    catalog: Catalog
    snapshot: Snapshot
    checker: SchemaChecker
    _ledger: Ledger = field(default_factory=Ledger)
    _clashing: dict[tuple[str, ...], list[Problem]] = field(default_factory=dict)
    _failures: list[Problem] = field(default_factory=list)

    def on_hub(self, hub: str, artifacts: ArtifactTarget | None) -> dict[str, DesiredDevice]:
        """The devices of a hub by name."""
        url = artifacts.url if artifacts else ""
        resolver = Resolver(self.catalog, hub, url, self.snapshot.schemas, self.checker)
        incomplete = may_hold(self.snapshot.spoiled, "Fleet", "Group")
        devices: dict[str, DesiredDevice] = {}

        def resolve_device(device: Named[Device]) -> None:
            groups = resolver.groups(device)
            if not _belongs(device, groups, hub):
                return
            resolved, findings = resolver.resolve(device, groups)
            devices[device.name] = resolved
            stack = resolver.stack(device, groups, resolved.modules) if findings else ()
            for finding in findings:
                if not (incomplete and finding.absence):
                    path = setter_of(finding.path, resolved.models)
                    self._ledger.blame(replace(finding, path=path), stack, device.name)
            if resolved.groups not in self._clashing:
                self._clashing[resolved.groups] = list(_clashes(groups))
            for problem in self._clashing[resolved.groups]:
                self._ledger.add(problem, device.name)

        for _, device in sorted(self.catalog.devices.items()):
            _, failed = attempt(partial(resolve_device, device), device.place, device.pointer)
            self._failures += failed
        return devices

    def problems(self) -> list[Problem]:
        """The problems of all devices so far."""
        return [*self._ledger.problems(), *self._failures]


def _belongs(device: Named[Device], groups: Groups, hub: str) -> bool:
    """Whether a device belongs to a hub: by its own word, or that of its highest group."""
    said = (device.spec.hubs, *(group.spec.hubs for group in reversed(groups)))
    hubs = next((names for names in said if names is not None), None)
    return hubs is None or hub in hubs


def _clashes(groups: Groups) -> Iterator[Problem]:
    """Groups of equal priority that set the same path, so that the result would be undefined."""
    for first, second in combinations(groups, 2):
        if first.spec.priority != second.spec.priority:
            continue
        for path in clashes(first.spec.layer.value, second.spec.layer.value):
            yield _clash(first, second, path)


def _clash(first: Named[Group], second: Named[Group], path: tuple[str, ...]) -> Problem:
    at, other = (pointer_in(group.spec.layer, path) for group in (second, first))
    return second.document.problem(
        at,
        f"groups `{first.name}` and `{second.name}` have the same priority ({first.spec.priority}) "
        f"and both set `{'/'.join(path)}`: here and at {first.document.place(other)}",
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
