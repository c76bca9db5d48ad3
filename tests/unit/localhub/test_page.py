"""The page of a running hub over HTTPS: who gets in, what it answers, and its live events."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import re
import ssl
from contextlib import closing, contextmanager

import pytest
from shared_state import share_state

from edgeops.cli.main import run
from edgeops.errors import EdgeOpsError
from edgeops.localhub.client import LocalHubRefusal, client
from edgeops.localhub.page import PAGE_ROUTES, Checkout, HubPage, stream
from edgeops.localhub.page import pages as hub_pages
from edgeops.localhub.page.guard import HEADERS
from edgeops.localhub.page.logins import SECONDS_OF_A_LINK, Logins
from edgeops.localhub.service import devices, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.store import HubStore


class Visitor:
    """A browser in a few lines, with a cookie once it has followed a link."""

    def __init__(self, hub):
        self.hub = hub
        self.origin = f"https://localhost:{hub.port}"
        self.cookie = ""

    def connect(self):
        context = ssl.create_default_context(cafile=self.hub.ca_file)
        return http.client.HTTPSConnection("localhost", self.hub.port, context=context, timeout=20)

    def send(self, method, path, body=None, *, origin="", **headers):
        """The response with its body in `text`; a write comes from the page unless it says not."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if method != "GET" and origin is not None:
            sent["Origin"] = origin or self.origin
        with closing(self.connect()) as connection:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            response.text = response.read().decode()
            return response

    def json(self, method, path, body=None):
        response = self.send(method, path, body)
        assert response.status == 200, response.text
        return json.loads(response.text)

    def enter(self, path):
        response = self.send("GET", path)
        self.cookie = (response.headers["Set-Cookie"] or "").partition(";")[0]
        return response


def new_link(hub):
    """A new link, without the host."""
    url = client(hub.state_dir, "iothubowner", seconds=10)("POST", "/page/links", None)["url"]
    assert url.startswith(f"https://localhost:{hub.port}/page/login?link=")
    return url.partition(str(hub.port))[2]


@pytest.fixture
def stranger(local_hub):
    return Visitor(local_hub)


@pytest.fixture
def visitor(local_hub):
    visitor = Visitor(local_hub)
    visitor.enter(new_link(local_hub))
    return visitor


@contextmanager
def second(hub):
    with hub._second_handle() as handle:
        yield handle


def create(hub, *names, edge=False):
    with second(hub) as handle:
        for name in names:
            body = {"deviceId": name, "capabilities": {"iotEdge": edge}}
            registry.put_device(handle, name, body, None)


# --- the way in -----------------------------------------------------------------------------


def test_a_link_leads_to_a_page_without_a_credential_in_its_address(local_hub, stranger):
    response = stranger.enter(new_link(local_hub))
    assert (response.status, response.headers["Location"]) == (303, "/")
    assert set(response.headers["Set-Cookie"].split("; ")[1:]) == {
        "HttpOnly",
        "Secure",
        "SameSite=Strict",
        "Path=/",
        "Max-Age=43200",
    }
    assert stranger.cookie.startswith(f"__Host-edgeops-hub-{local_hub.port}=")
    page = stranger.send("GET", "/")
    assert (page.status, "main.js" in page.text) == (200, True)


def test_a_link_works_only_once(local_hub, stranger):
    link = new_link(local_hub)
    stranger.enter(link)
    again = Visitor(local_hub)
    response = again.enter(link)
    assert (response.status, again.cookie) == (403, "")
    assert "edgeops hub open" in response.text


def test_a_link_is_soon_too_old(local_hub, stranger, monkeypatch):
    link = new_link(local_hub)
    enter = Logins.enter

    def late(self, token):
        clock = self._links._clock
        self._links._clock = lambda: clock() + SECONDS_OF_A_LINK
        return enter(self, token)

    monkeypatch.setattr(Logins, "enter", late)
    assert stranger.enter(link).status == 403


@pytest.mark.parametrize("policy", ["service", "device", "registryRead", "registryReadWrite"])
def test_only_the_owner_gets_a_link(local_hub, policy):
    with pytest.raises(LocalHubRefusal) as refusal:
        client(local_hub.state_dir, policy, seconds=10)("POST", "/page/links", None)
    assert refusal.value.status == 401


def test_without_a_session_there_is_only_the_way_in(stranger):
    page = stranger.send("GET", "/")
    assert (page.status, "edgeops hub open" in page.text, "main.js" in page.text) == (
        401,
        True,
        False,
    )
    for route in PAGE_ROUTES:
        if not route.public:
            path = route.path.replace("{device}", "d").replace("{number}", "1")
            response = stranger.send(route.method, path, {})
            assert response.status == 401, route.path
            assert "edgeops hub open" in response.text


