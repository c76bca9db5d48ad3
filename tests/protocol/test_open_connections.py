"""Connections end with the hub, those that come late too."""

from __future__ import annotations

import asyncio

from edgeops.localhub.mqtt.open_connections import OpenConnections


class Connection:
    def __init__(self):
        self.said = []

    def expire(self, now):
        self.said.append("expired")

    def close(self, reason):
        self.said.append(reason)

    def abort(self):
        self.said.append("aborted")


def test_connections_end_with_the_hub():
    early, gone, late = Connection(), Connection(), Connection()

    async def main():
        connections = OpenConnections()
        async with connections.watched():
            for connection in (early, gone):
                connections.add(connection, connection.abort)
            connections.discard(gone)
        connections.add(late, late.abort)

    asyncio.run(main())
    assert early.said == ["the hub is stopping", "aborted"]
    assert gone.said == []
    assert late.said == ["aborted"]
