"""Runs jobs when they are due, in steps and with a limited number of method calls at a time.

All progress is in the store, so that jobs go on after the hub was killed. A twin is
updated in the transaction that marks its device job as completed: once. A device job is
marked as running before its method is called; if it still is when the hub starts, the
call was cut short and has failed: a method is called at most once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import query
from edgeops.localhub.failures import describe_exception
from edgeops.localhub.service import methods
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.service.jobs import MAX_ACTIVE
from edgeops.localhub.service.twins import device_twins, module_twins, patch
from edgeops.localhub.state import device_jobs, etags, jobs
from edgeops.localhub.state.device_jobs import DeviceJob, DeviceJobStatus
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.jobs import HubJob, JobStatus
from edgeops.localhub.state.method_calls import MethodCall, method_call
from edgeops.localhub.state.moment import timestamp_of
from edgeops.localhub.state.twins import Sections
from edgeops.localhub.steps import Steps
from edgeops.localhub.store_jobs import JobRow

CONCURRENT_CALLS = 100  # of each job
MAX_ENDED = 1000
MAX_ENDED_BYTES = 256 * 1024 * 1024
# A job with larger responses keeps only the status of those that follow.
MAX_JOB_BYTES = 256 * 1024 * 1024
_ROWS_PER_TRANSACTION = 20
_SECONDS_PER_TRANSACTION = 0.002
_LONGEST_WAIT = 3600.0

_log = logging.getLogger(__name__)


@asynccontextmanager
async def running(hub: EmulatedHub) -> AsyncIterator[None]:
    """Run the jobs of a hub during the block; those that have not ended then go on next time."""
    task = asyncio.create_task(_run_jobs(hub))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _run_jobs(hub: EmulatedHub) -> None:
    async with asyncio.TaskGroup() as group:

        def begin(job: str) -> None:
            task = group.create_task(_run(hub, job))
            hub.running_jobs.add(task)
            task.add_done_callback(hub.running_jobs.discard)

        for row in hub.store.jobs.rows("running"):
            begin(row.id)
        while True:
            seconds = _LONGEST_WAIT
            try:
                await hub.scheduler.run(_delete_old(hub))
                seconds = _begin_due(hub, begin)
            except Exception as error:  # the jobs that run go on
                _log.error("no job can start now: %s", describe_exception(error))
            await hub.jobs_changed.wait(seconds)


def _begin_due(hub: EmulatedHub, begin: Callable[[str], None]) -> float:
    """Begin the jobs that are due; gives the seconds until the next one is."""
    now = hub.clock()
    seconds = _LONGEST_WAIT
    active = len(hub.store.jobs.rows("running"))
    for row in hub.store.jobs.rows("queued", "scheduled"):
        if row.start > timestamp_of(now):
            if row.status == "queued":
                _move(hub, row.id, "scheduled")
            until_start = (datetime.fromisoformat(row.start) - now).total_seconds()
            seconds = min(seconds, until_start)
        elif active < MAX_ACTIVE:
            _move(hub, row.id, "running")
            begin(row.id)
            active += 1
    return seconds


async def _run(hub: EmulatedHub, name: str) -> None:
    """Run a job to its end. Unexpected exceptions fail this job, and are logged."""
    try:
        job = _job(hub, name)
        failure = await hub.scheduler.run(_find_devices(hub, job))
        if failure is None:
            await _run_on_devices(hub, job)
        _move(hub, name, "failed" if failure else "completed", failure)
    except Exception as error:
        _log.error("job %s failed: %s", name, describe_exception(error))
        try:
            _move(hub, name, "failed", "The local hub failed; its log says why.")
        except Exception as again:
            _log.error("job %s goes on at the next start: %s", name, describe_exception(again))
    hub.jobs_changed.notify_all()


def _find_devices(hub: EmulatedHub, job: HubJob) -> Steps[str | None]:
    """Add a pending device job for each device or module that matches; gives why it cannot."""
    if job.targeted:
        return None
    try:
        condition = query.job_condition(job.condition)
    except query.QueryError as error:
        return f"SQL query parse failed: {error}"
    found: list[tuple[str, str]] = []
    for twin in device_twins(hub) if condition.source == "devices" else module_twins(hub):
        if query.matches(condition, twin):
            found.append((twin["deviceId"], twin.get("moduleId", "")))
        if len(found) == _ROWS_PER_TRANSACTION:
            _add_pending(hub, job, found)
            found.clear()
        yield
    _add_pending(hub, replace(job, targeted=True), found)
    return None


def _add_pending(hub: EmulatedHub, job: HubJob, found: Iterable[tuple[str, str]]) -> None:
    with hub.transaction() as transaction:
        moment = transaction.moment
        pending = (device_jobs.pending(job, device, module, moment) for device, module in found)
        hub.store.jobs.add_pending(job.id, pending)
        if job.targeted:
            hub.store.jobs.save(job)


async def _run_on_devices(hub: EmulatedHub, job: HubJob) -> None:
    await hub.scheduler.run(_fail_all(hub, job, "running", device_jobs.interrupted()))
    if job.type == "scheduleUpdateTwin":
        await hub.scheduler.run(_update_twins(hub, job, job.sections))
    else:
        await _call_methods(hub, job)
    await hub.scheduler.run(_fail_all(hub, job, "pending", device_jobs.too_late()))


def _fail_all(
    hub: EmulatedHub, job: HubJob, status: DeviceJobStatus, fault: HubFault
) -> Steps[None]:
    """Fail the device jobs in a status."""
    while rows := hub.store.jobs.device_jobs_of(job.id, status, _ROWS_PER_TRANSACTION):
        with hub.transaction() as transaction:
            for row in rows:
                failed = device_jobs.failed(row, fault, transaction.moment)
                hub.store.jobs.save_device_job(row, failed)
        yield


# --- twin updates ------------------------------------------------------------------------


def _update_twins(hub: EmulatedHub, job: HubJob, sections: Sections) -> Steps[None]:
    """Update the twins of the pending device jobs, until the deadline of the job."""
    while rows := hub.store.jobs.device_jobs_of(job.id, "pending", _ROWS_PER_TRANSACTION):
        until = time.perf_counter() + _SECONDS_PER_TRANSACTION
        with hub.transaction() as transaction:
            if transaction.moment.timestamp > job.deadline:
                return
            for row in rows:
                hub.store.jobs.save_device_job(row, _updated(transaction, row, sections))
                if time.perf_counter() >= until:
                    break
        yield


def _updated(transaction: Transaction, row: DeviceJob, sections: Sections) -> DeviceJob:
    """Update the twin of a device job; gives the device job after it."""
    try:
        patch(transaction, row.device, row.module, sections, etags.ANY)
    except HubFault as fault:  # a patch that is refused has saved nothing
        return device_jobs.failed(row, fault, transaction.moment)
    return device_jobs.completed(row, transaction.moment)


# --- direct methods ----------------------------------------------------------------------


async def _call_methods(hub: EmulatedHub, job: HubJob) -> None:
    """Call the method on the devices of the pending device jobs, until the deadline."""
    call = method_call(job.content)
    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENT_CALLS):
            group.create_task(_call_one_after_another(hub, job, call))


async def _call_one_after_another(hub: EmulatedHub, job: HubJob, call: MethodCall) -> None:
    while row := await hub.scheduler.run(_next_to_call(hub, job)):
        seconds = (datetime.fromisoformat(job.deadline) - hub.clock()).total_seconds()
        limited = replace(
            call,
            connect_seconds=min(call.connect_seconds, seconds),
            response_seconds=min(call.response_seconds, seconds),
        )
        try:
            outcome: JsonObject | HubFault = await methods.invoke(
                hub, row.device, row.module, limited
            )
        except HubFault as fault:
            outcome = fault
        await hub.scheduler.run(_record(hub, row, outcome))


def _next_to_call(hub: EmulatedHub, job: HubJob) -> Steps[DeviceJob | None]:
    """Mark a pending device job as running; None when there are no more, or it is too late."""
    yield
    for row in hub.store.jobs.device_jobs_of(job.id, "pending", 1):
        with hub.transaction() as transaction:
            if transaction.moment.timestamp <= job.deadline:
                taken = device_jobs.running(row, transaction.moment)
                hub.store.jobs.save_device_job(row, taken)
                return taken
    return None


def _record(hub: EmulatedHub, row: DeviceJob, outcome: JsonObject | HubFault) -> Steps[None]:
    """Save how the call of a method ended."""
    yield
    with hub.transaction() as transaction:
        if isinstance(outcome, HubFault):
            after = device_jobs.failed(row, outcome, transaction.moment)
        else:
            if hub.store.jobs.size(row.job) > MAX_JOB_BYTES:
                outcome = {**outcome, "payload": None}
            after = device_jobs.completed(row, transaction.moment, outcome)
        hub.store.jobs.save_device_job(row, after)


# --- the end of jobs ---------------------------------------------------------------------


def _delete_old(hub: EmulatedHub) -> Steps[None]:
    """Delete the jobs that are no longer kept."""
    ended = hub.store.jobs.rows("completed", "failed", "cancelled")
    for job in outdated(ended, hub.clock()):
        gone = False
        while not gone:
            with hub.transaction():
                gone = hub.store.jobs.delete_some(job, _ROWS_PER_TRANSACTION)
            yield


def outdated(ended: list[JobRow], now: datetime) -> list[str]:
    """The ids of jobs that are no longer kept, of all that have ended, the oldest first.

    They are those of the last 30 days, as long as they are not too many or too large; the
    newest one may have any size.
    """
    oldest = timestamp_of(now - jobs.HISTORY)
    size = 0
    gone = []
    for position, row in enumerate(reversed(ended)):
        size += row.size
        too_much = position and (position >= MAX_ENDED or size > MAX_ENDED_BYTES)
        if too_much or (row.ended or "") < oldest:
            gone.append(row.id)
    return gone


def _job(hub: EmulatedHub, name: str) -> HubJob:
    found = hub.store.jobs.job(name)
    assert found is not None, name
    return found[0]


def _move(hub: EmulatedHub, name: str, status: JobStatus, failure: str | None = None) -> None:
    with hub.transaction() as transaction:
        moved = jobs.moved(_job(hub, name), status, transaction.moment, failure)
        hub.store.jobs.save(moved)
