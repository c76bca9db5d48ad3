"""Lets go of devices that another team takes over."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from edgeops.api.session import on_hub
from edgeops.api.workspace import Workspace
from edgeops.errors import Refused

if TYPE_CHECKING:
    from edgeops.apply.forget import Forgotten
    from edgeops.hub.port import Hub


def forget(
    workspace: Workspace,
    devices: Collection[str],
    *,
    dry_run: bool = False,
    before_writing: Callable[[tuple[Forgotten, ...]], None] = lambda _: None,
) -> tuple[Forgotten, ...]:
    """Drop the stamps of devices and their modules; identities, keys and values stay.

    Nothing is written with `dry_run`, or if one of the devices is refused. `before_writing` gets
    what would be dropped and can raise to prevent all writes. Raises `InvalidFleet`, `Refused` for
    a device that is in git, not on the hub or not managed by this fleet, and `HubError`.
    """
    from edgeops.api.recording import record_let_go
    from edgeops.apply.forget import forget as drop_stamps
    from edgeops.plan.ownership import Owner

    fleet = workspace.at("HEAD").fleet
    if still := sorted(set(devices) & fleet.devices.keys()):
        raise Refused(
            f"{', '.join(still)} {'is' if len(still) == 1 else 'are'} still in git, so that the"
            " next sync would adopt what was forgotten",
            "remove it from git and commit first",
        )

    async def work(hub: Hub) -> tuple[Forgotten, ...]:
        owner, names, agreed = Owner.of(fleet), set(devices), False

        def before(found: tuple[Forgotten, ...]) -> None:
            nonlocal agreed
            before_writing(found)
            agreed = True

        try:
            return await drop_stamps(hub, names, owner, dry_run=dry_run, before_writing=before)
        finally:
            if agreed:
                await record_let_go(workspace, hub, fleet, names)

    return on_hub(workspace, fleet, work)