def test_a_session_is_of_one_hub(start_local_hub):
    """Browsers send a cookie to all ports of a host."""
    one, other = start_local_hub(), start_local_hub()
    visitor = Visitor(one)
    visitor.enter(new_link(one))
    visitor.hub = other
    assert visitor.send("GET", "/").status == 401


def test_a_link_followed_on_another_site_leads_in_too(local_hub, stranger):
    """The browser then holds back the cookie on the first request of `/`, but not on the next."""
    page = stranger.send("GET", "/", Sec_Fetch_Site="cross-site")
    assert (page.status, 'content="0; url=/"' in page.text) == (200, True)
    assert stranger.send("GET", "/", Sec_Fetch_Site="same-origin").status == 401


def test_no_token_is_in_the_log_or_in_events(local_hub, stranger, caplog):
    caplog.set_level(logging.DEBUG)
    link = new_link(local_hub)
    stranger.enter(link)
    Visitor(local_hub).enter(link)
    stranger.send("PUT", "/page/api/conditions", {}, origin="https://evil.example")
    token, session = link.partition("=")[2], stranger.cookie.partition("=")[2]
    events = client(local_hub.state_dir, "service", seconds=10)("GET", "/events")
    assert "refused a link to the page" in caplog.text
    for secret in (token, session):
        assert len(secret) == 43
        assert secret not in caplog.text
        assert secret not in json.dumps(events)
        assert secret not in (local_hub.state_dir / "hub.db").read_bytes().decode("latin-1")


# --- other sites ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        (None, {}),  # not said
        ("https://evil.example", {}),
        ("null", {}),
        ("https://localhost:1", {}),  # another port, which has the cookie
        ("", {"Sec_Fetch_Site": "same-site"}),
        ("", {"Sec_Fetch_Site": "cross-site"}),
        ("", {"Sec_Fetch_Site": "none"}),
    ],
)
def test_other_sites_change_nothing(visitor, origin, headers):
    for method in ("PUT", "DELETE"):
        response = visitor.send(
            method, "/page/api/conditions", {"latency": 1}, origin=origin, **headers
        )
        assert (response.status, "ForeignOrigin" in response.text) == (403, True)
    assert visitor.json("GET", "/page/api/conditions")["latency"] == 0


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none"])
def test_other_sites_read_nothing(visitor, site):
    for path in ("/page/api/devices", "/page/api/events"):
        assert visitor.send("GET", path, Sec_Fetch_Site=site).status == 403
    assert visitor.send("GET", "/page/api/devices", Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/page/login?link=x"),
        ("GET", "/page/files/main.js"),
        ("GET", "/page/files/none"),
        ("GET", "/page/api/devices"),
        # what it does not have
        ("GET", "/page"),
        ("GET", "/page/api/none"),
        ("HEAD", "/"),
        ("POST", "/"),
        ("OPTIONS", "/page/api/methods"),
    ],
)
def test_every_answer_has_the_headers(stranger, visitor, method, path):
    for who in (stranger, visitor):
        response = who.send(method, path)
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/page/files/../routes.py", "/page/files/%2e%2e%2froutes.py"])
def test_only_the_files_of_the_page_are_served(visitor, path):
    assert visitor.send("GET", path).status == 404


# --- what it shows and does -----------------------------------------------------------------


def test_devices(local_hub, visitor):
    create(local_hub, "b", "a/b".replace("/", "%2F"), edge=True)
    listed = visitor.json("GET", "/page/api/devices")
    assert [row[0] for row in listed["rows"]] == ["a%2Fb", "b"]
    some = visitor.json("GET", "/page/api/devices?device=b&device=x")
    assert [row[0] for row in some["rows"]] == ["b"]
    shown = visitor.json("GET", "/page/api/devices/a%252Fb")["twins"]
    assert [twin.get("moduleId", "") for twin in shown] == ["", "$edgeAgent", "$edgeHub"]
    assert visitor.send("GET", "/page/api/devices/x").status == 404


def test_the_page_has_no_bad_days(local_hub, visitor):
    create(local_hub, "a")
    wanted = {"sku": "S1", "faults": ["*=500"], "latency": 20}
    assert visitor.json("PUT", "/page/api/conditions", wanted)["faults"] == ["*=500"]
    assert len(visitor.json("GET", "/page/api/devices")["rows"]) == 1
    assert visitor.send("PUT", "/page/api/conditions", {"sku": "S9"}).status == 400
    ended = visitor.json("DELETE", "/page/api/conditions")
    assert (ended["faults"], ended["latency"], ended["counts"]) == ([], 0.0, {})


