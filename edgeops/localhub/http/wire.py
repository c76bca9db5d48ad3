"""Requests and responses as Azure writes them."""

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
from edgeops.localhub.state.json_text import parse_json

# What one twin or identity takes in JSON, which Azure counts as 72 KB, is a part of this.
MAX_BODY_BYTES = 1024 * 1024
SECONDS_FOR_BODY = 30.0
_COMPRESSED = ("gzip", "deflate", "br", "zstd")


async def json_body(request: web.Request, max_bytes: int = MAX_BODY_BYTES) -> Any:
    """The JSON body. Raises `HubFault` 400, 408 and 413."""
    if request.headers.get("Content-Encoding", "").lower() in _COMPRESSED:
        raise errors.unreadable("The local hub does not take compressed bodies.")
    raw = bytearray()
    try:
        if request.content.is_eof():  # as almost always; the rest costs more than it seems
            raw += request.content.read_nowait()
        else:
            async with asyncio.timeout(SECONDS_FOR_BODY):
                while len(raw) <= max_bytes and (chunk := await request.content.readany()):
                    raw += chunk
    except TimeoutError as error:
        raise errors.body_too_slow() from error
    except (web.RequestPayloadError, aiohttp.ClientPayloadError) as error:
        raise errors.unreadable("The body ends too soon, or its chunks are wrong.") from error
    if len(raw) > max_bytes:
        raise errors.body_too_big(max_bytes)
    return parse_json(raw)


async def json_object(request: web.Request) -> JsonObject:
    """The JSON body, which must be an object. Raises `HubFault` 400, 408 and 413."""
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


def rows(documents: Iterable[bytes]) -> list[orjson.Fragment]:
    """Documents that are JSON already, as a body to answer with."""
    return [orjson.Fragment(document) for document in documents]


def json_response(body: Any, status: int = 200) -> web.Response:
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


def error_response(fault: HubFault) -> web.Response:
    """A fault as Azure answers it."""
    tracking = f"{uuid.uuid4().hex.upper()}-TimeStamp:{datetime.now(UTC):%m/%d/%Y %H:%M:%S}"
    response = json_response(
        {
            "Message": f"ErrorCode:{fault.code};{fault.message}",
            "ExceptionMessage": f"Tracking ID:{tracking}",
        },
        fault.status,
    )
    response.headers["iothub-errorcode"] = fault.code
    return response
