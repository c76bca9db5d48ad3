"""Resolves a snapshot to the desired fleet, and reports all problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations

from edgeops.fleet.attempt import attempt
from edgeops.fleet.catalog import Catalog, read_catalog
from edgeops.fleet.check_catalog import (
    empty_set_warnings,
    name_problems,
    reference_problems,
    reserved_names,
    ring_problems,
    rollout_value_problems,
    selector_warnings,
    unused_context_warnings,
)
from edgeops.fleet.check_schema import SchemaChecker
from edgeops.fleet.device import Groups, Resolver
from edgeops.fleet.finding import DeviceOnHubs, Ledger, Share
from edgeops.fleet.hubs import alike, find_hub, hub_targets, hubs_of
from edgeops.fleet.identity import parent_problems
from edgeops.fleet.ignore import ignore_problems
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
    split,
)
from edgeops.fleet.outline import may_hold
from edgeops.fleet.software import setter_of
from edgeops.fleet.traits import Traits, traits_of
from edgeops.fleet.trust import Trust, read_trust, signature_problems
from edgeops.jsonvalue import pointer

_LONGEST = 800  # characters of a message, and of a hint


@dataclass(frozen=True, slots=True)
class Resolution:
    """The desired fleet, None if there are problems; both lists are sorted and unique."""

    fleet: DesiredFleet | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A resolution, and what it rests on.

    `traits` are those of each device that was resolved, `resolvers` resolve a device on a hub,
    `hubs` are those that were checked. Not `separable`: the result for a device also depends on
    other devices, in a way that their traits do not tell, or checks failed; there are no traits.
    """

    resolution: Resolution
    catalog: Catalog
    traits: Mapping[str, Traits]
    resolvers: Mapping[str, Resolver]
    hubs: frozenset[str]
    separable: bool


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
    return evaluate(snapshot, hub, every_hub, local_artifacts_url, memo).resolution


def evaluate(
    snapshot: Snapshot,
    hub: str,
    every_hub: bool,
    local_artifacts_url: str | None,
    memo: Memo | None,
    others: Iterable[tuple[str, Share]] = (),
) -> Evaluation:
    """As `resolve`; `others` are the problems of devices that are not in the snapshot."""
    catalog, not_unique = read_catalog(snapshot)
    hubs, hub_problems = attempt(partial(hub_targets, catalog, local_artifacts_url), _at_fleet)
    artifacts = find_hub(hubs, hub).artifacts if hubs else None
    trust, key_problems = read_trust(catalog, snapshot.keys)
    checked = checked_hubs(catalog, hub, every_hub=every_hub)
    devices = _Devices(catalog, snapshot, SchemaChecker(memo), checked, trust)
    for names in alike(catalog, devices.hubs):
        devices.resolve(names, artifacts)
    for device, share in others:
        devices.ledger.add(device, share)
    found = {*snapshot.problems, *snapshot.warnings}
    found.update(not_unique, hub_problems, key_problems, devices.problems())
    # What these look at in other devices is their name and parent, or must be in `Traits`.
    checks = [
        reference_problems(catalog, snapshot),
        name_problems(catalog),
        reserved_names(catalog),
        ignore_problems(catalog),
        ring_problems(catalog.groups.values()),
        rollout_value_problems(catalog.groups.values()),
        parent_problems(catalog.devices),
        selector_warnings(catalog, snapshot),
        empty_set_warnings(catalog),
        unused_context_warnings(catalog, snapshot),
        signature_problems(catalog, trust) if trust else (),
    ]
    stores = [
        _artifact_problems(catalog, name, devices.resolved[name])
        for name in sorted(devices.hubs)
        if hubs and name in hubs and hubs[name].artifacts is None
    ]
    without_store = _reported(stores)
    found |= _reported(checks) | without_store
    problems, warnings = split(map(_bounded, found))
    fleet = _fleet(catalog, snapshot, hub, hubs, devices) if hubs and not problems else None
    failed = any(problem.error for problem in problems)
    separable = not (failed or without_store or devices.checker.strained)
    return Evaluation(
        Resolution(fleet, problems, warnings),
        catalog,
        devices.traits() if separable else {},
        devices.resolvers,
        devices.hubs,
        separable,
    )


def checked_hubs(catalog: Catalog, hub: str, *, every_hub: bool) -> frozenset[str]:
    """The hubs that devices are resolved for: one, or those of the Fleet too."""
    named = catalog.fleet.spec.hubs.keys() if catalog.fleet and every_hub else ()
    return frozenset({hub, *named})


def _reported(checks: Iterable[Iterable[Problem]]) -> set[Problem]:
    """What checks report, and which of them fail."""
    found: set[Problem] = set()
    for check in checks:
        reported, failures = attempt(partial(tuple, check), _at_fleet)
        found.update((*(reported or ()), *failures))
    return found


