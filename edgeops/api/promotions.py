"""Promotes releases: edits the manifests of groups that get another release."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.session import on_hub, read
from edgeops.api.workspace import Revision, Workspace
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.fleet.catalog import Catalog
    from edgeops.health.slot import SlotHealth
    from edgeops.promotion.change import ManifestChange
    from edgeops.promotion.decide import Decision, RolloutState
    from edgeops.twin import LiveDevice


@dataclass(frozen=True, slots=True)
class Promotion:
    """The changes of a promotion, and the text of each edited file before and after.

    `decisions` has the decision for each slot; None for an explicit promotion.
    """

    changes: tuple[ManifestChange, ...]
    texts: Mapping[str, tuple[str, str]]
    decisions: tuple[Decision, ...] | None = None

    @property
    def is_over(self) -> bool:
        """Whether no release is on hold: something changes, or every ring has its release."""
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
    from edgeops.promotion.change import changes_of

    tree = read_valid(workspace)
    decisions = decide_next(tree, slot)
    changes = tuple(
        change
        for decision in decisions
        for change in changes_of(tree.catalog, decision, revert=revert_degraded)
    )
    return Promotion(changes, edit(tree, changes, dry_run=dry_run), decisions)


def decide_next(tree: Revision, slot: str | None = None) -> tuple[Decision, ...]:
    """The decision for each slot, or for one, from the live twins. Raises `EdgeOpsError`."""
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.promotion.decide import decide, rollout_state
    from edgeops.promotion.rings import rings, slots_in_rings

    workspace, fleet, catalog = tree.workspace, tree.fleet, tree.catalog
    if not any(group.spec.rollout for group in catalog.groups.values()):
        hint = "set `rollout: {ring: 1, soak: 24h}` under `spec` of the first group"
        raise EdgeOpsError("no group is a ring", hint)
    slots = slots_in_rings(catalog)
    if slot is not None and slot not in slots:
        hint = did_you_mean(slot, slots) or "promote a release to the first ring with --to"
        raise UsageError(f"no ring has a slot `{slot}`", hint)
    states = [rollout_state(name, rings(catalog, fleet, name)) for name in slots]
    rollouts = [state for state in states if state and slot in (None, state.slot)]
    names = {name for rollout in rollouts for name in rollout.witnesses}
    live = on_hub(workspace, fleet, lambda hub: read(workspace, hub, fleet, names)) if names else {}
    now = workspace.clock.now()
    return tuple(decide(rollout, _health(tree, rollout, live), now) for rollout in rollouts)


def edit(
    tree: Revision, changes: Sequence[ManifestChange], *, dry_run: bool
) -> dict[str, tuple[str, str]]:
    """Edit the changed files, unless it is a dry run; gives their texts before and after.

    Notes how many devices get another release. Raises `EdgeOpsError` before it writes a file.
    """
    from edgeops.files import write_whole
    from edgeops.promotion.change import affected, edited
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
    note(
        f"devices that get another release once this is committed and synced: {len(devices):,}"
        if devices
        else "note: no device gets another release: groups of a higher priority,"
        " or the devices themselves, set the slot"
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


def _wanted(catalog: Catalog, release: str, group: str, slot: str | None) -> ManifestChange:
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.promotion.change import change
    from edgeops.promotion.slots import choose_slot

    model, at, _ = release.partition("@")
    if not at:
        raise UsageError(f"`{release}` is not a release", "give NAME@VERSION")
    if release not in catalog.releases:
        versions = sorted(name for name in catalog.releases if name.startswith(f"{model}@"))
        known = f"the releases are {', '.join(versions)}" if versions else ""
        hint = known or did_you_mean(release, catalog.releases) or "publish it first"
        raise UsageError(f"there is no release `{release}` in models/", hint)
    if group not in catalog.groups:
        known = f"the groups are {', '.join(sorted(catalog.groups))}"
        hint = did_you_mean(group, catalog.groups) or known
        raise UsageError(f"there is no group `{group}`", hint)
    return change(catalog, group, choose_slot(catalog, model, slot), release)


def _health(
    tree: Revision, rollout: RolloutState, live: Mapping[str, LiveDevice]
) -> dict[str, SlotHealth]:
    from edgeops.api.statuses import is_in_sync
    from edgeops.health.slot import slot_health

    fleet, slot = tree.fleet, rollout.slot
    devices = {name: (fleet.devices[name], live.get(name)) for name in rollout.witnesses}
    return {
        name: slot_health(device, on_hub, slot, is_in_sync(fleet, name, on_hub))
        for name, (device, on_hub) in devices.items()
    }
