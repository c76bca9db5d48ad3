"""Bringing all files of a model onto the device, one after the other, each verified."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeops.modules.model_loader.access import StoreAccess, access_for
from edgeops.modules.model_loader.download import Cancellation, Downloader, PartFile
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.staging import Staging
from edgeops.modules.model_loader.storage import Storage
from edgeops.modules.model_loader.wanted import WantedFile


def obtain(
    staging: Staging,
    storage: Storage,
    downloader: Downloader,
    access: Sequence[StoreAccess],
    cancellation: Cancellation,
    on_progress: Callable[[], None],
) -> None:
    """Download what is missing into the staging; what is verified already is not fetched again.

    `on_progress` is called when a connection that was cut has brought something.
    Raises `LoadFailed`, `Superseded` and `OSError`.
    """
    staging.prepare()
    missing = storage.missing(staging)
    storage.check_room(staging.model, staging.held())
    for file in missing:
        with PartFile(staging.part(file), md5=bool(file.md5)) as part:
            before = part.size
            try:
                downloader.fetch(file, part, access_for(file.url, access), cancellation)
            except LoadFailed as failure:
                if failure.fault.code in _RESUMED and (part.size > before or file != missing[0]):
                    on_progress()
                if failure.fault.code in _WORTHLESS:
                    staging.part(file).unlink(missing_ok=True)
                raise _of_file(failure, file, staging) from failure
        staging.complete(file)


# What came before these failures is not lost.
_RESUMED = {Code.CONNECTION_LOST, Code.STALLED}
# A part file with these faults would fail again.
_WORTHLESS = {Code.CHECKSUM_MISMATCH, Code.SIZE_MISMATCH, Code.TOO_LARGE}


def _of_file(failure: LoadFailed, file: WantedFile, staging: Staging) -> LoadFailed:
    """The failure, which names the file where there are several."""
    if not staging.model.has_folder:
        return failure
    fault = failure.fault
    return LoadFailed(fault.code, f"{file.name}: {fault.message}", transient=failure.transient)
