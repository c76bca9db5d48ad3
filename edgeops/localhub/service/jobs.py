"""Creating, cancelling and listing jobs; `job_runner` runs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import device_jobs, errors, jobs
from edgeops.localhub.state.jobs import DeviceJobCounts, HubJob, JobStatus
from edgeops.localhub.steps import Steps
from edgeops.localhub.store_jobs import DeviceJobKey

# Jobs that run or wait for others; Azure allows 1 in the tier S1, 5 in S2 and 10 in S3.
MAX_ACTIVE = 10
# The local hub alone limits those that are scheduled for later.
MAX_SCHEDULED = 100
_MAX_PAGE_BYTES = 4 * 1024 * 1024  # a page ends with the job that reaches it


def put_job(hub: EmulatedHub, job: str, body: Any) -> JsonObject:
    """Create a job; gives it. Raises `HubFault` 400, 409, 413, 429."""
    with hub.transaction() as transaction:
        created = jobs.created(job, body, transaction.moment)
        if hub.store.jobs.job(job):
            raise errors.job_exists(job)
        now = transaction.moment.timestamp
        waiting = hub.store.jobs.rows("queued", "scheduled", "running")
        later = [row for row in waiting if row.status != "running" and row.start > now]
        if created.start > now and len(later) >= MAX_SCHEDULED:
            raise errors.too_many_jobs(MAX_SCHEDULED)
        if created.start <= now and len(waiting) - len(later) >= MAX_ACTIVE:
            raise errors.too_many_jobs(MAX_ACTIVE)
        hub.store.jobs.add(created)
    hub.jobs_changed.notify_all()
    return jobs.document(created, DeviceJobCounts())


def get_job(hub: EmulatedHub, job: str) -> JsonObject:
    """A job. Raises `HubFault` 404."""
    return jobs.document(*_find(hub, job))


def cancel_job(hub: EmulatedHub, job: str) -> JsonObject:
    """Cancel a job that does not run yet; gives it. Raises `HubFault` 404, 405."""
    with hub.transaction() as transaction:
        found, counts = _find(hub, job)
        cancelled = jobs.cancelled(found, transaction.moment)
        hub.store.jobs.save(cancelled)
    return jobs.document(cancelled, counts)


def query_jobs(
    hub: EmulatedHub, kind: str | None, status: JobStatus | None, size: int, after: int
) -> Steps[tuple[list[bytes], int | None]]:
    """Jobs (JSON) in the order of their creation, at most `size`, of a type and status if given.

    `after` is the cursor, 0 for the first page; gives also that of the next page.
    """
    page: list[bytes] = []
    free_bytes = _MAX_PAGE_BYTES
    for sequence, job, counts in hub.store.jobs.jobs(after, kind, status):
        if len(page) == size or free_bytes <= 0:
            return page, after
        page.append(orjson.dumps(jobs.document(job, counts)))
        free_bytes -= len(page[-1])
        after = sequence
        yield
    return page, None


def device_job_documents(
    hub: EmulatedHub, after: DeviceJobKey = ("", "", "")
) -> Iterator[JsonObject]:
    """The rows of `devices.jobs` after a (device, module, job), in this order."""
    return (device_jobs.document(found) for found in hub.store.jobs.device_jobs(after))


def _find(hub: EmulatedHub, job: str) -> tuple[HubJob, DeviceJobCounts]:
    found = hub.store.jobs.job(job)
    if found is None:
        raise errors.job_not_found(job)
    return found
