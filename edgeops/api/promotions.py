"""Promotes values from ring to ring, such as releases: edits the manifests of groups."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeops.api.session import on_hub, read
from edgeops.api.workspace import Revision, Workspace
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.fleet.catalog import Catalog
    from edgeops.fleet.layers import Path
    from edgeops.health.since import ValueHealth
    from edgeops.promotion.change import ManifestChange
    from edgeops.promotion.decide import Decision, RolloutState
    from edgeops.twin import LiveDevice

_SHOWN = 20  # paths in a hint


@dataclass(frozen=True, slots=True)
class Promotion:
    """The changes of a promotion, and the text of each edited file before and after.

    `decisions` has the decision for each value; None for an explicit promotion.
    """

    changes: tuple[ManifestChange, ...]
    texts: Mapping[str, tuple[str, str]]
    decisions: tuple[Decision, ...] | None = None

    @property
    def is_over(self) -> bool:
        """Whether no value is on hold: something changes, or every ring has its value."""
        from edgeops.promotion.decide import Step

        return bool(self.changes) or all(
            decision.step is Step.DONE for decision in self.decisions or ()
        )


def promote(
    workspace: Workspace,
    release: str,
    group: str,
    *,
    slot: str | None = None,
    dry_run: bool = False,
) -> Promotion:
    """Give a group a release (`name@version`), in the slot that holds that model by default.

    Edits its manifest on disk, unless it is a `dry_run`. Raises `UsageError` for
    a release, group or slot that does not exist, `InvalidFleet`, and
    `EdgeOpsError`; nothing is edited then.
    """
    tree = read_valid(workspace)
    changes = (_wanted(tree.catalog, release, group, slot),)
    return Promotion(changes, edit(tree, changes, dry_run=dry_run))


def promote_next(
    workspace: Workspace,
    *,
    slot: str | None = None,
    revert_degraded: bool = False,
    dry_run: bool = False,
) -> Promotion:
    """Promote the release of each slot, or of one, to its next ring once its soak time is over.

    If a release is Degraded, `revert_degraded` gives its rings the release that
    a later ring still runs. Raises like `promote`, and `HubError`.
    """
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.promotion.rings import slots_in_rings
    from edgeops.promotion.value import slot_path

    tree = read_rings(workspace)
    slots = slots_in_rings(tree.catalog)
    if slot is not None and slot not in slots:
        hint = did_you_mean(slot, slots) or "promote a release to the first ring with --to"
        raise UsageError(f"no ring has a slot `{slot}`", hint)
    paths = [slot_path(name) for name in slots if slot in (None, name)]
    return _promote(tree, paths, revert_degraded=revert_degraded, dry_run=dry_run)


def promote_values(
    workspace: Workspace,
    paths: Sequence[str] = (),
    *,
    revert_degraded: bool = False,
    dry_run: bool = False,
) -> Promotion:
    """Promote values to their next ring once their soak time is over.

    `paths` are as in manifests: `modules.opc.image`, or `models` for all slots; by
    default `models` and what `rollout.values` of the rings name. Raises like
    `promote_next`, and `UsageError` for a path that no ring sets.
    """
    tree = read_rings(workspace)
    wanted = _paths(tree.catalog, paths)
    return _promote(tree, wanted, revert_degraded=revert_degraded, dry_run=dry_run)


def promote_values_to(
    workspace: Workspace, paths: Sequence[str], group: str, *, dry_run: bool = False
) -> Promotion:
    """Give a group what the first ring has at these paths, without waiting.

    Raises like `promote_values`.
    """
    from edgeops.promotion.change import change
    from edgeops.promotion.decide import rollout_state
    from edgeops.promotion.rings import rings

    tree = read_rings(workspace)
    _check_group(tree.catalog, group)
    wanted = _paths(tree.catalog, paths)
    states = [rollout_state(path, rings(tree.catalog, tree.fleet, path)) for path in wanted]
    changes = tuple(
        change(tree.catalog, group, state.path, state.value) for state in states if state
    )
    return Promotion(changes, edit(tree, changes, dry_run=dry_run))


def decide_next(tree: Revision, paths: Iterable[Path]) -> tuple[Decision, ...]:
    """The decision for the value at each path, from the live twins. Raises `EdgeOpsError`."""
    from edgeops.api.statuses import is_in_sync
    from edgeops.promotion.decide import decide, rollout_state
    from edgeops.promotion.rings import rings
    from edgeops.promotion.value import is_slot

    workspace, fleet = tree.workspace, tree.fleet
    states = [rollout_state(path, rings(tree.catalog, fleet, path)) for path in paths]
    rollouts = [state for state in states if state]
    names = {name for rollout in rollouts for name in rollout.witnesses}
    timed = any(not is_slot(rollout.path) for rollout in rollouts if rollout.rest)
    live = (
        on_hub(workspace, fleet, lambda hub: read(workspace, hub, fleet, names, timed=timed))
        if names
        else {}
    )
    now = workspace.clock.now()
    in_sync = {name: is_in_sync(fleet, name, live.get(name)) for name in names}
    return tuple(
        decide(rollout, _health(tree, rollout, live, in_sync), now) for rollout in rollouts
    )


def edit(
    tree: Revision, changes: Sequence[ManifestChange], *, dry_run: bool
) -> dict[str, tuple[str, str]]:
    """Edit the changed files, unless it is a dry run; gives their texts before and after.

    Notes how many devices change. Raises `EdgeOpsError` before it writes a file.
    """
    from edgeops.files import write_whole
    from edgeops.promotion.change import affected, edited
    from edgeops.promotion.value import is_slot
    from edgeops.source.revision import uncommitted
    from edgeops.source.schemas import packaged_schemas

    root, note = tree.workspace.root, tree.workspace.observer.note
    texts = edited(changes, lambda file: (root / file).read_bytes().decode())
    if not texts:
        return texts
    after = {file: text for file, (_, text) in texts.items()}
    devices = affected(tree.snapshot, tree.fleet, after, packaged_schemas(), tree.workspace.hub)
    with contextlib.suppress(EdgeOpsError):  # no git repository
        for file in sorted(texts.keys() & set(uncommitted(root))):
            note(f"note: {file} already had uncommitted changes")
    models = all(is_slot(change.path) for change in changes)
    what, where = ("release", "slot") if models else ("value", "value")
    note(
        f"devices that get another {what} once this is committed and synced: {len(devices):,}"
        if devices
        else f"note: no device gets another {what}: groups of a higher priority,"
        f" or the devices themselves, set the {where}"
    )
    if not dry_run:
        for file, text in after.items():
            with doing(f"write {file}"):
                write_whole(root / file, text.encode())
    return texts


def read_valid(workspace: Workspace) -> Revision:
    """The working tree. Raises `InvalidFleet` when its desired state is not valid."""
    tree = workspace.at(None)
    _ = tree.fleet
    return tree


def read_rings(workspace: Workspace) -> Revision:
    """The working tree. Raises as `read_valid`, and `EdgeOpsError` when no group is a ring."""
    from edgeops.promotion.rings import ring_groups

    tree = read_valid(workspace)
    if not ring_groups(tree.catalog):
        hint = "set `rollout: {ring: 1, soak: 24h}` under `spec` of the first group"
        raise EdgeOpsError("no group is a ring", hint)
    return tree


def _promote(
    tree: Revision, paths: Iterable[Path], *, revert_degraded: bool, dry_run: bool
) -> Promotion:
    from edgeops.promotion.change import changes_of

    decisions = decide_next(tree, paths)
    changes = tuple(
        change
        for decision in decisions
        for change in changes_of(tree.catalog, decision, revert=revert_degraded)
    )
    return Promotion(changes, edit(tree, changes, dry_run=dry_run), decisions)


def _paths(catalog: Catalog, given: Sequence[str]) -> tuple[Path, ...]:
    """The paths of values, each once. Raises `UsageError` for one that no ring sets."""
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.fleet.value_path import read_path, show_path
    from edgeops.promotion.rings import declared, ring_groups, slots_in_rings, values_in_rings
    from edgeops.promotion.value import Absent, slot_path, value_in

    if not given:
        return declared(catalog)
    layers = [group.spec.layer.value for _, group in ring_groups(catalog)]
    paths = dict[Any, None]()
    for text in given:
        if text in ("models", "/models"):
            paths |= dict.fromkeys(map(slot_path, slots_in_rings(catalog)))
            continue
        path = read_path(text)
        if all(isinstance(value_in(layer, path), Absent) for layer in layers):
            known = [show_path(path) for path in values_in_rings(catalog)]
            near = did_you_mean(text, known)
            more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
            listed = f"the rings set {', '.join(known[:_SHOWN])}{more}"
            raise UsageError(f"no ring sets `{text}`", f"{near} {listed}".strip())
        paths[path] = None
    return tuple(paths)


def _check_group(catalog: Catalog, group: str) -> None:
    from edgeops.fleet.suggest import did_you_mean

    if group not in catalog.groups:
        known = f"the groups are {', '.join(sorted(catalog.groups))}"
        hint = did_you_mean(group, catalog.groups) or known
        raise UsageError(f"there is no group `{group}`", hint)


def _wanted(catalog: Catalog, release: str, group: str, slot: str | None) -> ManifestChange:
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.promotion.change import change
    from edgeops.promotion.slots import choose_slot
    from edgeops.promotion.value import slot_path

    model, at, _ = release.partition("@")
    if not at:
        raise UsageError(f"`{release}` is not a release", "give NAME@VERSION")
    if release not in catalog.releases:
        versions = sorted(name for name in catalog.releases if name.startswith(f"{model}@"))
        known = f"the releases are {', '.join(versions)}" if versions else ""
        hint = known or did_you_mean(release, catalog.releases) or "publish it first"
        raise UsageError(f"there is no release `{release}` in models/", hint)
    _check_group(catalog, group)
    return change(catalog, group, slot_path(choose_slot(catalog, model, slot)), release)


def _health(
    tree: Revision,
    rollout: RolloutState,
    live: Mapping[str, LiveDevice],
    in_sync: Mapping[str, bool],
) -> dict[str, ValueHealth]:
    from edgeops.api.live import published_wape
    from edgeops.health.since import value_health
    from edgeops.promotion.value import is_slot

    fleet, path = tree.fleet, rollout.path
    has_wape = is_slot(path) and published_wape(tree.catalog, rollout.value) is not None
    return {
        name: value_health(
            fleet.devices[name], live.get(name), path, in_sync[name], has_wape=has_wape
        )
        for name in rollout.witnesses
    }
