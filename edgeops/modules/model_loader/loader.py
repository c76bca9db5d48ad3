"""Makes the slots hold what the twin wants, one step of one slot at a time.

`offer` takes the newest desired state, from any thread; `work` does what is
due, on one. What a newer state no longer wants is cancelled. A slot that fails
waits for its next try while the others go on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from edgeops.backoff import Backoff
from edgeops.modules.model_loader.decide import Download, Keep, decide
from edgeops.modules.model_loader.desired import Wanted
from edgeops.modules.model_loader.download import Cancellation, Downloader
from edgeops.modules.model_loader.faults import Code, LoadFailed, ModelFault, Superseded
from edgeops.modules.model_loader.load_test import LoadTest
from edgeops.modules.model_loader.obtain import obtain
from edgeops.modules.model_loader.staging import remove
from edgeops.modules.model_loader.status import SlotState, SlotStatus
from edgeops.modules.model_loader.storage import Storage
from edgeops.modules.model_loader.trust import signer
from edgeops.modules.model_loader.wanted import FLAT, WantedModel
from edgeops.modules.runtime.slots import CurrentModel, read_current
from edgeops.signature import PublicKey

TRANSIENT = Backoff(base=1.0, longest=600.0)  # a lost connection
PERSISTENT = Backoff(base=60.0, longest=6 * 3600.0)  # a wrong checksum: each try may download
LOCAL = Backoff(base=60.0, longest=600.0)  # a full disk: a try costs nothing until there is room

_QUIET_FAILURES = 2  # transient failures in a row that are not reported yet


@dataclass(frozen=True, slots=True)
class World:
    """What the loader asks of its surroundings: times in seconds, `now` in UTC."""

    clock: Callable[[], float]
    now: Callable[[], datetime]
    uniform: Callable[[float, float], float]
    log: logging.Logger


@dataclass(slots=True)
class _Try:
    """When a slot is due, and how often in a row it failed."""

    due: float
    failures: int = 0


@dataclass(slots=True)
class Loader:
    """The slots of one device. `changed` is called, on the worker's thread, after each change.

    `keys` gives the keys that releases must be signed with, read anew for each try; it may raise
    `LoadFailed`.
    """

    storage: Storage
    downloader: Downloader
    load_test: LoadTest
    world: World
    keys: Callable[[], Sequence[PublicKey]] = tuple
    changed: Callable[[], None] = lambda: None
    settled: threading.Event = field(default_factory=threading.Event)  # nothing is due now
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _wanted: Wanted = field(default_factory=Wanted)
    _tries: dict[str, _Try] = field(default_factory=dict)
    _statuses: dict[str, SlotStatus] = field(default_factory=dict)
    _active: tuple[WantedModel, Cancellation] | None = None

    def offer(self, wanted: Wanted) -> None:
        """Make this the desired state; a download that it no longer wants is cancelled.

        Desired properties that are invalid as a whole change only the report.
        """
        with self._lock:
            before = self._wanted
            if wanted.fault:
                wanted = replace(before, fault=wanted.fault, warnings=wanted.warnings)
            self._wanted = wanted
            now = self.world.clock()
            for slot in self._tries.keys() - wanted.models.keys():
                del self._tries[slot]
            for slot, model in wanted.models.items():
                waiting = slot in self._tries and before.models.get(slot) == model
                if not waiting or before.access != wanted.access:
                    self._tries[slot] = _Try(due=now)
            self._forget_unwanted(wanted)
            if self._active and wanted.models.get(self._active[0].slot) != self._active[0]:
                self._active[1].cancel()
            self.settled.clear()
            self._wake.set()
        self.changed()

    def snapshot(self) -> tuple[Wanted, dict[str, SlotStatus]]:
        """What is wanted, and the state of each slot."""
        with self._lock:
            return self._wanted, dict(self._statuses)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; `interrupt` ends a wait."""
        while not stop.is_set():
            wait = self.work()
            self._wake.wait(wait)
            self._wake.clear()

    def interrupt(self) -> None:
        """End a wait and the download that is on its way; its part file stays for later."""
        with self._lock:
            if self._active:
                self._active[1].cancel()
            self._wake.set()

    def work(self) -> float | None:
        """Do all that is due; gives the seconds until something is, None for nothing."""
        while job := self._next():
            self._attempt(*job)
        with self._lock:
            if not any(self._is_due(slot) for slot in self._tries):
                self.settled.set()
            dues = [each.due for each in self._tries.values()]
        self.changed()
        return max(0.0, min(dues) - self.world.clock()) if dues else None

    # --- one slot --------------------------------------------------------------

    def _next(self) -> tuple[WantedModel, Wanted, Cancellation] | None:
        with self._lock:
            slot = next((slot for slot in self._tries if self._is_due(slot)), None)
            if slot is None:
                return None
            model, cancellation = self._wanted.models[slot], Cancellation()
            self._active = (model, cancellation)
            return model, self._wanted, cancellation

    def _is_due(self, slot: str) -> bool:
        return self._tries[slot].due <= self.world.clock()

    def _attempt(self, model: WantedModel, wanted: Wanted, cancellation: Cancellation) -> None:
        try:
            with self.storage.load_failures():
                current, signed_by = self._bring(model, wanted, cancellation)
        except Superseded:
            self._end(cancellation)
        except LoadFailed as failure:
            self._failed(model, failure, cancellation)
        except Exception as error:  # one slot must not stop the others
            unexpected = LoadFailed(Code.INTERNAL, f"unexpected {type(error).__name__}")
            self._failed(model, unexpected, cancellation)
        else:
            with self._lock:
                if not cancellation.stopped:
                    self._tries.pop(model.slot, None)
                    self._statuses[model.slot] = SlotStatus(
                        SlotState.READY, current.since, current, signed_by=signed_by
                    )
            self._end(cancellation)

    def _bring(
        self, model: WantedModel, wanted: Wanted, cancellation: Cancellation
    ) -> tuple[CurrentModel, str]:
        """What the slot then holds, and the key that signed it (empty without trusted keys)."""
        signed_by = signer(model, self.keys())  # also of what is here already: keys come and go
        folder = self.storage.folder(model)
        step = decide(model, self.storage.look(model))
        path = folder / step.entry
        if model.slot != FLAT:
            self.storage.make_own_folder(model)
        if isinstance(step, Keep):
            current = self._kept(model, path)
        else:
            if isinstance(step, Download):
                self._download(model, path, wanted, cancellation)
            else:
                self.load_test(_main(model, path), model.format)
            cancellation.check()
            current = self._switch(model, path)
            self.world.log.info("%s holds %s", _name(model), path.name)
        self.storage.clean(model, path.name, wanted.keep_versions)
        return current, signed_by

    def _download(
        self, model: WantedModel, path: Path, wanted: Wanted, cancellation: Cancellation
    ) -> None:
        self._set_state(model, SlotState.DOWNLOADING)
        self.world.log.info("%s: downloading %s", _name(model), model.main.name)
        staging = self.storage.staging(model)
        try:
            obtain(
                staging,
                self.storage,
                self.downloader,
                wanted.access,
                cancellation,
                lambda: self._count_progress(model),
            )
            self._set_state(model, SlotState.VERIFYING)
            # Before it gets its name: a model that does not load is one that nobody has to delete.
            self.load_test(staging.main, model.format)
            cancellation.check()
            self.storage.install(staging.path, path)
        except LoadFailed as failure:
            if failure.fault.code is Code.DISK_FULL:
                remove(staging.path)
            raise
        except OSError:
            remove(staging.path)  # a full disk gets its room back
            raise

    def _count_progress(self, model: WantedModel) -> None:
        with self._lock:
            if retry := self._tries.get(model.slot):
                retry.failures = 0

    def _kept(self, model: WantedModel, path: Path) -> CurrentModel:
        if model.slot == FLAT:
            return self._switch(model, path)
        before = read_current(self.storage.root, model.slot)
        if before and (before.name, before.version) == (model.name, model.version):
            return self.storage.switch(model, path, before.since)
        # The same bytes as another release: their main file and format can be others.
        self.load_test(_main(model, path), model.format)
        return self._switch(model, path)

    def _switch(self, model: WantedModel, path: Path) -> CurrentModel:
        if model.slot == FLAT:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            return self.storage.in_use(model, path, _iso(written))
        return self.storage.switch(model, path, self._now())

    # --- what others see ---------------------------------------------------------

    def _set_state(self, model: WantedModel, state: SlotState) -> None:
        """Say what is going on; an error stays while the same is tried again in vain."""
        with self._lock:
            before, retry = self._statuses.get(model.slot), self._tries.get(model.slot)
            if before is None or before.error is None or retry is None or not retry.failures:
                in_use = self._in_use(model.slot)
                self._statuses[model.slot] = SlotStatus(state, self._now(), in_use)
        self.changed()

    def _failed(self, model: WantedModel, failure: LoadFailed, cancellation: Cancellation) -> None:
        with self._lock:
            retry = self._tries.get(model.slot)
            if retry is not None and not cancellation.stopped:
                retry.failures += 1
                wait = _backoff(failure, cancellation).wait(retry.failures, self.world.uniform)
                retry.due = self.world.clock() + wait
                if not failure.transient or retry.failures > _QUIET_FAILURES:
                    self._set_error(model.slot, failure.fault)
                self.world.log.warning(
                    "%s: %s: %s; next try in %.0f s",
                    _name(model),
                    failure.fault.code,
                    failure.fault.message,
                    wait,
                )
        self._end(cancellation)

    def _end(self, cancellation: Cancellation) -> None:
        with self._lock:
            if self._active and self._active[1] is cancellation:
                self._active = None
        self.changed()

    def _forget_unwanted(self, wanted: Wanted) -> None:
        for slot in self._statuses.keys() - wanted.models.keys() - wanted.faults.keys():
            del self._statuses[slot]
        for slot, fault in wanted.faults.items():
            self._set_error(slot, fault)

    def _set_error(self, slot: str, fault: ModelFault) -> None:
        before = self._statuses.get(slot)
        if before is None or before.error != fault:
            status = SlotStatus(SlotState.ERROR, self._now(), self._in_use(slot), fault)
            self._statuses[slot] = status

    def _in_use(self, slot: str) -> CurrentModel | None:
        return read_current(self.storage.root, slot) if slot != FLAT else None

    def _now(self) -> str:
        return _iso(self.world.now())


def _backoff(failure: LoadFailed, cancellation: Cancellation) -> Backoff:
    if failure.transient:
        return TRANSIENT
    # What has cost no download is tried more often, so that it is not a matter
    # of hours until somebody's `rm`, or a new key, has its effect.
    return (
        LOCAL if failure.fault.code in _OF_THE_DEVICE and not cancellation.received else PERSISTENT
    )


_OF_THE_DEVICE = {
    Code.DISK_FULL,
    Code.STORAGE_NOT_WRITABLE,
    Code.STORAGE_FAILED,
    Code.NOT_SIGNED,
    Code.WRONG_SIGNATURE,
    Code.KEY_UNREADABLE,
}


def _main(model: WantedModel, path: Path) -> Path:
    return path / model.main.name if model.has_folder else path


def _name(model: WantedModel) -> str:
    return f"slot {model.slot}" if model.slot != FLAT else "model"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
