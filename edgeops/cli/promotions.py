"""What a promotion reads and writes: manifests on disk, and live twins."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.cli.load import desired_fleet, parse_cache, repository, snapshot
from edgeops.cli.settings import Settings
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.fleet.catalog import Catalog
    from edgeops.fleet.model import DesiredFleet, Snapshot
    from edgeops.promotion.change import Change
    from edgeops.promotion.decide import Decision, Way
    from edgeops.promotion.health import SlotHealth
    from edgeops.twin import LiveDevice


@dataclass(frozen=True)
class Manifests:
    """The manifests as they are on disk, and the valid fleet that they make."""

    root: Path
    snapshot: Snapshot
    catalog: Catalog
    fleet: DesiredFleet


def read_manifests(options: Settings) -> Manifests:
    """Read the working tree. Raises `InvalidState` after printing what is wrong with it."""
    from edgeops.fleet.catalog import read_catalog

    root = repository(options)
    fleet = desired_fleet(options, None)
    with parse_cache(root) as cache:
        found = snapshot(root, None, cache)
    return Manifests(root, found, read_catalog(found)[0], fleet)


def decisions(options: Settings, git: Manifests, slot: str | None) -> list[Decision]:
    """What happens next with each slot, or with one, as the hub shows. Raises `EdgeOpsError`."""
    from edgeops.cli.asynchronous import complete
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.promotion.decide import decide, way
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
        if (found := way(one, rings(git.catalog, git.fleet, one)))
    ]
    names = {name for one in ways for name in one.witnesses}
    live = complete(_live(options, git, names)) if names else {}
    now = datetime.now(UTC)
    return [decide(one, _states(one, git.fleet, live), now) for one in ways]


async def _live(options: Settings, git: Manifests, names: set[str]) -> dict[str, LiveDevice]:
    from edgeops.cli.reading import read
    from edgeops.cli.session import open_session

    async with open_session(git.fleet.hubs[options.hub], git.root, options) as hub:
        return await read(hub, git.fleet, names, options)


def _states(one: Way, fleet: DesiredFleet, live: Mapping[str, LiveDevice]) -> dict[str, SlotHealth]:
    from edgeops.promotion.health import slot_health

    return {
        name: slot_health(
            fleet.devices[name], live.get(name), one.slot, fleet=fleet.name, commit=fleet.commit
        )
        for name in one.witnesses
    }


def edit(
    options: Settings, git: Manifests, changes: Sequence[Change], dry_run: bool
) -> dict[str, tuple[str, str]]:
    """Write the files that change, unless it is a dry run; gives their texts before and after.

    Raises `EdgeOpsError`, and then has written none.
    """
    from edgeops.cli.files import write_atomically
    from edgeops.promotion.change import affected, edited
    from edgeops.source.revision import uncommitted
    from edgeops.source.schemas import packaged_schemas

    texts = edited(changes, lambda file: (git.root / file).read_bytes().decode())
    if not texts:
        return texts
    after = {file: text for file, (_, text) in texts.items()}
    devices = affected(git.snapshot, git.fleet, after, packaged_schemas(), options.hub)
    with contextlib.suppress(EdgeOpsError):  # no git repository
        for file in sorted(texts.keys() & set(uncommitted(git.root))):
            options.note(f"note: {file} had changes before that are not committed")
    options.note(
        f"devices that get another release once this is committed and synced: {len(devices):,}"
        if devices
        else "note: no device gets another release: groups of a higher priority,"
        " or the devices themselves, set the slot"
    )
    if not dry_run:
        for file, text in after.items():
            write_atomically(git.root / file, text)
    return texts
