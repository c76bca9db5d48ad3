"""The hub's SQLite database: rows of devices, modules, sessions, events, configurations.

Jobs and cloud-to-device messages are in stores of their own, on the same database.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import orjson

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.state.entry import (
    Authentication,
    Configured,
    ConnectionState,
    RegistryEntry,
    RegistryIdentity,
    Section,
    TwinState,
)
from edgeops.localhub.state.events import Event
from edgeops.localhub.store_clone import CloneStore
from edgeops.localhub.store_jobs import JobStore
from edgeops.localhub.store_layout import clear, prepare
from edgeops.localhub.store_messages import MessageStore

MAX_EVENTS = 100_000
MAX_EVENT_BYTES = 64 * 1024 * 1024
_MAX_PAGE_BYTES = 1024 * 1024  # of events; a page ends with the event that reaches it
_BATCH_ROWS = 16

Part = TypeVar("Part")


class HubStore:
    """The hub's database, as a context manager; not thread-safe.

    Raises `EdgeOpsError` when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Created here, since SQLite would let all users read the keys in it.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                prepare(self._sqlite)
            except sqlite3.Error:
                self._sqlite.close()
                raise
            self.jobs = JobStore(self._sqlite)
            self.messages = MessageStore(self._sqlite)
            self.clone = CloneStore(self._sqlite, path)
        except (OSError, sqlite3.Error) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise EdgeOpsError(
                f"cannot use the local hub's state in {path}: {why}", _way_out(error)
            ) from error

    def __enter__(self) -> HubStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._sqlite.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all writes of the block, or roll them back when it raises."""
        self._sqlite.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sqlite.execute("ROLLBACK")
            raise
        self._sqlite.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that is rolled back alone when it raises."""
        self._sqlite.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._sqlite.execute("ROLLBACK TO part")
            raise
        finally:
            self._sqlite.execute("RELEASE part")

    def clear(self) -> None:
        """Delete all rows; numbers that count on, such as those of events, do so."""
        clear(self._sqlite)

    # --- devices and modules -----------------------------------------------------

    def entry(self, device: str, module: str = "") -> RegistryEntry | None:
        """A device (module empty) or module, None when it does not exist."""
        row = self._sqlite.execute(
            "SELECT body FROM entries WHERE device = ? AND module = ?", (device, module)
        ).fetchone()
        return entry_of(row[0]) if row else None

    def modules(self, device: str) -> dict[str, bytes]:
        """The modules of a device in order of their name, each encoded for `entry_of`."""
        return dict(
            self._sqlite.execute(
                "SELECT module, body FROM entries WHERE device = ? AND module > '' ORDER BY module",
                (device,),
            )
        )

    def module_entries(self, device: str) -> list[RegistryEntry]:
        """The modules of a device in order of their name."""
        return [entry_of(body) for body in self.modules(device).values()]

    def devices(self, after: str = "") -> Iterator[RegistryEntry]:
        """The devices after an id, in order of their id.

        They are read lazily, in small batches: writes are possible in between.
        """
        return self._entries("module = ''", (after, ""))

    def all_modules(self, after: tuple[str, str] = ("", "")) -> Iterator[RegistryEntry]:
        """The modules after a module, in order of (device, module); read lazily like `devices`."""
        return self._entries("module > ''", after)

    def _entries(self, condition: str, after: tuple[str, str]) -> Iterator[RegistryEntry]:
        query = (
            "SELECT device, module, body FROM entries WHERE (device, module) > (?, ?)"  # noqa: S608
            f" AND {condition} ORDER BY device, module LIMIT ?"
        )
        while True:
            rows = self._sqlite.execute(query, (*after, _BATCH_ROWS)).fetchall()
            for device, module, body in rows:
                yield entry_of(body)
                after = device, module
            if len(rows) < _BATCH_ROWS:
                return

    def save(self, *entries: RegistryEntry) -> None:
        """Insert or replace entries."""
        self._sqlite.executemany(
            "INSERT INTO entries VALUES (?, ?, ?)"
            " ON CONFLICT (device, module) DO UPDATE SET body = excluded.body",
            [(e.identity.device, e.identity.module, orjson.dumps(e)) for e in entries],
        )

    def connected(self) -> list[RegistryEntry]:
        """All devices and modules that are recorded as connected."""
        rows = self._sqlite.execute(
            "SELECT body FROM entries"
            " WHERE json_extract(CAST(body AS TEXT), '$.connection.connected')"
        )
        return [entry_of(body) for (body,) in rows]

    def configured_devices(self) -> list[str]:
        """The devices on which, or on whose modules, configurations have written."""
        rows = self._sqlite.execute(
            "SELECT DISTINCT device FROM entries"
            " WHERE instr(body, CAST('\"configured\":{' AS BLOB))"
        )
        return [device for (device,) in rows]

    def delete_module(self, device: str, module: str) -> None:
        """Delete a module and its session."""
        for table in ("entries", "sessions"):
            self._sqlite.execute(
                f"DELETE FROM {table} WHERE device = ? AND module = ?",  # noqa: S608
                (device, module),
            )

    def delete_device(self, device: str) -> None:
        """Delete a device, its modules and their sessions, and the messages to it."""
        for table in ("entries", "sessions"):
            self._sqlite.execute(f"DELETE FROM {table} WHERE device = ?", (device,))  # noqa: S608
        self.messages.delete_device(device)

    # --- sessions of devices ---------------------------------------------------------

    def subscriptions(self, device: str, module: str) -> dict[str, int] | None:
        """The topic filters of a device with their QoS; None when it has no session."""
        row = self._sqlite.execute(
            "SELECT subscriptions FROM sessions WHERE device = ? AND module = ?", (device, module)
        ).fetchone()
        return orjson.loads(row[0]) if row else None

    def save_subscriptions(self, device: str, module: str, subscriptions: dict[str, int]) -> None:
        """Insert or replace the session of a device."""
        self._sqlite.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)",
            (device, module, orjson.dumps(subscriptions)),
        )

    def delete_subscriptions(self, device: str, module: str) -> None:
        """Delete the session of a device."""
        self._sqlite.execute(
            "DELETE FROM sessions WHERE device = ? AND module = ?", (device, module)
        )
        if not module:
            self.messages.save_subscription(device, None)

    # --- events ----------------------------------------------------------------------

    def add_events(self, events: Iterable[Event]) -> None:
        """Append to the feed, and delete the oldest beyond `MAX_EVENTS` or `MAX_EVENT_BYTES`."""
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

    def events(self, after: int, limit: int, device: str | None) -> list[JsonObject]:
        """The first events after a sequence number, of all devices or of a single device.

        At most `limit`, and fewer when they are large; empty only when there are none.
        """
        of_device = "" if device is None else "AND device = :device"
        rows = self._sqlite.execute(
            f"SELECT sequence, body FROM feed WHERE sequence > :after {of_device}"  # noqa: S608
            " ORDER BY sequence LIMIT :limit",
            {"after": after, "device": device, "limit": limit},
        )
        events, size = [], 0
        for sequence, body in rows:
            events.append({"sequence": sequence, **orjson.loads(body)})
            size += len(body)
            if size >= _MAX_PAGE_BYTES:
                break
        rows.close()
        return events

    def start_of_last_events(self, count: int, device: str | None) -> int:
        """The cursor before the newest `count` events, of all devices or of a single device."""
        if device is None:
            return max(0, self.last_event() - count)
        row = self._sqlite.execute(
            "SELECT sequence FROM feed WHERE device = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?",
            (device, count),
        ).fetchone()
        return row[0] if row else 0

    # --- configurations ------------------------------------------------------------

    def configuration(self, configuration: str) -> Configuration | None:
        """A configuration, None when it does not exist."""
        row = self._sqlite.execute(
            "SELECT body FROM configurations WHERE id = ?", (configuration,)
        ).fetchone()
        return Configuration(**orjson.loads(row[0])) if row else None

    def configurations(self) -> Iterator[Configuration]:
        """All configurations in order of their id, read lazily, one at a time."""
        last = ""
        while row := self._sqlite.execute(
            "SELECT id, body FROM configurations WHERE id > ? ORDER BY id LIMIT 1", (last,)
        ).fetchone():
            last, body = row
            yield Configuration(**orjson.loads(body))

    def configuration_ids(self) -> list[str]:
        """The ids of all configurations."""
        return [name for (name,) in self._sqlite.execute("SELECT id FROM configurations")]

    def save_configuration(self, configuration: Configuration) -> None:
        """Insert or replace a configuration."""
        self._sqlite.execute(
            "INSERT INTO configurations VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (configuration.id, orjson.dumps(configuration)),
        )

    def delete_configuration(self, configuration: str) -> None:
        """Delete a configuration."""
        self._sqlite.execute("DELETE FROM configurations WHERE id = ?", (configuration,))


