"""Becoming a clone of another hub: staging its devices, and taking over what is staged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from edgeops.errors import EdgeOpsError, Refused
from edgeops.jsonvalue import JsonObject
from edgeops.localhub import lock
from edgeops.localhub.files import StateFiles
from edgeops.localhub.policies import new_key
from edgeops.localhub.service.evaluation import prepare
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.resetting import forget_devices
from edgeops.localhub.state.cloned import cloned_configuration, cloned_entry, of_the_deployment
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.store import HubStore
from edgeops.localhub.store_clone import remove_staged, staged_beside
from edgeops.localhub.stranger_log import shown

_SOURCE = "the hub that is cloned gave"


class StagedClone:
    """A clone that is being staged; nothing of it is on the hub until it is taken over."""

    def __init__(self, store: HubStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def add_twins(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Stage devices or modules by their twins. Raises `EdgeOpsError` for what is no twin."""
        moment = self._moment()
        entries = []
        for document in documents:
            try:
                entries.append(cloned_entry(document, moment))
            except HubFault as fault:
                raise EdgeOpsError(
                    f"{_SOURCE} a twin of {_name(document)} that cannot be: {fault.message}"
                ) from None
        with self._store.transaction():
            self._store.save(*entries)

    def add_configuration(self, document: Mapping[str, Any]) -> str:
        """Stage a configuration; gives why not, if the local hub does not take it, else ""."""
        try:
            configuration = cloned_configuration(document, self._moment())
        except HubFault as fault:
            return fault.message
        with self._store.transaction():
            self._store.save_configuration(configuration)
        return ""

    def finish(self, source: JsonObject, progress: Callable[[int, int], None]) -> tuple[int, int]:
        """Make it consistent, and a clone of `source`; gives the numbers of devices and modules.

        Modules whose device was deleted while the hub was read are left out, and modules that a
        deployment lists are its own. `progress` gets the devices done.
        """
        with self._store.transaction():
            self._store.clone.describe(source)
            self._store.clone.delete_modules_without_a_device()
        devices, modules = self._store.clone.counts()
        for done, entry in enumerate(self._store.devices(), 1):
            if entry.identity.edge:
                found = self._store.module_entries(entry.identity.device)
                with self._store.transaction():
                    self._store.save(*of_the_deployment(found))
            progress(done, devices)
        return devices, modules

    def _moment(self) -> Moment:
        return Moment(self._now(), new_key)


def _name(document: Mapping[str, Any]) -> str:
    """Whose twin a document is, as far as it says so: among thousands one must find it."""
    ids = (document.get(key) for key in ("deviceId", "moduleId"))
    return shown("/".join(str(each) for each in ids if each is not None))


@contextmanager
def staging(state_dir: Path, now: Callable[[], datetime]) -> Iterator[StagedClone]:
    """A clone to stage beside the database of a local hub; deleted at the end of the block.

    Raises `Refused` if another process stages one.
    """
    files = StateFiles(state_dir)
    files.make_directory()
    staged = staged_beside(files.database)
    with lock.held(staged.with_suffix(".lock")) as acquired:
        if not acquired:
            raise Refused("another `edgeops hub clone` fills this local hub", "wait for its end")
        remove_staged(staged)  # what a clone that was killed has left
        try:
            with HubStore(staged) as store:
                yield StagedClone(store, now)
        finally:
            remove_staged(staged)


def state_of(hub: EmulatedHub) -> JsonObject:
    """What the hub is a clone of (`of`), whether it is `empty`, and its number of `activeJobs`."""
    return {
        "of": hub.store.clone.document(),
        "empty": hub.store.clone.is_empty(),
        "activeJobs": len(_active_jobs(hub)),
    }


def take_over(hub: EmulatedHub, *, replace: bool) -> None:
    """Become what is staged, as a whole.

    Raises `HubFault` 404 if nothing is staged, 409 if the hub has jobs that have not ended, or is
    not empty and not to be replaced.
    """
    if not hub.store.clone.staged.exists():
        raise HubFault(404, "NothingStaged", "There is no clone to take over.")
    if not replace and not hub.store.clone.is_empty():
        raise HubFault(409, "HubNotEmpty", "The hub has devices or configurations.")
    if _active_jobs(hub):
        raise HubFault(409, "JobsActive", "The hub has jobs that have not ended.")
    hub.store.clone.take_over()
    forget_devices(hub, "deleted")
    hub.pending.read_rules_again()
    prepare(hub)


def _active_jobs(hub: EmulatedHub) -> Sequence[object]:
    return hub.store.jobs.rows("queued", "scheduled", "running")
