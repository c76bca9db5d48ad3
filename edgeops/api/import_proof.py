"""The proof of an import: what the new fleet would change on the devices that were read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.adopt.found import FoundDevice, Placeholder
    from edgeops.fleet.model import Document
    from edgeops.plan.model import Change, Refusal
    from edgeops.plan.ownership import Owner


@dataclass(frozen=True, slots=True)
class Difference:
    """What a sync of the imported fleet would change on a device, against what was read."""

    device: str
    what: str


def foreign(devices: Iterable[FoundDevice], owner: Owner) -> Iterator[tuple[FoundDevice, str]]:
    """The devices that are not of this fleet, as their stamps prove, each with why."""
    from edgeops import stamp

    for device in devices:
        if refusal := owner.foreign(stamp.decode(device.tags or {}), device.id or ""):
            yield device, refusal.reason


def differences(
    workspace: Workspace,
    staged: Path,
    devices: Sequence[FoundDevice],
    placeholders: Mapping[str, Placeholder],
    hub: str,
) -> Iterator[Difference]:
    """What a plan of the new fleet against what was read would change, apart from stamps."""
    from edgeops.adopt.live import known_values, live_of
    from edgeops.api.workspace import InvalidFleet
    from edgeops.plan.device import plan_device
    from edgeops.plan.ownership import Owner

    revision = replace(workspace, root=staged, hub=hub).at(None)
    _refuse_secrets(revision.snapshot.documents)
    try:
        fleet = revision.fleet
    except InvalidFleet as error:
        yield from (Difference("", f"{p.place}: {p.message}") for p in error.problems)
        return
    owner = Owner.of(fleet)
    others = {device.id or "" for device, _ in foreign(devices, owner)}
    values = known_values(placeholders)
    for device in devices:
        name = device.id or ""
        wanted = fleet.devices.get(name)
        if wanted is None:
            yield Difference(name, "is not in the fleet that was written")
        elif name not in others:
            live = live_of(device, values)
            yield from _told(name, plan_device(wanted, live, owner, create=False))


def _refuse_secrets(documents: Iterable[Document]) -> None:
    from edgeops.fleet.check_secrets import secret_problems

    for document in documents:
        for problem in secret_problems(document)[0]:
            raise EdgeOpsError(
                f"nothing was imported: {problem.place} {problem.message}", problem.hint
            )


def _told(device: str, planned: tuple[Change, ...] | Refusal) -> Iterator[Difference]:
    from edgeops.jsonvalue import leaves, pointer
    from edgeops.plan.model import Refusal

    if isinstance(planned, Refusal):
        yield Difference(device, planned.reason)
        return
    for change in planned:
        if not change.patch and not change.stamp:
            yield Difference(device, f"{change.module or 'it'} would be created")
        for path, _ in leaves(dict(change.patch)) if change.patch else ():
            yield Difference(device, f"{change.module or ''}{pointer(*path)} would change")
