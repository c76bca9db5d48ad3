"""Downloading one file into its part file, resuming where the last attempt stopped."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edgeops.digest import Digest, Hasher, chunks_of
from edgeops.https_get import Timeouts, Web
from edgeops.modules.model_loader.access import StoreAccess
from edgeops.modules.model_loader.faults import Code, LoadFailed, Superseded
from edgeops.modules.model_loader.http import get
from edgeops.modules.model_loader.wanted import WantedFile

if TYPE_CHECKING:
    from requests import Response

_CHUNK = 64 * 1024
_LEAST_BYTES = 1024  # in a stall time; a server that sends less has stalled as well
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)\Z")


class PartFile:
    """The part file of one file, open for appending; what it holds already is hashed again.

    All calls may raise `OSError`.
    """

    def __init__(self, path: Path, *, md5: bool) -> None:
        self._md5 = md5
        self._hasher = Hasher(md5=md5)
        if path.is_symlink():
            path.unlink()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        self._file = os.fdopen(handle, "rb+", buffering=0)
        for chunk in chunks_of(self._file):
            self._hasher.add(chunk)

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._hasher.size

    def append(self, data: bytes) -> None:
        """Write the next bytes, hashing them on the way."""
        view = memoryview(data)
        while view:
            written = self._file.write(view)
            view = view[written:]
        self._hasher.add(data)

    def restart(self) -> None:
        """Forget what came so far."""
        self._file.seek(0)
        self._file.truncate()
        self._hasher = Hasher(md5=self._md5)

    def finish(self) -> Digest:
        """Bring the bytes to the disk; gives the digest of all of them."""
        os.fsync(self._file.fileno())
        return self._hasher.digest()


@dataclass(slots=True)
class Cancellation:
    """Stops a download from another thread, even one that waits for its server."""

    _stopped: threading.Event = field(default_factory=threading.Event)
    _response: Any = None

    @property
    def stopped(self) -> bool:
        """Whether it was cancelled."""
        return self._stopped.is_set()

    @property
    def received(self) -> bool:
        """Whether a file began to arrive."""
        return self._response is not None

    def cancel(self) -> None:
        """Stop: the download raises `Superseded` soon."""
        self._stopped.set()
        response = self._response
        if response is not None:
            with suppress(OSError, RuntimeError, ValueError):  # it has just ended by itself
                response.shutdown()

    def check(self) -> None:
        """Raises `Superseded` when it was cancelled."""
        if self._stopped.is_set():
            raise Superseded

    def watch(self, response: Any) -> None:
        """From now on cancelling also ends the reading of this response."""
        self._response = response
        self.check()


@dataclass(frozen=True, slots=True)
class Downloader:
    """How files are fetched. `max_bytes` caps files whose size the twin does not say.

    `etags` remembers, while the process lives, which version of a file the
    bytes in a part file are of.
    """

    session: Web
    max_bytes: int
    timeouts: Timeouts = field(default_factory=Timeouts)
    clock: Callable[[], float] = time.monotonic
    etags: dict[str, str] = field(default_factory=dict)

    def fetch(
        self,
        file: WantedFile,
        part: PartFile,
        access: StoreAccess | None,
        cancellation: Cancellation,
    ) -> Digest:
        """The digest of the whole file, which is then in `part`, and is the wanted one.

        Raises `LoadFailed`, `Superseded`, and `OSError` from writing.
        """
        resumed = part.size > 0
        try:
            if part.size > self._most(file):
                part.restart()
            if part.size != file.size:
                self._receive(file, part, access, cancellation)
            digest = part.finish()
            _verify(digest, file, resumed=resumed)
        except LoadFailed as failure:
            if failure.fault.code in _SPOILED:
                part.restart()
            raise
        return digest

    def _most(self, file: WantedFile) -> int:
        return self.max_bytes if file.size is None else file.size

    def _receive(
        self,
        file: WantedFile,
        part: PartFile,
        access: StoreAccess | None,
        cancellation: Cancellation,
    ) -> None:
        headers = {}
        if part.size:
            headers["Range"] = f"bytes={part.size}-"
            if file.digest in self.etags:
                headers["If-Range"] = self.etags[file.digest]
        cancellation.check()
        with get(
            self.session, file.url, headers, access=access, timeouts=self.timeouts
        ) as response:
            place = urlsplit(file.url).netloc
            if not self._starts(response, file, part, place):
                return
            try:
                cancellation.watch(response.raw)
                self._read(response, file, part, place, cancellation)
            except Exception:
                cancellation.check()  # a read that was shut down fails in its own way
                raise

    def _starts(self, response: Response, file: WantedFile, part: PartFile, place: str) -> bool:
        """Whether there are bytes to read; `part` then ends where they begin."""
        first, total = _content_range(response)
        if response.status_code == 416:
            if total == part.size:
                self._check_size(total, file, place)
                return False
            raise _changed(place)
        if response.status_code == 206:
            if first is None and response.headers.get("Content-Length") == "0":
                return False  # some stores answer like this at the end of the file
            before, etag = self.etags.get(file.digest), _strong_etag(response)
            if first != part.size or (before and etag and before != etag):
                raise _changed(place)
        else:
            part.restart()
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
        if total is not None:
            self._check_size(total, file, place)
        etag = _strong_etag(response)
        if etag:
            self.etags[file.digest] = etag
        return True

    def _read(
        self,
        response: Response,
        file: WantedFile,
        part: PartFile,
        place: str,
        cancellation: Cancellation,
    ) -> None:
        most = self._most(file)
        window, before = self.clock(), part.size
        while chunk := response.raw.read1(_CHUNK):
            cancellation.check()
            if part.size + len(chunk) > most:
                self._check_size(part.size + len(chunk), file, place)
            part.append(chunk)
            now = self.clock()
            if now - window >= self.timeouts.stall:
                if part.size - before < _LEAST_BYTES:
                    raise LoadFailed(Code.STALLED, f"{place} stopped sending", transient=True)
                window, before = now, part.size
        cancellation.check()
        if file.size is not None and part.size < file.size:
            raise LoadFailed(
                Code.CONNECTION_LOST,
                f"{place} stopped after {part.size:,} of {file.size:,} bytes",
                transient=True,
            )

    def _check_size(self, size: int, file: WantedFile, place: str) -> None:
        if file.size is None and size > self.max_bytes:
            raise LoadFailed(
                Code.TOO_LARGE,
                f"{place} sends more than the allowed {self.max_bytes:,} bytes",
            )
        if file.size is not None and size != file.size:
            raise LoadFailed(
                Code.SIZE_MISMATCH,
                f"the file at {place} has {size:,} bytes, not {file.size:,}",
            )


# After these failures the part file is useless.
_SPOILED = {Code.FILE_CHANGED, Code.SIZE_MISMATCH, Code.TOO_LARGE, Code.CHECKSUM_MISMATCH}


def _changed(place: str) -> LoadFailed:
    return LoadFailed(Code.FILE_CHANGED, f"the file at {place} has changed", transient=True)


def _verify(digest: Digest, file: WantedFile, *, resumed: bool) -> None:
    if file.matches(digest):
        return
    if resumed:
        # The pieces may be of two versions of the file: only a whole one proves anything.
        raise LoadFailed(
            Code.FILE_CHANGED, "the file changed while it was downloaded", transient=True
        )
    if file.size not in (None, digest.size):
        raise LoadFailed(
            Code.SIZE_MISMATCH, f"the file has {digest.size:,} bytes, not {file.size:,}"
        )
    for name, got, want in (
        ("sha256", digest.sha256, file.sha256),
        ("md5", digest.md5, file.md5),
    ):
        if want and got != want:
            raise LoadFailed(
                Code.CHECKSUM_MISMATCH, f"{name} of the file is {got}, the twin says {want}"
            )


def _content_range(response: Response) -> tuple[int | None, int | None]:
    """The first byte and the size of the whole file that a response speaks of."""
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if match is None:
        return None, None
    first, _, total = match.groups()
    return (int(first) if first else None), (int(total) if total != "*" else None)


def _strong_etag(response: Response) -> str | None:
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else None
