"""The part of the hub's database that says what it is a clone of, and how it becomes one.

A clone is staged as a database of its own, and taken over in one transaction.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.store_layout import clear

STAGED = "clone.db"  # beside the database of the hub
_TAKEN = ("entries", "configurations", "clone_of")


def staged_beside(database: Path) -> Path:
    """Where the clone for a database is staged; the database may be a link."""
    return database.resolve().with_name(STAGED)


def remove_staged(staged: Path) -> None:
    """Delete a staged database, if it is there."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{staged}{suffix}").unlink(missing_ok=True)


class CloneStore:
    """What a hub is a clone of."""

    def __init__(self, sqlite: sqlite3.Connection, database: Path) -> None:
        self._sqlite = sqlite
        self.staged = staged_beside(database)

    def document(self) -> JsonObject:
        """What the hub is a clone of, empty if it is none."""
        row = self._sqlite.execute("SELECT body FROM clone_of").fetchone()
        return orjson.loads(row[0]) if row else {}

    def is_empty(self) -> bool:
        """Whether the hub has no devices and no configurations."""
        query = "SELECT EXISTS (SELECT 1 FROM entries) OR EXISTS (SELECT 1 FROM configurations)"
        return not self._sqlite.execute(query).fetchone()[0]

    def counts(self) -> tuple[int, int]:
        """The numbers of devices and of modules."""
        query = "SELECT count(*) FILTER (WHERE module = ''), count(*) FROM entries"
        devices, both = self._sqlite.execute(query).fetchone()
        return devices, both - devices

    def delete_modules_without_a_device(self) -> None:
        """Delete the modules of devices that are not there."""
        self._sqlite.execute(
            "DELETE FROM entries WHERE device NOT IN (SELECT device FROM entries WHERE module = '')"
        )

    def describe(self, document: JsonObject) -> None:
        """Say what this database is a clone of."""
        self._sqlite.execute("INSERT INTO clone_of VALUES (?)", (orjson.dumps(document),))

    def take_over(self) -> None:
        """Replace all that the hub has by what is staged, in one transaction."""
        self._sqlite.execute("ATTACH ? AS staged", (str(self.staged),))
        try:
            self._sqlite.execute("BEGIN IMMEDIATE")
            with self._sqlite:  # commits, or rolls back
                clear(self._sqlite)
                for table in _TAKEN:
                    self._sqlite.execute(
                        f"INSERT INTO main.{table} SELECT * FROM staged.{table}"  # noqa: S608
                    )
        finally:
            self._sqlite.execute("DETACH staged")
