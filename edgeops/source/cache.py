"""What was computed before, in SQLite: a cache that is always allowed to fail.

A broken, locked or read-only cache costs time, never correctness or an error.
"""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_MAX_ROWS = 200_000
_SCHEMA = "CREATE TABLE IF NOT EXISTS memo (key TEXT PRIMARY KEY, value BLOB NOT NULL)"
_WAIT_SECONDS = 0.5
# The file is no cache of ours; other errors (locked, read-only, disk full) may pass.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class Cache:
    """A `Memo` kept in `cache.sqlite` of a folder; a context manager that saves at its end."""

    def __init__(self, folder: Path, *, max_rows: int = _MAX_ROWS) -> None:
        self._path = folder / "cache.sqlite"
        self._max_rows = max_rows
        self._new: dict[str, bytes] = {}
        self._db: sqlite3.Connection | None = None
        try:
            make_private_folder(folder)
            self._db = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
            self._db.execute(_SCHEMA)
            self._db.execute("BEGIN")  # one for all: each SELECT alone would lock the file anew
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def get(self, key: str) -> bytes | None:
        """What was put under this key, or None."""
        if key in self._new or self._db is None:
            return self._new.get(key)
        try:
            row = self._db.execute("SELECT value FROM memo WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        return _checked(row[0]) if row else None

    def put(self, key: str, value: bytes) -> None:
        """Remember a result; `close` saves it."""
        self._new[key] = value

    def close(self) -> None:
        """Save what is new and drop the oldest rows beyond the bound."""
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
        rows = ((key, _checksum(value) + value) for key, value in self._new.items())
        db.executemany("INSERT OR REPLACE INTO memo VALUES (?, ?)", rows)
        db.execute(
            "DELETE FROM memo WHERE rowid <= (SELECT max(rowid) FROM memo) - ?", (self._max_rows,)
        )
        db.execute("COMMIT")

    def _give_up(self, error: Exception) -> None:
        """Go on without the file; remove it when it is damaged, so that the next run has one."""
        if self._db is not None:
            self._db.close()
            self._db = None
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            with suppress(OSError):
                self._path.unlink()


def _checksum(value: bytes) -> bytes:
    return zlib.crc32(value).to_bytes(4, "big")


def _checked(stored: Any) -> bytes | None:
    """The value of a row, None where it is not as it was saved: SQLite does not look."""
    if not isinstance(stored, bytes):
        return None
    value = stored[4:]
    return value if stored[:4] == _checksum(value) else None


def make_private_folder(folder: Path) -> None:
    """Make a folder for what must not be committed: git ignores all that is in it."""
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
