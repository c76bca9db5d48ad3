"""What the hub keeps on disk: SQLite, one row for each device, module, session and configuration.

WAL with synchronous=NORMAL: an answered write survives kill -9 (not a power
cut), and costs no fsync.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import orjson

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.state.entry import (
    Authentication,
    ConnectionState,
    RegistryEntry,
    RegistryIdentity,
    Section,
    TwinState,
)
from edgeops.localhub.state.events import Event

_LAYOUT = 3
_OLDER_LAYOUTS = (0, 1, 2)  # 0 is a new file; 1 had no sessions and events, 2 no sizes of events
MAX_EVENTS = 100_000
MAX_EVENT_BYTES = 64 * 1024 * 1024
# What a page of events holds, and whatever it has for its first one.
_PAGE_BYTES = 1024 * 1024
_ROWS_AT_ONCE = 16
_TABLES = """
    CREATE TABLE IF NOT EXISTS entries (
        device TEXT NOT NULL,
        module TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (device, module)
    );
    CREATE TABLE IF NOT EXISTS configurations (id TEXT PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS sessions (
        device TEXT NOT NULL,
        module TEXT NOT NULL,
        subscriptions BLOB NOT NULL,
        PRIMARY KEY (device, module)
    );
    CREATE TABLE IF NOT EXISTS feed (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL,
        bytes_so_far INTEGER NOT NULL,  -- of all events up to this one, since the first
        body BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS feed_of_device ON feed (device);  -- and, as every index, by sequence
"""
# The newest, with their numbers; the rest may have been any size, which the file gives back.
_EVENTS_OF_LAYOUT_2 = """
    INSERT INTO feed
        SELECT sequence, device, sum(length(body)) OVER (ORDER BY sequence), body
        FROM (SELECT * FROM events ORDER BY sequence DESC LIMIT 1000) ORDER BY sequence;
    DROP TABLE events;
"""


class HubStore:
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

    def __enter__(self) -> HubStore:
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

    def entry(self, device: str, module: str = "") -> RegistryEntry | None:
        """One device (module empty) or module."""
        row = self._sqlite.execute(
            "SELECT body FROM entries WHERE device = ? AND module = ?", (device, module)
        ).fetchone()
        return entry_of(row[0]) if row else None

    def modules(self, device: str) -> dict[str, bytes]:
        """The modules of a device by name in order, each for `entry_of` to read."""
        return dict(
            self._sqlite.execute(
                "SELECT module, body FROM entries WHERE device = ? AND module > '' ORDER BY module",
                (device,),
            )
        )

    def devices(self, after: str = "") -> Iterator[RegistryEntry]:
        """All devices in order of their id, those after one id.

        Read as they are taken, a few at a time: writes may go on in between.
        """
        while True:
            rows = self._sqlite.execute(
                "SELECT device, body FROM entries WHERE device > ? AND module = ''"
                " ORDER BY device LIMIT ?",
                (after, _ROWS_AT_ONCE),
            ).fetchall()
            for after, body in rows:  # noqa: B007  where to go on
                yield entry_of(body)
            if len(rows) < _ROWS_AT_ONCE:
                return

    def all_modules(self, after: tuple[str, str] = ("", "")) -> Iterator[RegistryEntry]:
        """All modules in order of (device, module), those after one; read as `devices` are."""
        while True:
            rows = self._sqlite.execute(
                "SELECT device, module, body FROM entries WHERE (device, module) > (?, ?)"
                " AND module > '' ORDER BY device, module LIMIT ?",
                (*after, _ROWS_AT_ONCE),
            ).fetchall()
            for device, module, body in rows:
                yield entry_of(body)
                after = device, module
            if len(rows) < _ROWS_AT_ONCE:
                return

    def save(self, *entries: RegistryEntry) -> None:
        """Keep entries, in place of earlier ones of the same name."""
        self._sqlite.executemany(
            "INSERT INTO entries VALUES (?, ?, ?)"
            " ON CONFLICT (device, module) DO UPDATE SET body = excluded.body",
            [(e.identity.device, e.identity.module, orjson.dumps(e)) for e in entries],
        )

    def connected(self) -> list[RegistryEntry]:
        """All devices and modules that count as connected."""
        rows = self._sqlite.execute(
            "SELECT body FROM entries"
            " WHERE json_extract(CAST(body AS TEXT), '$.connection.connected')"
        )
        return [entry_of(body) for (body,) in rows]

    def delete_module(self, device: str, module: str) -> None:
        """Forget a module."""
        for table in ("entries", "sessions"):
            self._sqlite.execute(
                f"DELETE FROM {table} WHERE device = ? AND module = ?",  # noqa: S608
                (device, module),
            )

    def delete_device(self, device: str) -> None:
        """Forget a device and its modules."""
        for table in ("entries", "sessions"):
            self._sqlite.execute(f"DELETE FROM {table} WHERE device = ?", (device,))  # noqa: S608

    # --- sessions of devices ---------------------------------------------------------

    def subscriptions(self, device: str, module: str) -> dict[str, int] | None:
        """The topic filters of a device with their QoS; None when it has no session."""
        row = self._sqlite.execute(
            "SELECT subscriptions FROM sessions WHERE device = ? AND module = ?", (device, module)
        ).fetchone()
        return orjson.loads(row[0]) if row else None

    def save_subscriptions(self, device: str, module: str, subscriptions: dict[str, int]) -> None:
        """Keep the session of a device, in place of an earlier one."""
        self._sqlite.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)",
            (device, module, orjson.dumps(subscriptions)),
        )

    def forget_subscriptions(self, device: str, module: str) -> None:
        """End the session of a device."""
        self._sqlite.execute(
            "DELETE FROM sessions WHERE device = ? AND module = ?", (device, module)
        )

    # --- events ----------------------------------------------------------------------

    def add_events(self, events: Iterable[Event]) -> None:
        """Add to the feed; the newest are kept: `MAX_EVENTS` of at most `MAX_EVENT_BYTES`."""
        last, bytes_so_far = self._sqlite.execute(
            "SELECT sequence, bytes_so_far FROM feed ORDER BY sequence DESC LIMIT 1"
        ).fetchone() or (0, 0)
        rows = []
        for event in events:
            body = orjson.dumps(event.document)
            bytes_so_far += len(body)
            rows.append((event.device, bytes_so_far, body))
        if rows:
            self._sqlite.executemany(
                "INSERT INTO feed (device, bytes_so_far, body) VALUES (?, ?, ?)", rows
            )
            self._sqlite.execute(
                "DELETE FROM feed WHERE sequence <= max(?, (SELECT sequence - 1 FROM feed"
                " WHERE bytes_so_far > ? ORDER BY sequence LIMIT 1))",
                (last + len(rows) - MAX_EVENTS, bytes_so_far - MAX_EVENT_BYTES),
            )

    def last_event(self) -> int:
        """The number of the newest event, 0 before the first."""
        (newest,) = self._sqlite.execute("SELECT max(sequence) FROM feed").fetchone()
        return newest or 0

    def events(self, after: int, most: int, device: str | None) -> list[JsonObject]:
        """The oldest of the events after one number, of all devices or of one.

        Fewer than there are when they are large; none only when there are none.
        """
        of_one = "" if device is None else "AND device = :device"
        rows = self._sqlite.execute(
            f"SELECT sequence, body FROM feed WHERE sequence > :after {of_one}"  # noqa: S608
            " ORDER BY sequence LIMIT :most",
            {"after": after, "device": device, "most": most},
        )
        found, room = [], _PAGE_BYTES
        for sequence, body in rows:
            found.append({"sequence": sequence, **orjson.loads(body)})
            room -= len(body)
            if room <= 0:
                break
        rows.close()
        return found

    def start_of_last_events(self, count: int, device: str | None) -> int:
        """The number after which that many events come, of all devices or of one."""
        if device is None:
            return max(0, self.last_event() - count)
        row = self._sqlite.execute(
            "SELECT sequence FROM feed WHERE device = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?",
            (device, count),
        ).fetchone()
        return row[0] if row else 0

    # --- configurations ------------------------------------------------------------

    def configuration(self, configuration: str) -> Configuration | None:
        """One configuration."""
        row = self._sqlite.execute(
            "SELECT body FROM configurations WHERE id = ?", (configuration,)
        ).fetchone()
        return Configuration(**orjson.loads(row[0])) if row else None

    def configurations(self) -> Iterator[Configuration]:
        """All configurations in order of their id, read one at a time as they are taken."""
        found = ""
        while row := self._sqlite.execute(
            "SELECT id, body FROM configurations WHERE id > ? ORDER BY id LIMIT 1", (found,)
        ).fetchone():
            found, body = row
            yield Configuration(**orjson.loads(body))

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
    # The twins of thousands of devices in memory, and the file synced seldom: a write
    # to all of them at once must not wait for the disk.
    sqlite.execute("PRAGMA cache_size = -65536")  # KB
    sqlite.execute("PRAGMA wal_autocheckpoint = 8192")  # pages of 4 KB
    sqlite.execute(f"PRAGMA journal_size_limit = {8192 * 4096}")
    (layout,) = sqlite.execute("PRAGMA user_version").fetchone()
    if layout in _OLDER_LAYOUTS:
        moved = _EVENTS_OF_LAYOUT_2 if layout == 2 else ""
        sqlite.executescript(f"BEGIN; {_TABLES} {moved} PRAGMA user_version = {_LAYOUT}; COMMIT;")
        if moved:
            sqlite.execute("VACUUM")
    elif layout != _LAYOUT:
        raise sqlite3.DatabaseError(f"it has layout {layout}")


def entry_of(body: bytes) -> RegistryEntry:
    """The inverse of `orjson.dumps(entry)`."""
    row = orjson.loads(body)
    identity, twin = row["identity"], row["twin"]
    identity["authentication"] = Authentication(**identity["authentication"])
    identity["parents"] = tuple(identity["parents"])
    twin["desired"] = Section(**twin["desired"])
    twin["reported"] = Section(**twin["reported"])
    return RegistryEntry(
        RegistryIdentity(**identity), TwinState(**twin), ConnectionState(**row["connection"])
    )
