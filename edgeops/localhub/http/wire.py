"""Requests and responses as Azure writes them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import web

from edgeops.localhub.state import errors, etags, json
from edgeops.localhub.state.errors import HubFault
from edgeops.twin import JsonObject

MAX_BODY_BYTES = 8 * 1024 * 1024


async def json_body(request: web.Request) -> Any:
    """The JSON body. Raises `HubFault` 400 and 413."""
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise errors.body_too_big(MAX_BODY_BYTES) from error
    return json.parsed(raw)


async def json_object(request: web.Request) -> JsonObject:
    """The JSON body, which must be an object. Raises `HubFault` 400 and 413."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise errors.unreadable("The body must be a JSON object.")
    return body


def if_match(request: web.Request) -> str | None:
    """The bare etag that the write is conditional on, `*` for any, None when there is none."""
    return etags.bare(request.headers.get("If-Match"))


def top(request: web.Request, most: int) -> int:
    """The `top` parameter; what is missing or outside 1 to `most` counts as `most`."""
    asked = whole_number(request.query.get("top", ""))
    return asked if asked is not None and 1 <= asked <= most else most


def whole_number(text: str) -> int | None:
    """The number that a text of up to nine digits says, else None."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def answer(body: Any, status: int = 200) -> web.Response:
    """A JSON response, with the etag of what it holds."""
    response = web.Response(
        body=orjson.dumps(body),
        status=status,
        content_type="application/json",
        charset="utf-8",
    )
    if isinstance(body, dict) and "etag" in body:
        response.headers["ETag"] = f'"{body["etag"]}"'
    return response


def no_content() -> web.Response:
    """204."""
    return web.Response(status=204)


def refusal(fault: HubFault) -> web.Response:
    """A fault as Azure answers it."""
    tracking = f"{uuid.uuid4().hex.upper()}-TimeStamp:{datetime.now(UTC):%m/%d/%Y %H:%M:%S}"
    response = answer(
        {
            "Message": f"ErrorCode:{fault.code};{fault.message}",
            "ExceptionMessage": f"Tracking ID:{tracking}",
        },
        fault.status,
    )
    response.headers["iothub-errorcode"] = fault.code
    return response