def test_a_method_of_a_device_that_is_away(local_hub, visitor):
    create(local_hub, "a")
    response = visitor.send("POST", "/page/api/methods", {"device": "a", "methodName": "m"})
    assert (response.status, "DeviceNotOnline" in response.text) == (404, True)
    assert visitor.send("POST", "/page/api/methods", {"device": 5}).status == 400


def test_connection_strings(local_hub, visitor):
    create(local_hub, "a", edge=True)
    service = visitor.json("POST", "/page/api/connection", {"policy": "iothubowner"})
    assert service["string"] == local_hub.connection_string
    device = visitor.json("POST", "/page/api/connection", {"device": "a"})
    assert device["string"] == local_hub.device_connection_string("a")
    for wrong in ({"policy": "x"}, {"policy": []}, {}, {"device": "a", "module": "x"}):
        assert visitor.send("POST", "/page/api/connection", wrong).status in (400, 404)


def test_one_event(local_hub, visitor):
    create(local_hub, "a")
    assert visitor.json("GET", "/page/api/events/1")["opType"] == "createDeviceIdentity"
    for wrong in ("2", "0", "x", "99999999999"):
        assert visitor.send("GET", f"/page/api/events/{wrong}").status == 404


# --- live events ----------------------------------------------------------------------------


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
    create(local_hub, "d")
    with second(local_hub) as handle:
        for _ in range(stream.MAX_MISSED + 5):
            devices.send_telemetry(handle, "d", "", {}, b"")
    assert read().until(206) == list(range(7, 207))


def test_a_number_of_readers(visitor, read, tell, monkeypatch):
    monkeypatch.setattr(stream, "MAX_READERS", 2)
    one, other = read(), read()
    assert read().response.status == 429
    tell(1)
    assert one.until(2) == other.until(2) == [1, 2]


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


# --- beside git -----------------------------------------------------------------------------


def compare(page, *devices_of):
    async def all_at_once():
        return await asyncio.gather(*map(page.compare, devices_of), return_exceptions=True)

    return asyncio.run(all_at_once())


def page_with(checkout):
    return HubPage(None, None, {}, checkout)


def test_a_comparison_with_git():
    async def document(device):
        await asyncio.sleep(0)
        return {"of": device}

    page = page_with(Checkout(document))
    first, other = compare(page, "a", "b")
    assert first == {"of": "a"}
    assert isinstance(other, HubFault)
    assert other.status == 409
    assert compare(page, None) == [{"of": None}]


@pytest.mark.parametrize("name", ["d9", "\0", "--help", "x" * 200_000])
def test_only_devices_of_the_hub_are_compared(visitor, name):
    """Each comparison is a process, which cannot have every text as an argument."""
    response = visitor.send("POST", "/page/api/comparison", {"device": name})
    assert response.status == 404
    assert "DeviceNotFound" in response.text


def test_a_comparison_that_fails_says_why():
    async def fails(device):
        raise EdgeOpsError("fleet/fleet.yaml:3: no such hub")

    (fault,) = compare(page_with(Checkout(fails)), None)
    assert (fault.status, fault.message) == (400, "fleet/fleet.yaml:3: no such hub")
    (fault,) = compare(page_with(Checkout()), None)
    assert fault.status == 404


def test_twins_are_shown_without_secrets(local_hub, visitor, monkeypatch):
    create(local_hub, "a")
    hidden = HubPage.twins

    def twins_of(self, device):
        self.checkout = Checkout(masked=lambda twin: {"deviceId": "***"})
        return hidden(self, device)

    monkeypatch.setattr(hub_pages.HubPage, "twins", twins_of)
    assert visitor.json("GET", "/page/api/devices/a") == {"twins": [{"deviceId": "***"}]}


# --- the command ----------------------------------------------------------------------------


def test_the_command_prints_a_link(local_hub, tmp_path, capfd, monkeypatch):
    (tmp_path / "fleet").mkdir()
    share_state(tmp_path, local_hub.state_dir)
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    for options, count in (([], 1), (["--no-browser"], 1)):
        assert run(["--repo", str(tmp_path), "hub", "open", *options]) == 0
        out, err = capfd.readouterr()
        assert re.fullmatch(
            rf"https://localhost:{local_hub.port}/page/login\?link=[\w-]{{43}}\n", out
        )
        assert "works once" in err
        assert len(opened) == count
    assert opened[0] != out.strip()


def test_the_command_needs_a_running_hub(tmp_path, capsys):
    (tmp_path / "fleet").mkdir()
    assert run(["--repo", str(tmp_path), "hub", "open"]) == 1
    assert "start it with `edgeops hub serve`" in capsys.readouterr().err
