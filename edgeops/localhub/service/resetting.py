"""Empties a hub while it runs."""

from __future__ import annotations

from edgeops.localhub.service.hub import EmulatedHub


def reset(hub: EmulatedHub) -> None:
    """Delete all devices, configurations, jobs and events, at once; connections are closed.

    Keys of policies, certificates, artifacts and conditions stay. The numbers of events go on, so
    that whoever reads them sees the next ones.
    """
    with hub.store.transaction():
        hub.store.clear()
    for task in hub.running_jobs:
        task.cancel()
    forget_devices(hub, "the hub was reset")
    hub.pending.configurations_changed()
    hub.jobs_changed.notify_all()


def forget_devices(hub: EmulatedHub, reason: str) -> None:
    """Drop what is in memory of devices that are no longer stored, and close their connections."""
    hub.mailboxes.clear()
    hub.past.clear()
    hub.routes.clear()
    hub.links.disconnect_all(reason)
