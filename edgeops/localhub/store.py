"""What the hub keeps on disk: SQLite, one row for each device, module and configuration.

WAL with synchronous=NORMAL: an answered write survives kill -9 (not a power
cut), and costs no fsync.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import orjson

from edgeops.errors import EdgeOpsError
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.state.entry import (
    Authentication,
    Connection,
    Entry,
    Identity,
    Section,
    TwinState,
)

_LAYOUT = 1
_TABLES = """
    CREATE TABLE IF NOT EXISTS entries (
        device TEXT NOT NULL,
        module TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (device, module)
    );
    CREATE TABLE IF NOT EXISTS configurations (id TEXT PRIMARY KEY, body BLOB NOT NULL);
"""


class Store:
    """The hub's state. Not for use by several threads at once; a context manager.

    Raises `EdgeOpsError` when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Made here, since SQLite would let everybody read the keys in it.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                _prepare(self._sqlite)
            except sqlite3.Error:
                self._sqlite.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise EdgeOpsError(
                f"cannot use the local hub's state in {path}: {error}",
                "`edgeops hub reset` starts again from nothing",
            ) from error

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sqlite.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes of the block, or none of them when it raises."""
        self._sqlite.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sqlite.execute("ROLLBACK")
            raise
        self._sqlite.execute("COMMIT")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that is undone alone when it raises."""
        self._sqlite.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._sqlite.execute("ROLLBACK TO attempt")
            self._sqlite.execute("RELEASE attempt")
            raise
        self._sqlite.execute("RELEASE attempt")

    # --- devices and modules -----------------------------------------------------

    def entry(self, device: str, module: str = "") -> Entry | None:
        """One device (module empty) or module."""
        row = self._sqlite.execute(
            "SELECT body FROM entries WHERE device = ? AND module = ?", (device, module)
        ).fetchone()
        return _entry(row[0]) if row else None

    def modules(self, device: str) -> dict[str, Entry]:
        """The modules of a device, by name in order."""
        rows = self._sqlite.execute(
            "SELECT module, body FROM entries WHERE device = ? AND module > '' ORDER BY module",
            (device,),
        )
        return {module: _entry(body) for module, body in rows}

    def devices(self, after: str = "") -> Iterator[Entry]:
        """All devices in order of their id, those after one id; read as they are taken."""
        rows = self._sqlite.execute(
            "SELECT body FROM entries WHERE device > ? AND module = '' ORDER BY device", (after,)
        )
        return (_entry(body) for (body,) in rows)

    def all_modules(self, after: tuple[str, str] = ("", "")) -> Iterator[Entry]:
        """All modules in order of (device, module), those after one; read as they are taken."""
        rows = self._sqlite.execute(
            "SELECT body FROM entries WHERE (device, module) > (?, ?) AND module > ''"
            " ORDER BY device, module",
            after,
        )
        return (_entry(body) for (body,) in rows)

    def save(self, *entries: Entry) -> None:
        """Keep entries, in place of earlier ones of the same name."""
        self._sqlite.executemany(
            "INSERT INTO entries VALUES (?, ?, ?)"
            " ON CONFLICT (device, module) DO UPDATE SET body = excluded.body",
            [(e.identity.device, e.identity.module, orjson.dumps(e)) for e in entries],
        )

    def delete_module(self, device: str, module: str) -> None:
        """Forget a module."""
        self._sqlite.execute(
            "DELETE FROM entries WHERE device = ? AND module = ?", (device, module)
        )

    def delete_device(self, device: str) -> None:
        """Forget a device and its modules."""
        self._sqlite.execute("DELETE FROM entries WHERE device = ?", (device,))

    # --- configurations ------------------------------------------------------------

    def configuration(self, configuration: str) -> Configuration | None:
        """One configuration."""
        row = self._sqlite.execute(
            "SELECT body FROM configurations WHERE id = ?", (configuration,)
        ).fetchone()
        return Configuration(**orjson.loads(row[0])) if row else None

    def configurations(self) -> list[Configuration]:
        """All configurations in order of their id."""
        rows = self._sqlite.execute("SELECT body FROM configurations ORDER BY id")
        return [Configuration(**orjson.loads(body)) for (body,) in rows]

    def save_configuration(self, configuration: Configuration) -> None:
        """Keep a configuration, in place of an earlier one of the same id."""
        self._sqlite.execute(
            "INSERT INTO configurations VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (configuration.id, orjson.dumps(configuration)),
        )

    def delete_configuration(self, configuration: str) -> None:
        """Forget a configuration."""
        self._sqlite.execute("DELETE FROM configurations WHERE id = ?", (configuration,))


def _prepare(sqlite: sqlite3.Connection) -> None:
    """Set the mode, and make the tables of a new file. Raises `sqlite3.Error`."""
    sqlite.execute("PRAGMA journal_mode = WAL")
    sqlite.execute("PRAGMA synchronous = NORMAL")
    (layout,) = sqlite.execute("PRAGMA user_version").fetchone()
    if layout not in (0, _LAYOUT):
        raise sqlite3.DatabaseError(f"it has layout {layout}")
    if layout == 0:
        sqlite.executescript(f"{_TABLES} PRAGMA user_version = {_LAYOUT};")


def _entry(body: bytes) -> Entry:
    """The inverse of `orjson.dumps(entry)`."""
    row = orjson.loads(body)
    identity, twin = row["identity"], row["twin"]
    identity["authentication"] = Authentication(**identity["authentication"])
    identity["parents"] = tuple(identity["parents"])
    twin["desired"] = Section(**twin["desired"])
    twin["reported"] = Section(**twin["reported"])
    return Entry(Identity(**identity), TwinState(**twin), Connection(**row["connection"]))