def _fleet(
    catalog: Catalog,
    snapshot: Snapshot,
    hub: str,
    hubs: Mapping[str, HubTarget],
    devices: _Devices,
) -> DesiredFleet | None:
    if catalog.fleet is None:
        return None
    limits = catalog.fleet.spec.limits
    return DesiredFleet(
        name=catalog.fleet.name,
        commit=snapshot.commit,
        hubs=hubs,
        devices=devices.resolved[hub],
        max_deletes=limits.get("maxDeletes", "10%"),
        uid=catalog.fleet.spec.uid,
        elsewhere={name: hubs for name, hubs in devices.bound.items() if hub not in hubs},
        paused_elsewhere=frozenset(devices.paused),
    )


def _at_fleet() -> Place:
    return Place("fleet")


def _bounded(problem: Problem) -> Problem:
    """The problem with message and hint cut to a limit, for absurdly long names in them."""
    return replace(problem, message=problem.message[:_LONGEST], hint=problem.hint[:_LONGEST])


@dataclass(slots=True)
class _Devices:
    """Resolves the devices of `hubs`, and collects the problems of all.

    `resolved` has the devices of each hub, `bound` the hubs of the devices that are not on all,
    `paused` those of these that git pauses.
    """

    catalog: Catalog
    snapshot: Snapshot
    checker: SchemaChecker
    hubs: frozenset[str]
    trust: Trust | None = None
    resolved: dict[str, dict[str, DesiredDevice]] = field(default_factory=dict)
    bound: dict[str, tuple[str, ...]] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    resolvers: dict[str, Resolver] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    _groups: dict[str, Groups] = field(default_factory=dict)
    _clashing: dict[tuple[str, ...], list[Problem]] = field(default_factory=dict)
    _failures: list[Problem] = field(default_factory=list)

    def resolve(self, hubs: frozenset[str], artifacts: ArtifactTarget | None) -> None:
        """Resolve the devices of some hubs, on which every device has the same values."""
        url = artifacts.url if artifacts else ""
        resolver = Resolver(self.catalog, min(hubs), url, self.snapshot.schemas, self.checker)
        incomplete = may_hold(self.snapshot.spoiled, "Fleet", "Group")
        self.resolved |= {hub: {} for hub in hubs}
        self.resolvers |= dict.fromkeys(hubs, resolver)

        def resolve_device(device: Named[Device]) -> None:
            groups = self._groups[device.name] = resolver.groups(device)
            names = hubs_of(device, groups)
            if names is not None:
                self.bound[device.name] = names
                if resolver.is_paused(device, groups):
                    self.paused.add(device.name)
            of = self.hubs if names is None else self.hubs & frozenset(names)
            if not of & hubs:
                return
            owner = DeviceOnHubs(device.name, of & hubs, of)
            resolved, findings = resolver.resolve(device, groups)
            if self.trust:
                findings = (*findings, *self.trust.findings(resolved))
            for hub in owner.on:
                self.resolved[hub][device.name] = resolved
            stack = resolver.stack(device, groups, resolved.modules) if findings else ()
            for finding in findings:
                if not (incomplete and finding.absence):
                    path = setter_of(finding.path, resolved.models)
                    self.ledger.blame(replace(finding, path=path), stack, owner)
            if resolved.groups not in self._clashing:
                self._clashing[resolved.groups] = list(_clashes(groups))
            for problem in self._clashing[resolved.groups]:
                self.ledger.add(device.name, Share(problem, owner.on, owner.hubs))

        for _, device in sorted(self.catalog.devices.items()):
            _, failed = attempt(
                partial(resolve_device, device),
                partial(device.document.place, device.pointer),
                device.pointer,
            )
            self._failures += failed

    def problems(self) -> list[Problem]:
        """The problems of all devices so far."""
        return [*self.ledger.problems(), *self._failures]

    def traits(self) -> dict[str, Traits]:
        """The traits of the devices."""
        shares = self.ledger.shares
        return {
            name: traits_of(
                self.catalog.devices[name],
                tuple(group.name for group in groups),
                self.bound.get(name),
                name in self.paused,
                tuple(shares.get(name, ())),
            )
            for name, groups in self._groups.items()
        }


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


def _artifact_problems(
    catalog: Catalog, hub: str, devices: dict[str, DesiredDevice]
) -> Iterator[Problem]:
    wanted = (release for device in devices.values() for release in device.models.values())
    without_url = sorted(
        {release.reference for release in wanted if not all(file.url for file in release.files)}
    )
    if catalog.fleet and without_url:
        at = "/spec/hubs" + pointer(hub)
        yield catalog.fleet.document.problem(
            at,
            f"hub `{hub}` has no artifact store, but devices need {', '.join(without_url)}",
            "set `artifacts.url` of the hub",
        )