def entry_of(body: bytes) -> RegistryEntry:
    """Decode an entry that `orjson.dumps` has encoded."""
    row = orjson.loads(body)
    identity, twin = row["identity"], row["twin"]
    identity["authentication"] = _made(Authentication, identity["authentication"])
    identity["parents"] = tuple(identity["parents"])
    twin["desired"] = _made(Section, twin["desired"])
    twin["reported"] = _made(Section, twin["reported"])
    return RegistryEntry(
        _made(RegistryIdentity, identity),
        _made(TwinState, twin),
        _made(ConnectionState, row["connection"]),
        # entries that older versions have saved lack it
        _configured(row["configured"]) if row.get("configured") else None,
        row.get("cloud_messages", 0),
    )


def _made(kind: type[Part], fields: JsonObject) -> Part:
    """`kind(**fields)` in a third of the time: a frozen dataclass sets its fields one by one."""
    made = object.__new__(kind)
    made.__dict__.update(fields)
    return made


def _configured(row: JsonObject) -> Configured:
    return Configured(
        row["statuses"], tuple(row["by_deployments"]), tuple(row["by_configurations"])
    )


def _way_out(error: OSError | sqlite3.Error) -> str:
    """What to do about a database that cannot be opened: only a damaged one must be given up."""
    if isinstance(error, OSError | sqlite3.OperationalError):
        return "the local hub must be able to write there: is the disk full, or read-only?"
    return "run `edgeops hub reset` to start with an empty hub"
