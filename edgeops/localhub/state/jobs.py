"""Jobs: twin updates and direct methods for all devices that match a condition, at a time.

    queued ─┬─► scheduled ─┬─► running ─► completed
            └──────────────┴─► cancelled, or failed when the job cannot run

Sources: "Schedule jobs on multiple devices", Microsoft Learn, and the API
description of version 2021-04-12. A running job cannot be cancelled (Azure/azure-iot-sdk-node
issue 464); a condition that is not a query fails the job, not the request that
creates it (Azure/azure-iot-sdk-csharp issue 40).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.query.grammar import MAX_CHARACTERS
from edgeops.localhub.state import errors, etags, twins
from edgeops.localhub.state.json_text import require_object
from edgeops.localhub.state.method_calls import method_call
from edgeops.localhub.state.moment import Moment, timestamp_of

JobType = Literal["scheduleUpdateTwin", "scheduleDeviceMethod"]
JobStatus = Literal["queued", "scheduled", "running", "completed", "failed", "cancelled"]

TYPES: tuple[JobType, ...] = ("scheduleUpdateTwin", "scheduleDeviceMethod")
STATUSES: tuple[JobStatus, ...] = (
    *("queued", "scheduled", "running"),
    *("completed", "failed", "cancelled"),
)
HISTORY = timedelta(days=30)
# Limits of the local hub only.
DEFAULT_SECONDS = 3600
MAX_SECONDS = 30 * 24 * 3600
MAX_REQUEST_BYTES = 256 * 1024

_ID = re.compile(r"[A-Za-z0-9-]{1,64}\Z")
_REQUESTS: Mapping[JobType, str] = {
    "scheduleUpdateTwin": "updateTwin",
    "scheduleDeviceMethod": "cloudToDeviceMethod",
}
_NEXT: Mapping[JobStatus, tuple[JobStatus, ...]] = {
    "queued": ("scheduled", "running", "cancelled", "failed"),
    "scheduled": ("running", "cancelled", "failed"),
    "running": ("completed", "failed"),
    "completed": (),
    "failed": (),
    "cancelled": (),
}


@dataclass(frozen=True, slots=True)
class HubJob:
    """One job.

    `request` holds `queryCondition`, and `updateTwin` or `cloudToDeviceMethod`; it
    never changes. Devices run the job between `start` and `deadline`; `targeted` is
    whether all its devices have been found.
    """

    id: str
    type: JobType
    request: JsonObject
    created: str
    start: str
    deadline: str
    seconds: int
    status: JobStatus = "queued"
    ended: str | None = None
    failure: str | None = None
    targeted: bool = False

    @property
    def condition(self) -> str:
        """The condition that its devices or modules match."""
        condition: str = self.request["queryCondition"]
        return condition

    @property
    def content(self) -> JsonObject:
        """What is done on each device: the body of a twin update or of a direct method."""
        content: JsonObject = self.request[_REQUESTS[self.type]]
        return content

    @property
    def sections(self) -> twins.Sections:
        """The sections of the twins that it updates."""
        return _sections(self.content)


@dataclass(frozen=True, slots=True)
class DeviceJobCounts:
    """How many devices of a job are in each status."""

    pending: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0


def created(job: str, body: Any, moment: Moment) -> HubJob:
    """A new job; one that would start in the past starts now. Raises `HubFault` 400, 413."""
    body = require_object(body)
    if not _ID.match(job):
        raise errors.invalid("The job id must be 1 to 64 ASCII letters, digits and dashes.")
    if body.get("jobId") not in (None, job):
        raise errors.invalid("'jobId' in the body must match the URL.")
    kind = _type(body.get("type"))
    seconds = body.get("maxExecutionTimeInSeconds", DEFAULT_SECONDS)
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= MAX_SECONDS:
        raise errors.invalid(f"'maxExecutionTimeInSeconds' must be from 1 to {MAX_SECONDS}.")
    start = max(moment.now, _start(body["startTime"])) if "startTime" in body else moment.now
    try:
        deadline = start + timedelta(seconds=seconds)
    except OverflowError as error:
        raise errors.invalid("'startTime' is too late.") from error
    return HubJob(
        job,
        kind,
        _request(kind, body),
        created=moment.timestamp,
        start=timestamp_of(start),
        deadline=timestamp_of(deadline),
        seconds=seconds,
    )


def moved(job: HubJob, status: JobStatus, moment: Moment, failure: str | None = None) -> HubJob:
    """The job in its next status; `failure` says why it failed."""
    assert status in _NEXT[job.status], (job.status, status)
    ended = None if _NEXT[status] else moment.timestamp
    return replace(job, status=status, ended=ended, failure=failure)


def cancelled(job: HubJob, moment: Moment) -> HubJob:
    """The cancelled job. Raises `HubFault` 405 when it runs or has ended."""
    if "cancelled" not in _NEXT[job.status]:
        raise errors.job_not_cancellable(job.status)
    return moved(job, "cancelled", moment)


def document(job: HubJob, counts: DeviceJobCounts) -> JsonObject:
    """A job in the format of the service API."""
    optional = {"endTime": job.ended, "failureReason": job.failure}
    return {
        "jobId": job.id,
        "type": job.type,
        "status": job.status,
        "createdTime": job.created,
        "startTime": job.start,
        "maxExecutionTimeInSeconds": job.seconds,
        **job.request,
        **{name: value for name, value in optional.items() if value is not None},
        "deviceJobStatistics": {
            "deviceCount": counts.pending + counts.running + counts.completed + counts.failed,
            "failedCount": counts.failed,
            "succeededCount": counts.completed,
            "runningCount": counts.running,
            "pendingCount": counts.pending,
        },
    }


def _type(value: Any) -> JobType:
    """The type of a job, in any case. Raises `HubFault` 400."""
    for known in TYPES:
        if isinstance(value, str) and value.lower() == known.lower():
            return known
    raise errors.unknown_job_type(", ".join(TYPES))


def _start(value: Any) -> datetime:
    """A start time in UTC, which a time without a zone is taken to be."""
    try:
        start = datetime.fromisoformat(value)
        return start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)
    except (TypeError, ValueError) as error:
        raise errors.invalid("'startTime' must be an ISO 8601 time.") from error
    except OverflowError as error:
        raise errors.invalid("'startTime' is too early or too late.") from error


def _request(kind: JobType, body: JsonObject) -> JsonObject:
    """The checked condition and content of a request body."""
    condition = body.get("queryCondition")
    if not isinstance(condition, str) or not 0 < len(condition.strip()) <= MAX_CHARACTERS:
        raise errors.invalid(
            f"'queryCondition' must be a string of 1 to {MAX_CHARACTERS:,} characters;"
            " it is * for all devices."
        )
    content = body.get(_REQUESTS[kind])
    if not isinstance(content, dict):
        raise errors.invalid(f"'{_REQUESTS[kind]}' is required for a {kind} job.")
    request = {"queryCondition": condition, _REQUESTS[kind]: content}
    if len(orjson.dumps(request)) > MAX_REQUEST_BYTES:
        raise errors.body_too_big(MAX_REQUEST_BYTES)
    if kind == "scheduleDeviceMethod":
        method_call(content)
        return request
    etag = content.get("etag")
    if not isinstance(etag, str) or etags.bare(etag) != etags.ANY:
        raise errors.invalid("'updateTwin.etag' must be \"*\": jobs update twins in any state.")
    if not _sections(content):
        raise errors.invalid("'updateTwin' must have tags or properties.desired.")
    return {**request, "updateTwin": {"deviceId": None, **content}}


def _sections(content: JsonObject) -> twins.Sections:
    """The sections that a job may write; SDKs send whole twins, so reported is dropped."""
    sections = twins.sections_of(content)
    sections.pop("reported", None)
    return sections
