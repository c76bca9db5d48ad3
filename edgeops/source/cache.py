"""A cache of computed results in SQLite, which is always allowed to fail.

A broken, locked or read-only cache costs time, never correctness or an error. Its content is
trusted, so it lives where only this user can write: never in a checkout, whose files come from
others.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import sys
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_MAX_ROWS = 200_000
_SCHEMA = "CREATE TABLE IF NOT EXISTS memo (key TEXT PRIMARY KEY, value BLOB NOT NULL)"
_WAIT_SECONDS = 0.5
# The file is not a cache of ours; other errors (locked, read-only, disk full) may pass.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class Cache:
    """A `Memo` in `cache.sqlite` of a folder; a context manager that saves when it is left.

    Without a folder, or when others can write to the folder, it saves nothing.
    """

    def __init__(self, folder: Path | None, *, max_rows: int = _MAX_ROWS) -> None:
        self._max_rows = max_rows
        self._new: dict[str, bytes] = {}
        self._db: sqlite3.Connection | None = None
        if folder is None:
            return
        self._path = folder / "cache.sqlite"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _only_ours(folder):
                return
            self._db = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
            self._db.execute("PRAGMA synchronous = OFF")  # what a power cut damages is found
            self._db.execute(_SCHEMA)
            self._db.execute("BEGIN")  # one transaction: each SELECT by itself would lock the file
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def get(self, key: str) -> bytes | None:
        """The value under this key, or None."""
        if key in self._new or self._db is None:
            return self._new.get(key)
        try:
            row = self._db.execute("SELECT value FROM memo WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        return _checked(key, row[0]) if row else None

    def put(self, key: str, value: bytes) -> None:
        """Remember a value; `close` saves it."""
        self._new[key] = value

    def close(self) -> None:
        """Save new values, and drop the oldest rows beyond the limit."""
        if self._db is None:
            return
        try:
            if self._new:
                self._save(self._db)
        except sqlite3.Error as error:
            self._give_up(error)
        else:
            self._db.close()
            self._db = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _save(self, db: sqlite3.Connection) -> None:
        rows = ((key, _checksum(key, value) + value) for key, value in self._new.items())
        db.executemany("INSERT OR REPLACE INTO memo VALUES (?, ?)", rows)
        db.execute(
            "DELETE FROM memo WHERE rowid <= (SELECT max(rowid) FROM memo) - ?", (self._max_rows,)
        )
        db.execute("COMMIT")

    def _give_up(self, error: Exception) -> None:
        """Continue without the file; remove a damaged one, so that the next run starts anew."""
        if self._db is not None:
            self._db.close()
            self._db = None
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            with suppress(OSError):
                self._path.unlink()


def remembered(folder: Path | None, key: str, state: bytes, find: Callable[[], Any]) -> Any:
    """The JSON value that was found under this key, or is found now if its state is another."""
    with Cache(folder) as cache:
        kept = cache.get(key)
    if kept is not None and kept.startswith(state):
        return json.loads(kept[len(state) :])
    found = find()  # with the cache closed: finding can use it, too
    with Cache(folder) as cache:
        cache.put(key, state + json.dumps(found).encode())
    return found


def cache_folder(
    root: Path, environ: Mapping[str, str], platform: str = sys.platform
) -> Path | None:
    """The cache folder of this user; None without a home, and if it would be inside the checkout.

    Source: XDG Base Directory Specification; Apple's File System Programming Guide (platformdirs
    does the same, but takes 30 ms to import).
    """
    folder = Path(environ.get("XDG_CACHE_HOME", ""), "edgeops")
    if not folder.is_absolute():
        usual = "Library/Caches" if platform == "darwin" else ".cache"
        folder = Path(environ.get("HOME", ""), usual, "edgeops")
    top = next((at for at in (root, *root.parents) if (at / ".git").exists()), root)
    inside = folder.resolve().is_relative_to(top.resolve())
    return folder if folder.is_absolute() and not inside else None


def _only_ours(folder: Path) -> bool:
    """Whether only this user can write to a folder."""
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _checksum(key: str, value: bytes) -> bytes:
    return zlib.crc32(value, zlib.crc32(os.fsencode(key))).to_bytes(4, "big")


def _checked(key: str, stored: Any) -> bytes | None:
    """The value of a row, None where it is not as it was saved: SQLite does not check that."""
    if not isinstance(stored, bytes):
        return None
    value = stored[4:]
    return value if stored[:4] == _checksum(key, value) else None
