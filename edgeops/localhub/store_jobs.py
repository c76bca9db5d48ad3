"""The part of the hub's database that holds jobs, and each job's state on each of its devices."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from edgeops.localhub.state.device_jobs import DeviceJob, DeviceJobStatus
from edgeops.localhub.state.jobs import DeviceJobCounts, HubJob, JobStatus

_BATCH_ROWS = 16
# The request has a table of its own, since SQLite writes all of a row again with each count.
JOB_TABLES = """
    CREATE TABLE IF NOT EXISTS jobs (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        start TEXT NOT NULL,
        ended TEXT,
        size INTEGER NOT NULL,  -- in bytes, of the request and all device jobs
        pending INTEGER NOT NULL DEFAULT 0,  -- device jobs, by status
        running INTEGER NOT NULL DEFAULT 0,
        completed INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        body BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS job_requests (id TEXT PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS device_jobs (
        device TEXT NOT NULL,
        module TEXT NOT NULL,
        job TEXT NOT NULL,
        status TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (device, module, job)
    );
    CREATE INDEX IF NOT EXISTS device_jobs_of_job ON device_jobs (job, status);
"""

# Device, module and job.
DeviceJobKey = tuple[str, str, str]


class JobRow(NamedTuple):
    """What decides when a job is run or deleted."""

    id: str
    status: JobStatus
    start: str
    ended: str | None
    size: int


class JobStore:
    """The jobs of a hub; all writes are part of the caller's transaction."""

    def __init__(self, sqlite: sqlite3.Connection) -> None:
        self._sqlite = sqlite

    def job(self, job: str) -> tuple[HubJob, DeviceJobCounts] | None:
        """A job and the counts of its device jobs, None when it does not exist."""
        found = next(self._jobs("jobs.id = ?", (job,), 1), None)
        return found[1:] if found else None

    def jobs(
        self, after: int, kind: str | None, status: str | None
    ) -> Iterator[tuple[int, HubJob, DeviceJobCounts]]:
        """The jobs after a sequence number, with their own; read lazily, one at a time.

        Of any type and status, unless they are given.
        """
        condition = "sequence > ? AND ifnull(?, type) = type AND ifnull(?, status) = status"
        while found := next(self._jobs(condition, (after, kind, status), 1), None):
            after = found[0]
            yield found

    def _jobs(
        self, condition: str, values: tuple[object, ...], limit: int
    ) -> Iterator[tuple[int, HubJob, DeviceJobCounts]]:
        rows = self._sqlite.execute(
            "SELECT sequence, job_requests.body, jobs.body, pending, running, completed, failed"  # noqa: S608
            f" FROM jobs CROSS JOIN job_requests USING (id) WHERE {condition}"
            " ORDER BY sequence LIMIT ?",
            (*values, limit),
        ).fetchall()
        for sequence, request, body, *counts in rows:
            job = HubJob(**orjson.loads(body), request=orjson.loads(request))
            yield sequence, job, DeviceJobCounts(*counts)

    def rows(self, *statuses: JobStatus) -> list[JobRow]:
        """The jobs with one of these statuses, the oldest first."""
        marks = ", ".join("?" * len(statuses))
        rows = self._sqlite.execute(
            f"SELECT id, status, start, ended, size FROM jobs WHERE status IN ({marks})"  # noqa: S608
            " ORDER BY sequence",
            statuses,
        )
        return [JobRow(*row) for row in rows]

    def size(self, job: str) -> int:
        """The size of a job with its device jobs."""
        (size,) = self._sqlite.execute("SELECT size FROM jobs WHERE id = ?", (job,)).fetchone()
        return int(size)

    def add(self, job: HubJob) -> None:
        """Insert a new job."""
        request = orjson.dumps(job.request)
        self._sqlite.execute(
            "INSERT INTO jobs (id, type, status, start, size, body) VALUES (?, ?, ?, ?, ?, ?)",
            (job.id, job.type, job.status, job.start, len(request), _body(job)),
        )
        self._sqlite.execute("INSERT INTO job_requests VALUES (?, ?)", (job.id, request))

    def save(self, job: HubJob) -> None:
        """Replace a job; its request and its counts stay."""
        self._sqlite.execute(
            "UPDATE jobs SET status = ?, ended = ?, body = ? WHERE id = ?",
            (job.status, job.ended, _body(job), job.id),
        )

    def delete_some(self, job: str, limit: int) -> bool:
        """Delete device jobs of a job, at most `limit`, and with the last the job itself.

        Gives whether it is gone.
        """
        deleted = self._sqlite.execute(
            "DELETE FROM device_jobs WHERE rowid IN"
            " (SELECT rowid FROM device_jobs WHERE job = ? LIMIT ?)",
            (job, limit),
        ).rowcount
        if deleted == limit:
            return False
        self._sqlite.execute("DELETE FROM job_requests WHERE id = ?", (job,))
        self._sqlite.execute("DELETE FROM jobs WHERE id = ?", (job,))
        return True

    # --- device jobs -----------------------------------------------------------------

    def add_pending(self, job: str, device_jobs: Iterable[DeviceJob]) -> None:
        """Insert pending device jobs of a job; those that exist already stay as they are."""
        added = size = 0
        for device_job in device_jobs:
            body = orjson.dumps(device_job)
            inserted = self._sqlite.execute(
                "INSERT OR IGNORE INTO device_jobs VALUES (?, ?, ?, ?, ?)",
                (device_job.device, device_job.module, job, device_job.status, body),
            ).rowcount
            added += inserted
            size += len(body) * inserted
        self._sqlite.execute(
            "UPDATE jobs SET pending = pending + ?, size = size + ? WHERE id = ?",
            (added, size, job),
        )

    def device_jobs_of(self, job: str, status: DeviceJobStatus, limit: int) -> list[DeviceJob]:
        """Some device jobs of a job, at most `limit`."""
        rows = self._sqlite.execute(
            "SELECT body FROM device_jobs WHERE job = ? AND status = ? LIMIT ?",
            (job, status, limit),
        )
        return [DeviceJob(**orjson.loads(body)) for (body,) in rows]

    def save_device_job(self, before: DeviceJob, after: DeviceJob) -> None:
        """Replace a device job, and count it where it belongs now."""
        body = orjson.dumps(after)
        self._sqlite.execute(
            "UPDATE device_jobs SET status = ?, body = ?"
            " WHERE device = ? AND module = ? AND job = ?",
            (after.status, body, after.device, after.module, after.job),
        )
        self._sqlite.execute(
            f"UPDATE jobs SET {before.status} = {before.status} - 1,"  # noqa: S608
            f" {after.status} = {after.status} + 1, size = size + ? WHERE id = ?",
            (len(body) - len(orjson.dumps(before)), after.job),
        )

    def device_jobs(self, after: DeviceJobKey = ("", "", "")) -> Iterator[DeviceJob]:
        """All device jobs after one, in order of (device, module, job).

        They are read lazily, in small batches: writes are possible in between.
        """
        while True:
            rows = self._sqlite.execute(
                "SELECT device, module, job, body FROM device_jobs"
                " WHERE (device, module, job) > (?, ?, ?)"
                " ORDER BY device, module, job LIMIT ?",
                (*after, _BATCH_ROWS),
            ).fetchall()
            for device, module, job, body in rows:
                yield DeviceJob(**orjson.loads(body))
                after = device, module, job
            if len(rows) < _BATCH_ROWS:
                return


def _body(job: HubJob) -> bytes:
    """A job as JSON without its request, which never changes."""
    fields = {name: getattr(job, name) for name in HubJob.__slots__ if name != "request"}
    return orjson.dumps(fields)
