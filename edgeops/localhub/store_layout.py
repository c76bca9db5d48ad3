"""The tables of the hub's database, and how those of older versions become them.

WAL with synchronous=NORMAL: a confirmed write survives `kill -9` (not a power
failure), and needs no fsync.
"""

from __future__ import annotations

import sqlite3

from edgeops.localhub.store_jobs import JOB_TABLES
from edgeops.localhub.store_messages import MESSAGE_TABLES

_LAYOUT = 5
# 0 is a new file; 1 had no sessions and events, 2 no sizes of events, 3 no jobs, 4 neither
# cloud-to-device messages nor what the hub is a clone of.
_OLDER_LAYOUTS = (0, 1, 2, 3, 4)
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
        bytes_so_far INTEGER NOT NULL,  -- of all events since the first, up to this one
        body BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS feed_of_device ON feed (device);  -- implicitly also by sequence
    CREATE TABLE IF NOT EXISTS clone_of (body BLOB NOT NULL);
"""
# Keeps the newest events with their numbers; the others may have any size, and are dropped.
_EVENTS_OF_LAYOUT_2 = """
    INSERT INTO feed
        SELECT sequence, device, sum(length(body)) OVER (ORDER BY sequence), body
        FROM (SELECT * FROM events ORDER BY sequence DESC LIMIT 1000) ORDER BY sequence;
    DROP TABLE events;
"""


def prepare(sqlite: sqlite3.Connection) -> None:
    """Set the mode, and create or migrate the tables. Raises `sqlite3.Error`."""
    sqlite.execute("PRAGMA journal_mode = WAL")
    sqlite.execute("PRAGMA synchronous = NORMAL")
    # Keeps the twins of thousands of devices in memory, and syncs the file rarely: a write
    # to all of them must not wait for the disk.
    sqlite.execute("PRAGMA cache_size = -65536")  # KB
    sqlite.execute("PRAGMA wal_autocheckpoint = 8192")  # pages of 4 KB
    sqlite.execute(f"PRAGMA journal_size_limit = {8192 * 4096}")
    (layout,) = sqlite.execute("PRAGMA user_version").fetchone()
    if layout in _OLDER_LAYOUTS:
        migration = _EVENTS_OF_LAYOUT_2 if layout == 2 else ""
        sqlite.executescript(
            f"BEGIN; {_TABLES} {JOB_TABLES} {MESSAGE_TABLES} {migration}"
            f" PRAGMA user_version = {_LAYOUT}; COMMIT;"
        )
        if migration:
            sqlite.execute("VACUUM")
    elif layout != _LAYOUT:
        raise sqlite3.DatabaseError(f"it has layout {layout}, which this version does not know")


def clear(sqlite: sqlite3.Connection) -> None:
    """Delete all rows; numbers that count on, such as those of events, do so."""
    tables = sqlite.execute(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for (table,) in tables:
        sqlite.execute(f"DELETE FROM main.{table}")  # noqa: S608 - a name of ours
