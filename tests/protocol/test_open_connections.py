"""Connections end with the hub, those that come late too."""

from __future__ import annotations

import asyncio
import time
import weakref

from edgeops.localhub.mqtt.open_connections import OpenConnections


class Connection:
    def __init__(self, seconds=0.0):
        self.said = []
        self.seconds = seconds

    def expire(self, now):
        self.said.append("expired")
        time.sleep(self.seconds)

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


def test_others_are_served_while_many_connections_expire():
    many = [Connection(seconds=0.003) for _ in range(20)]

    async def main():
        connections = OpenConnections(seconds_between_checks=0.001)
        for connection in many:
            connections.add(connection, connection.abort)
        async with connections.watched():
            async with asyncio.timeout(10):
                while True:
                    await asyncio.sleep(0)
                    if expired := sum(bool(connection.said) for connection in many):
                        return expired

    assert asyncio.run(main()) < len(many)


def test_a_connection_that_has_ended_is_held_by_nobody():
    async def main():
        checked = asyncio.Event()
        connection = Connection()
        connection.expire = lambda now: checked.set()
        connections = OpenConnections(seconds_between_checks=0.001)
        connections.add(connection, connection.abort)
        async with connections.watched():
            await asyncio.wait_for(checked.wait(), 10)
            connections.discard(connection)
            ended = weakref.ref(connection)
            del connection
            assert ended() is None

    asyncio.run(main())
