"""Routes for jobs. The local hub has no import and export jobs: it lists none."""

from __future__ import annotations

import base64
from typing import TypeVar

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import json_body, json_response, page_size, rows, whole_number
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import jobs
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.jobs import STATUSES, TYPES
from edgeops.localhub.state.throttles import OperationKind

_Name = TypeVar("_Name", bound=str)


async def _put(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request)
    return json_response(jobs.put_job(hub, request.match_info["id"], body))


async def _get(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(jobs.get_job(hub, request.match_info["id"]))


async def _cancel(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(jobs.cancel_job(hub, request.match_info["id"]))


async def _query(hub: EmulatedHub, request: web.Request) -> web.Response:
    kind, status = _one_of(request, "jobType", TYPES), _one_of(request, "jobStatus", STATUSES)
    after = _cursor(request.headers.get("x-ms-continuation"))
    steps = jobs.query_jobs(hub, kind, status, page_size(request), after)
    documents, following = await hub.scheduler.run(steps)
    response = json_response(rows(documents))
    response.headers["x-ms-item-type"] = "JobResponse"
    if following is not None:
        token = base64.urlsafe_b64encode(str(following).encode()).decode()
        response.headers["x-ms-continuation"] = token
    return response


async def _no_import_export(_: EmulatedHub, __: web.Request) -> web.Response:
    raise errors.no_import_export()


async def _list_import_export(_: EmulatedHub, __: web.Request) -> web.Response:
    return json_response([])


async def _no_such_import_export(_: EmulatedHub, request: web.Request) -> web.Response:
    raise errors.job_not_found(request.match_info["id"])


def _one_of(request: web.Request, name: str, values: tuple[_Name, ...]) -> _Name | None:
    """The value of a parameter, in any case; None when it is missing or empty."""
    given = request.query.get(name)
    for value in values:
        if given and given.lower() == value.lower():
            return value
    if given:
        raise errors.invalid(f"'{name}' must be one of {', '.join(values)}.")
    return None


def _cursor(token: str | None) -> int:
    """The cursor in a continuation token, 0 without one."""
    if not token:
        return 0
    try:
        cursor = whole_number(base64.b64decode(token, altchars=b"-_", validate=True).decode())
    except ValueError:
        cursor = None
    if cursor is None:
        raise errors.invalid("The continuation token is not one of this query.")
    return cursor


_KIND = OperationKind.JOBS
_READ, _WRITE = Permission.REGISTRY_READ, Permission.REGISTRY_WRITE

ROUTES = (
    Route("GET", "/jobs/v2/query", _READ, _query, _KIND),
    Route("GET", "/jobs/v2/{id}", _READ, _get, _KIND),
    Route("PUT", "/jobs/v2/{id}", _WRITE, _put, _KIND),
    Route("POST", "/jobs/v2/{id}/cancel", _WRITE, _cancel, _KIND),
    Route("POST", "/jobs/create", _WRITE, _no_import_export, _KIND),
    Route("GET", "/jobs", _READ, _list_import_export, _KIND),
    Route("GET", "/jobs/{id}", _READ, _no_such_import_export, _KIND),
    Route("DELETE", "/jobs/{id}", _WRITE, _no_such_import_export, _KIND),
)
