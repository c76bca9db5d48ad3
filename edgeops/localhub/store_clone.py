"""The part of the hub's database that says what it is a clone of, and how it becomes one.

A clone is staged as a database of its own, and taken over in one transaction. Only clones have the
table of what they are a clone of: another hub keeps the layout that it has.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import orjson

from edgeops.jsonvalue import JsonObject

STAGED = "clone.db"  # beside the database of the hub
_TAKEN = ("entries", "configurations", "clone_of")
_TABLE = "CREATE TABLE IF NOT EXISTS clone_of (body BLOB NOT NULL)"


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

    def document(self) -> JsonObject | None:
        """What the hub is a clone of, None if it is none."""
        if "clone_of" not in self._tables():
            return None
        row = self._sqlite.execute("SELECT body FROM clone_of").fetchone()
        return orjson.loads(row[0]) if row else None

    def is_empty(self) -> bool:
        """Whether the hub has no devices and no configurations."""
        query = "SELECT EXISTS (SELECT 1 FROM entries) OR EXISTS (SELECT 1 FROM configurations)"
        return not self._sqlite.execute(query).fetchone()[0]

    def devices(self) -> int:
        """The number of devices."""
        query = "SELECT count(*) FROM entries WHERE module = ''"
        return int(self._sqlite.execute(query).fetchone()[0])

    def describe(self, document: JsonObject) -> None:
        """Say what this database is a clone of."""
        self._sqlite.execute(_TABLE)
        self._sqlite.execute("DELETE FROM clone_of")
        self._sqlite.execute("INSERT INTO clone_of VALUES (?)", (orjson.dumps(document),))

    def take_over(self) -> None:
        """Replace all that the hub has by what is staged, in one transaction."""
        self._sqlite.execute("ATTACH ? AS staged", (str(self.staged),))
        try:
            self._sqlite.execute("BEGIN IMMEDIATE")
            try:
                self._sqlite.execute(_TABLE)
                for table in self._tables():
                    self._sqlite.execute(f"DELETE FROM main.{table}")  # noqa: S608 - our own names
                for table in _TAKEN:
                    self._sqlite.execute(
                        f"INSERT INTO main.{table} SELECT * FROM staged.{table}"  # noqa: S608
                    )
            except BaseException:
                self._sqlite.execute("ROLLBACK")
                raise
            self._sqlite.execute("COMMIT")
        finally:
            self._sqlite.execute("DETACH staged")

    def _tables(self) -> list[str]:
        rows = self._sqlite.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return [name for (name,) in rows]
