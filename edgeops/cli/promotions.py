"""What a promotion reads and writes: manifests on disk, and live twins."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgeops.cli.settings import Settings, workspace
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.api.workspace import Revision
    from edgeops.fleet.model import DesiredFleet
    from edgeops.promotion.change import Change
    from edgeops.promotion.decide import Decision, RolloutState
    from edgeops.promotion.health import SlotHealth
    from edgeops.twin import LiveDevice


def read_manifests(options: Settings) -> Revision:
    """The working tree. Raises `InvalidFleet` when what it has is not valid."""
    tree = workspace(options).at(None)
    _ = tree.fleet
    return tree


def decisions(git: Revision, slot: str | None) -> list[Decision]:
    """What happens next with each slot, or with one, as the hub shows. Raises `EdgeOpsError`."""
    from edgeops.api.running import complete
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.promotion.decide import decide, rollout_state
    from edgeops.promotion.rings import rings, slots_in_rings

    if not any(group.spec.rollout for group in git.catalog.groups.values()):
        hint = "set `rollout: {ring: 1, soak: 24h}` under `spec` of the group that is first"
        raise EdgeOpsError("no group is a ring", hint)
    slots = slots_in_rings(git.catalog)
    if slot is not None and slot not in slots:
        hint = did_you_mean(slot, slots) or "promote a release to the first ring with --to"
        raise UsageError(f"no ring has a slot `{slot}`", hint)
    ways = [
        found
        for one in (slots if slot is None else (slot,))
        if (found := rollout_state(one, rings(git.catalog, git.fleet, one)))
    ]
    names = {name for one in ways for name in one.witnesses}
    live = complete(_live(git, names)) if names else {}
    now = git.workspace.clock.now()
    return [decide(one, _states(one, git.fleet, live), now) for one in ways]


async def _live(git: Revision, names: set[str]) -> dict[str, LiveDevice]:
    from edgeops.api.reading import read
    from edgeops.api.session import open_session

    where = git.workspace
    async with open_session(where, git.fleet.hubs[where.hub]) as hub:
        return await read(where, hub, git.fleet, names)


def _states(
    one: RolloutState, fleet: DesiredFleet, live: Mapping[str, LiveDevice]
) -> dict[str, SlotHealth]:
    from edgeops.promotion.health import slot_health

    return {
        name: slot_health(
            fleet.devices[name], live.get(name), one.slot, fleet=fleet.name, commit=fleet.commit
        )
        for name in one.witnesses
    }


def edit(git: Revision, changes: Sequence[Change], dry_run: bool) -> dict[str, tuple[str, str]]:
    """Write the files that change, unless it is a dry run; gives their texts before and after.

    Raises `EdgeOpsError`, and then has written none.
    """
    from edgeops.cli.files import write_atomically
    from edgeops.promotion.change import affected, edited
    from edgeops.source.revision import uncommitted
    from edgeops.source.schemas import packaged_schemas

    root, note = git.workspace.root, git.workspace.observer.note
    texts = edited(changes, lambda file: (root / file).read_bytes().decode())
    if not texts:
        return texts
    after = {file: text for file, (_, text) in texts.items()}
    devices = affected(git.snapshot, git.fleet, after, packaged_schemas(), git.workspace.hub)
    with contextlib.suppress(EdgeOpsError):  # no git repository
        for file in sorted(texts.keys() & set(uncommitted(root))):
            note(f"note: {file} had changes before that are not committed")
    note(
        f"devices that get another release once this is committed and synced: {len(devices):,}"
        if devices
        else "note: no device gets another release: groups of a higher priority,"
        " or the devices themselves, set the slot"
    )
    if not dry_run:
        for file, text in after.items():
            write_atomically(root / file, text)
    return texts
