"""Reads requests and writes responses in the format of Azure's service API."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state import errors, etags
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json, require_object

# The JSON of a twin is smaller, even one that Azure counts as its maximum of 72 KB.
MAX_BODY_BYTES = 1024 * 1024
SECONDS_FOR_BODY = 30.0
_MAX_PAGE_SIZE = 100  # as documented
_COMPRESSED = ("gzip", "deflate", "br", "zstd")


async def json_body(request: web.Request, max_bytes: int = MAX_BODY_BYTES) -> Any:
    """The JSON body. Raises `HubFault` 400, 408 and 413."""
    return parse_json(await raw_body(request, max_bytes))


async def raw_body(request: web.Request, max_bytes: int) -> bytearray:
    """The body. Raises `HubFault` 400, 408 and 413."""
    if request.headers.get("Content-Encoding", "").lower() in _COMPRESSED:
        raise errors.unreadable("The local hub does not take compressed bodies.")
    raw = bytearray()
    try:
        if request.content.is_eof():  # almost always; the other branch is much slower
            raw += request.content.read_nowait()
        else:
            async with asyncio.timeout(SECONDS_FOR_BODY):
                while len(raw) <= max_bytes and (chunk := await request.content.readany()):
                    raw += chunk
    except TimeoutError as error:
        raise errors.body_too_slow() from error
    except (web.RequestPayloadError, aiohttp.ClientPayloadError) as error:
        raise errors.unreadable("The body is incomplete, or its chunks are malformed.") from error
    if len(raw) > max_bytes:
        raise errors.body_too_big(max_bytes)
    return raw


async def json_object(request: web.Request) -> JsonObject:
    """The JSON body, which must be an object. Raises `HubFault` 400, 408 and 413."""
    return require_object(await json_body(request))


def if_match(request: web.Request) -> str | None:
    """The bare etag of the If-Match header, `*` for any etag, None without the header."""
    return etags.bare(request.headers.get("If-Match"))


def top(request: web.Request, limit: int) -> int:
    """The `top` parameter; `limit` if it is missing, or outside 1 to `limit`."""
    number = whole_number(request.query.get("top", ""))
    return number if number is not None and 1 <= number <= limit else limit


def page_size(request: web.Request) -> int:
    """The requested size of a page of a query, limited to the maximum. Raises `HubFault` 400."""
    size = whole_number(request.headers.get("x-ms-max-item-count") or str(_MAX_PAGE_SIZE))
    if not size:
        raise errors.invalid("'x-ms-max-item-count' must be a positive integer.")
    return min(size, _MAX_PAGE_SIZE)


def whole_number(text: str) -> int | None:
    """The value of up to nine digits, else None."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def rows(documents: Iterable[bytes]) -> list[orjson.Fragment]:
    """Documents that are already JSON, as the body of a response."""
    return [orjson.Fragment(document) for document in documents]


def json_response(body: Any, status: int = 200) -> web.Response:
    """A JSON response; the etag of its body becomes the ETag header."""
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
    """A 204 response."""
    return web.Response(status=204)


def error_response(fault: HubFault) -> web.Response:
    """The response to a fault, with Azure's error body and headers."""
    tracking = f"{uuid.uuid4().hex.upper()}-TimeStamp:{datetime.now(UTC):%m/%d/%Y %H:%M:%S}"
    response = json_response(
        {
            "Message": f"ErrorCode:{fault.code};{fault.message}",
            "ExceptionMessage": f"Tracking ID:{tracking}",
        },
        fault.status,
    )
    response.headers["iothub-errorcode"] = fault.code
    if fault.retry_after is not None:
        response.headers["Retry-After"] = f"{fault.retry_after:g}"
    return response
