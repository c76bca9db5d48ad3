"""Device jobs: a job on one of its devices or modules, as queries on `devices.jobs` show it.

Source: "Queries for IoT Hub jobs", Microsoft Learn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.jobs import HubJob, JobType
from edgeops.localhub.state.moment import Moment

DeviceJobStatus = Literal["pending", "running", "completed", "failed"]


@dataclass(frozen=True, slots=True)
class DeviceJob:
    """A job on one device; `module` is empty for the device itself.

    `response` is that of the direct method, `error` says why the job failed.
    """

    device: str
    module: str
    job: str
    type: JobType
    start: str
    deadline: str
    created: str
    updated: str
    status: DeviceJobStatus = "pending"
    response: JsonObject | None = None
    error: JsonObject | None = None


def pending(job: HubJob, device: str, module: str, moment: Moment) -> DeviceJob:
    """A job on a device that has not run it yet."""
    now = moment.timestamp
    return DeviceJob(device, module, job.id, job.type, job.start, job.deadline, now, now)


def running(device_job: DeviceJob, moment: Moment) -> DeviceJob:
    """A device job whose direct method is called now."""
    return replace(device_job, status="running", updated=moment.timestamp)


def completed(
    device_job: DeviceJob, moment: Moment, response: JsonObject | None = None
) -> DeviceJob:
    """A device job whose twin was updated, or whose device gave a response: any status will do."""
    return replace(device_job, status="completed", updated=moment.timestamp, response=response)


def failed(device_job: DeviceJob, fault: HubFault, moment: Moment) -> DeviceJob:
    """A device job that failed."""
    error = {"code": fault.code, "description": fault.message}
    return replace(device_job, status="failed", updated=moment.timestamp, error=error)


def too_late() -> HubFault:
    """412003: the time of the job was over before the device ran it."""
    return HubFault(
        412, "JobRunPreconditionFailed", "The time of the job was over before it ran on the device."
    )


def interrupted() -> HubFault:
    """503: the hub stopped during the call, so that the device may have run the method."""
    return HubFault(
        503, "ServiceUnavailable", "The hub stopped before the response of the device arrived."
    )


def document(device_job: DeviceJob) -> JsonObject:
    """A device job as a row of a query."""
    done = device_job.status == "completed"
    return {
        "deviceId": device_job.device,
        **({"moduleId": device_job.module} if device_job.module else {}),
        "jobId": device_job.job,
        "jobType": device_job.type,
        "status": device_job.status,
        "startTimeUtc": device_job.start,
        "endTimeUtc": device_job.deadline,
        "createdDateTimeUtc": device_job.created,
        "lastUpdatedDateTimeUtc": device_job.updated,
        "outcome": {"deviceMethodResponse": device_job.response} if done else {},
        **({"error": device_job.error} if device_job.error else {}),
    }
