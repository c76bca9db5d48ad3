"""A hub that runs jobs, and what a test asks of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from edgeops.localhub.service import job_runner, jobs
from edgeops.localhub.service.notifier import Notifier
from edgeops.localhub.service.scheduler import Scheduler

REBOOT = {"methodName": "reboot", "payload": {"now": True}}


class Clock:
    """A clock that a test sets forward."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


class Link:
    """A connected device that answers methods as `answer` says; None for never."""

    def __init__(self, hub, name, answer=lambda: (200, b'"done"'), calls=None):
        self.hub, self.name, self.answer = hub, name, answer
        self.calls = [] if calls is None else calls
        self.heard = []
        hub.links.add(name, self)

    def notify(self, change):
        self.heard.append(change.patch)

    def call(self, request, method, payload):
        self.calls.append((self.name, method, payload, request))
        answer = self.answer()
        if answer is not None:
            loop = asyncio.get_running_loop()
            loop.call_soon(self.hub.links.method_responded, self.name, request, *answer)
        return True

    def close(self, reason):
        pass


def update(hub, name="j1", condition="*", patch=None, **options):
    patch = patch or {"tags": {"ring": 1}, "properties": {"desired": {"x": 1}}}
    body = {"type": "scheduleUpdateTwin", "updateTwin": {"etag": "*", **patch}}
    return jobs.put_job(hub, name, {**body, "queryCondition": condition, **options})


def call(hub, name="j1", condition="*", method=None, **options):
    body = {"type": "scheduleDeviceMethod", "cloudToDeviceMethod": method or REBOOT}
    return jobs.put_job(hub, name, {**body, "queryCondition": condition, **options})


async def reached(done):
    """Wait until something has happened in the hub."""
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 - any round of the event loop may be the one
            await asyncio.sleep(0)


async def run_until(hub, done):
    """Run a hub that starts on what is stored, and stops as soon as something has happened."""
    async with job_runner.running(started(hub)):
        await reached(done)


def started(hub):
    """The hub as it is after a start, for a new event loop."""
    return replace(hub, scheduler=Scheduler(), jobs_changed=Notifier())


def status(hub, name="j1"):
    return jobs.get_job(hub, name)["status"]


def run(hub, *names):
    """Run jobs until they have ended; gives the last one."""
    names = names or ("j1",)
    over = ("completed", "failed", "cancelled")
    asyncio.run(run_until(hub, lambda: all(status(hub, name) in over for name in names)))
    return jobs.get_job(hub, names[-1])


def statistics(job):
    counts = job["deviceJobStatistics"]
    names = ("deviceCount", "succeededCount", "failedCount", "runningCount", "pendingCount")
    return tuple(counts[name] for name in names)


def rows(hub):
    return {
        (row["deviceId"], row.get("moduleId", "")): row for row in jobs.device_job_documents(hub)
    }


def codes_of_failed(hub):
    return {key[0]: row["error"]["code"] for key, row in rows(hub).items() if "error" in row}
