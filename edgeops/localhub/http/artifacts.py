"""Published files under `/artifacts/`, which the devices of the local hub download.

They need no authorization: the hub listens on this machine only. A request may
name one range, which devices need to resume (RFC 9110, 13 and 14); the etag is
the SHA-256 of the file. Only plain names are served: no listings, and nothing
outside the folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from aiohttp import web

from edgeops.localhub.state.errors import HubFault

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*\Z")
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
_CHUNK_BYTES = 256 * 1024


class Artifacts:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._etags: dict[tuple[int, int, int], str] = {}
        self._hashing = asyncio.Lock()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Serve GET and HEAD."""
        for method in ("GET", "HEAD"):
            router.add_route(method, "/artifacts/{name:.*}", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        with _opened(self._folder, request.match_info["name"]) as file:
            size = os.fstat(file.fileno()).st_size
            headers = {
                "ETag": await self._etag(file),
                "Accept-Ranges": "bytes",
                "Content-Type": "application/octet-stream",
            }
            status, part = _selected(request, headers["ETag"], size)
            if status in (206, 416):
                sent = f"{part.start}-{part.stop - 1}" if part else "*"  # 416 sends nothing
                headers["Content-Range"] = f"bytes {sent}/{size}"
            if status in (304, 412, 416):
                return web.Response(status=status, headers=headers)
            response = web.StreamResponse(status=status, headers=headers)
            response.content_length = len(part)
            await response.prepare(request)
            if request.method == "GET":
                try:
                    await _send(file, part, response)
                except ConnectionError:  # the client is gone, or the file was truncated
                    if request.transport is not None:
                        request.transport.abort()
            return response

    async def _etag(self, file: BufferedReader) -> str:
        """The etag, computed once for each file: published files never change."""
        status = os.fstat(file.fileno())
        key = (status.st_ino, status.st_size, status.st_mtime_ns)
        async with self._hashing:
            if key not in self._etags:
                digest = await asyncio.to_thread(hashlib.file_digest, file, "sha256")
                self._etags[key] = f'"{digest.hexdigest()}"'
        return self._etags[key]


def _opened(folder: Path, name: str) -> BufferedReader:
    """The file with a name, opened. Raises `HubFault` 404."""
    with suppress(OSError):
        if _NAME.match(name):
            path = (folder / name).resolve(strict=True)
            if path.is_relative_to(folder.resolve()) and path.is_file():
                return path.open("rb")
    raise HubFault(404, "ArtifactNotFound", "There is no such file.")


async def _send(file: BufferedReader, part: range, response: web.StreamResponse) -> None:
    file.seek(part.start)
    remaining = len(part)
    while remaining:
        chunk = await asyncio.to_thread(file.read, min(remaining, _CHUNK_BYTES))
        if not chunk:
            raise ConnectionResetError
        await response.write(chunk)
        remaining -= len(chunk)


def _selected(request: web.Request, etag: str, size: int) -> tuple[int, range]:
    """The status of the response, and the bytes to send; none for 304, 412 and 416."""
    if not _lists(request.headers.get("If-Match", "*"), etag):
        return 412, range(0)
    if _lists(request.headers.get("If-None-Match", ""), etag):
        return 304, range(0)
    part = None
    if request.method == "GET" and request.headers.get("If-Range", etag) == etag:
        part = _part(request.headers.get("Range", ""), size)
    if part is None:
        return 200, range(size)
    return (206, part) if part else (416, part)


def _lists(header: str, etag: str) -> bool:
    """Whether a list of etags contains this etag; `*` contains all."""
    return header.strip() == "*" or etag in [item.strip() for item in header.split(",")]


def _part(header: str, size: int) -> range | None:
    """The bytes that a Range header requests; empty if there are none, None to ignore it."""
    match = _RANGE.match(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        return range(max(0, size - int(match[2])), size)
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    return range(first, last + 1)
