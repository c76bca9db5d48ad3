"""The cloud-to-device messages of a hub's database, and the feedback on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.cloud_messages import MAX_FEEDBACK_RECORDS, CloudMessage
from edgeops.localhub.state.message_queue import WHILE_CONNECTED, QueuedMessage

# `after` is the newest message when a device subscribed: by MQTT it gets those after it.
MESSAGE_TABLES = """
    CREATE TABLE IF NOT EXISTS cloud_messages (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        expires REAL NOT NULL,
        deliveries INTEGER NOT NULL,
        lock TEXT NOT NULL,
        locked_until REAL NOT NULL,
        device TEXT NOT NULL,
        body BLOB NOT NULL,
        payload BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS cloud_messages_of_device ON cloud_messages (device);
    CREATE INDEX IF NOT EXISTS cloud_messages_by_expiry ON cloud_messages (expires);
    CREATE INDEX IF NOT EXISTS cloud_messages_locked ON cloud_messages (locked_until)
        WHERE locked_until > 0;
    CREATE TABLE IF NOT EXISTS cloud_subscriptions (
        device TEXT PRIMARY KEY, after INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS feedback (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        expires REAL NOT NULL,
        deliveries INTEGER NOT NULL,
        lock TEXT NOT NULL,
        locked_until REAL NOT NULL,
        enqueued REAL NOT NULL,
        records BLOB NOT NULL
    );
"""
_STATE = "sequence, expires, deliveries, lock, locked_until"


class MessageStore:
    """Cloud-to-device messages and feedback; its methods run in the transactions of the hub."""

    def __init__(self, sqlite: sqlite3.Connection) -> None:
        self._sqlite = sqlite

    # --- the queues of devices ---------------------------------------------------------

    def queue(self, device: str) -> list[QueuedMessage]:
        """The messages of a device, oldest first."""
        rows = self._sqlite.execute(
            f"SELECT {_STATE} FROM cloud_messages WHERE device = ? ORDER BY sequence",  # noqa: S608
            (device,),
        )
        return [QueuedMessage(*row) for row in rows]

    def any_free(self, device: str, after: int, now: float) -> bool:
        """Whether a message after a sequence number is not locked; it may have expired."""
        row = self._sqlite.execute(
            "SELECT 1 FROM cloud_messages"
            " WHERE device = ? AND sequence > ? AND locked_until <= ? LIMIT 1",
            (device, after, now),
        ).fetchone()
        return row is not None

    def due(self, now: float) -> list[str]:
        """The devices with a message that has expired, or whose lock has ended."""
        rows = self._sqlite.execute(
            "SELECT device FROM cloud_messages WHERE expires <= :now UNION SELECT device"
            " FROM cloud_messages WHERE locked_until > 0 AND locked_until <= :now",
            {"now": now},
        )
        return [device for (device,) in rows]

    def last(self) -> int:
        """The number of the newest message of all devices, 0 before the first."""
        row = self._sqlite.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = 'cloud_messages'"
        ).fetchone()
        return row[0] if row else 0

    def message(self, sequence: int) -> tuple[CloudMessage, bytes]:
        """A message that is in a queue, and its payload."""
        body, payload = self._sqlite.execute(
            "SELECT body, payload FROM cloud_messages WHERE sequence = ?", (sequence,)
        ).fetchone()
        return CloudMessage(**orjson.loads(body)), payload

    def add(self, message: CloudMessage, payload: bytes) -> None:
        """Append to the queue of its device."""
        self._sqlite.execute(
            f"INSERT INTO cloud_messages ({_STATE}, device, body, payload)"  # noqa: S608
            " VALUES (NULL, ?, 0, '', 0, ?, ?, ?)",
            (message.expires, message.device, orjson.dumps(message), payload),
        )

    def save(self, message: QueuedMessage) -> None:
        """Replace the state of a message."""
        self._save("cloud_messages", message)

    def remove(self, message: QueuedMessage) -> None:
        """Remove a message from its queue."""
        self._sqlite.execute("DELETE FROM cloud_messages WHERE sequence = ?", (message.sequence,))

    def release(self, tokens: Iterable[str]) -> None:
        """Unlock the messages that a connection had, which has ended."""
        self._sqlite.executemany(
            "UPDATE cloud_messages SET locked_until = 0 WHERE lock = ? AND locked_until = ?",
            [(token, WHILE_CONNECTED) for token in tokens],
        )

    def release_all_connections(self) -> None:
        """Unlock the messages of all connections: there are none when a hub starts."""
        self._sqlite.execute(
            "UPDATE cloud_messages SET locked_until = 0 WHERE locked_until = ?",
            (WHILE_CONNECTED,),
        )

    def delete_device(self, device: str) -> None:
        """Delete all messages of a device, its subscription, and pending feedback on them."""
        for table in ("cloud_messages", "cloud_subscriptions"):
            self._sqlite.execute(f"DELETE FROM {table} WHERE device = ?", (device,))  # noqa: S608
        rows = self._sqlite.execute("SELECT sequence, records FROM feedback").fetchall()
        for sequence, raw in rows:
            records = orjson.loads(raw)
            left = [record for record in records if record["deviceId"] != device]
            if not left:
                self._sqlite.execute("DELETE FROM feedback WHERE sequence = ?", (sequence,))
            elif len(left) < len(records):
                self._sqlite.execute(
                    "UPDATE feedback SET records = ? WHERE sequence = ?",
                    (orjson.dumps(left), sequence),
                )

    # --- subscriptions by MQTT ---------------------------------------------------------

    def subscribed_after(self, device: str) -> int | None:
        """The newest message when a device subscribed; None if its session has no subscription."""
        row = self._sqlite.execute(
            "SELECT after FROM cloud_subscriptions WHERE device = ?", (device,)
        ).fetchone()
        return row[0] if row else None

    def save_subscription(self, device: str, after: int | None) -> None:
        """Keep, or forget, since when the session of a device subscribes to its messages."""
        if after is None:
            self._sqlite.execute("DELETE FROM cloud_subscriptions WHERE device = ?", (device,))
        else:
            self._sqlite.execute(
                "INSERT OR REPLACE INTO cloud_subscriptions VALUES (?, ?)", (device, after)
            )

    # --- feedback ------------------------------------------------------------------------

    def feedback_queue(self) -> list[QueuedMessage]:
        """The feedback messages, oldest first."""
        rows = self._sqlite.execute(
            f"SELECT {_STATE} FROM feedback ORDER BY sequence"  # noqa: S608
        )
        return [QueuedMessage(*row) for row in rows]

    def feedback(self, sequence: int) -> tuple[list[JsonObject], float]:
        """The records of a feedback message, and when it was enqueued."""
        records, enqueued = self._sqlite.execute(
            "SELECT records, enqueued FROM feedback WHERE sequence = ?", (sequence,)
        ).fetchone()
        return orjson.loads(records), enqueued

    def add_feedback(self, record: JsonObject, now: float, expires: float) -> None:
        """Add a record: to the newest feedback message if it is not full, not old and never taken.

        The message then lasts until the last of its records expires.
        """
        row = self._sqlite.execute(
            "SELECT sequence, records FROM feedback"
            " WHERE deliveries = 0 AND lock = '' AND expires > ? ORDER BY sequence DESC LIMIT 1",
            (now,),
        ).fetchone()
        records = orjson.loads(row[1]) if row else []
        if row is None or len(records) >= MAX_FEEDBACK_RECORDS:
            self._sqlite.execute(
                f"INSERT INTO feedback ({_STATE}, enqueued, records)"  # noqa: S608
                " VALUES (NULL, ?, 0, '', 0, ?, ?)",
                (expires, now, orjson.dumps([record])),
            )
        else:
            self._sqlite.execute(
                "UPDATE feedback SET records = ?, expires = ? WHERE sequence = ?",
                (orjson.dumps([*records, record]), expires, row[0]),
            )

    def save_feedback(self, message: QueuedMessage) -> None:
        """Replace the state of a feedback message."""
        self._save("feedback", message)

    def remove_feedback(self, message: QueuedMessage) -> None:
        """Remove a feedback message."""
        self._sqlite.execute("DELETE FROM feedback WHERE sequence = ?", (message.sequence,))

    def _save(self, table: str, message: QueuedMessage) -> None:
        self._sqlite.execute(
            f"UPDATE {table} SET deliveries = ?, lock = ?, locked_until = ?"  # noqa: S608
            " WHERE sequence = ?",
            (message.deliveries, message.lock, message.locked_until, message.sequence),
        )
