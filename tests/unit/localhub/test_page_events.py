"""The live events of the hub's page: who reads them, who misses some, and who is cut off."""

from __future__ import annotations

import asyncio
import json

import pytest
from page_visitor import entered

from edgeops.localhub.client import client
from edgeops.localhub.page import stream
from edgeops.localhub.page.guard import HEADERS
from edgeops.localhub.service import devices, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.store import HubStore


@pytest.fixture
def visitor(local_hub):
    return entered(local_hub)


class Reader:
    """One reader of server-sent events."""

    def __init__(self, visitor, after=0, **headers):
        self.connection = visitor.connect()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(
            "GET", f"/page/api/events?after={after}", headers=sent | {"Cookie": visitor.cookie}
        )
        self.response = self.connection.getresponse()

    def next(self):
        """The name, id and data of the next message."""
        fields = {}
        while line := self.response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        if fields.keys() == {":"} or not fields:
            return self.next()
        return fields["event"], fields.get("id"), json.loads(fields["data"])

    def until(self, number):
        """The numbers of all events up to one."""
        numbers = []
        while not numbers or numbers[-1] < number:
            name, last, data = self.next()
            assert name == "hub"
            assert int(last) == data[-1]["n"]
            numbers += [event["n"] for event in data]
        return numbers


@pytest.fixture
def read(visitor):
    readers = []

    def start(*args, **headers):
        readers.append(Reader(visitor, *args, **headers))
        return readers[-1]

    yield start
    for reader in readers:
        reader.connection.close()


@pytest.fixture
def tell(local_hub):
    """Lets a device send so many messages, which the hub itself takes in."""
    send = client(local_hub.state_dir, "iothubowner", seconds=20)

    def tell(count):
        for _ in range(count):
            send("PATCH", "/twins/d", {"tags": {"a": 1}})

    send("PUT", "/devices/d", {"deviceId": "d"})
    return tell


def test_events_arrive(read, tell):
    reader = read()
    assert reader.response.headers["Content-Type"] == "text/event-stream"
    assert {name: reader.response.headers[name] for name in HEADERS} == HEADERS
    assert reader.until(1) == [1]
    tell(3)
    assert reader.until(4) == [2, 3, 4]


def test_a_reader_that_comes_again_misses_nothing(read, tell):
    tell(4)
    assert read(2).until(5) == [3, 4, 5]
    assert read(0, Last_Event_ID="3").until(5) == [4, 5]
    first = read(4)
    assert first.until(5) == [5]
    tell(1)
    assert first.until(6) == [6]
    assert read(4).until(6) == [5, 6]


def test_who_was_away_for_long_gets_the_newest(local_hub, read):
    with local_hub._second_handle() as handle:
        registry.put_device(handle, "d", {"deviceId": "d"}, None)
        for _ in range(stream.MAX_MISSED + 5):
            devices.send_telemetry(handle, "d", "", {}, b"")
    assert read().until(206) == list(range(7, 207))


def test_a_number_of_readers(visitor, read, tell, monkeypatch):
    monkeypatch.setattr(stream, "MAX_READERS", 2)
    one, other = read(), read()
    assert read().response.status == 429
    tell(1)
    assert one.until(2) == other.until(2) == [1, 2]


@pytest.mark.slow
def test_a_page_that_was_closed_makes_room(read, tell, monkeypatch):
    monkeypatch.setattr(stream, "MAX_READERS", 1)
    first = read()
    first.until(1)
    first.response.close()
    first.connection.close()
    for _ in range(1000):  # until the hub has seen it; long before it writes again
        if read().response.status == 200:
            break
    else:
        pytest.fail("there is no room")


def test_a_reader_goes_when_the_hub_stops(local_hub, read, tell):
    reader = read()
    reader.until(1)
    local_hub.stop()
    assert b"event" not in reader.response.read()


class Response:
    """A response to a reader, who reads everything, or nothing after the first message."""

    def __init__(self, stuck):
        self.written = []
        self._stuck = stuck
        self._cut_off = asyncio.Event()

    async def prepare(self, request):
        pass

    async def write(self, data):
        self.written.append(data)
        if self._stuck and len(self.written) > 1:
            await self._cut_off.wait()
            raise ConnectionResetError

    def abort(self):
        self._cut_off.set()


class Request:
    """The request of a reader."""

    def __init__(self, response):
        self.transport = response


async def until(is_so):
    while not is_so():  # noqa: ASYNC110 - everything happens in this loop
        await asyncio.sleep(0)


@pytest.fixture
def with_readers(tmp_path, monkeypatch):
    """Runs a scene with a hub that has device d, its stream and two readers: (stuck, reading)."""
    monkeypatch.setattr(stream, "SECONDS_BETWEEN_CHUNKS", 0)
    responses = [Response(stuck=True), Response(stuck=False)]
    made = iter(responses)
    monkeypatch.setattr(stream.web, "StreamResponse", lambda **_: next(made))

    def play(scene):
        async def play(hub):
            events = stream.EventStream(hub, lambda value: value)
            readers = [
                asyncio.create_task(events.serve(Request(response), 0, lambda: True))
                for response in responses
            ]
            await until(lambda: len(events._readers) == 2)
            await scene(hub, events, readers)
            hub.stop()
            await asyncio.wait(readers)
            return [b"".join(response.written).count(b'"n":') for response in responses]

        with HubStore(tmp_path / "hub.db") as store:
            hub = EmulatedHub(store)
            registry.put_device(hub, "d", {"deviceId": "d"}, None)
            return asyncio.run(play(hub))

    return play


def test_who_reads_too_slowly_is_cut_off_and_holds_nobody_up(with_readers):
    count = stream.MAX_QUEUED + 3

    async def scene(hub, events, readers):
        for number in range(count):
            twins.patch_twin(hub, "d", "", {"tags": {"n": number}}, None)
            await until(lambda: events._cursor == hub.store.last_event())
        await asyncio.wait([readers[0]])
        assert not readers[1].done()

    stuck, reading = with_readers(scene)
    assert stuck == 2
    assert reading == 1 + count


def test_who_does_not_read_at_all_is_cut_off(with_readers, monkeypatch):
    monkeypatch.setattr(stream, "SECONDS_TO_READ", 0.01)

    async def scene(hub, events, readers):
        twins.patch_twin(hub, "d", "", {"tags": {"n": 1}}, None)
        await asyncio.wait([readers[0]])
        assert len(events._readers) == 1

    assert with_readers(scene) == [2, 2]


def test_readers_of_a_flood_get_the_newest(with_readers, monkeypatch):
    monkeypatch.setattr(stream, "SECONDS_TO_READ", 0.01)

    async def scene(hub, events, readers):
        batch = [({}, b"")] * 1000
        for _ in devices.send_batch(hub, "d", "", batch):
            pass
        await until(lambda: events._cursor == hub.store.last_event())

    assert with_readers(scene)[1] == 1 + stream.MAX_MISSED
