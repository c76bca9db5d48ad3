"""The page of a running hub over HTTPS: who gets in, and what it answers."""

from __future__ import annotations

import asyncio
import json
import logging
import re

import pytest
from page_visitor import Visitor, entered, new_link
from shared_state import share_state

from edgeops.cli.main import run
from edgeops.errors import EdgeOpsError
from edgeops.localhub.client import LocalHubRefusal, client
from edgeops.localhub.page import PAGE_ROUTES, Checkout, HubPage
from edgeops.localhub.page import pages as hub_pages
from edgeops.localhub.page.guard import HEADERS
from edgeops.localhub.page.logins import SECONDS_OF_A_LINK, Logins
from edgeops.localhub.service import registry
from edgeops.localhub.state.errors import HubFault


@pytest.fixture
def local_hub(emptied_hub):
    """One hub for all these tests."""
    return emptied_hub


@pytest.fixture
def stranger(local_hub):
    return Visitor(local_hub)


@pytest.fixture
def visitor(local_hub):
    return entered(local_hub)


def create(hub, *names, edge=False):
    with hub._second_handle() as handle:
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


def test_a_session_is_of_one_hub(visitor, start_local_hub):
    """Browsers send a cookie to all ports of a host."""
    visitor.hub = start_local_hub()
    assert visitor.send("GET", "/").status == 401


def test_a_link_followed_on_another_site_leads_in_too(local_hub, stranger):
    """The browser then holds back the cookie on the first request of `/`, but not on the next."""
    page = stranger.send("GET", "/", Sec_Fetch_Site="cross-site")
    assert (page.status, 'content="0; url=/"' in page.text) == (200, True)
    assert stranger.send("GET", "/", Sec_Fetch_Site="same-origin").status == 401


def test_no_token_is_in_the_log_or_in_events(start_local_hub, caplog):
    hub = start_local_hub()  # which has not warned of such a link before
    stranger = Visitor(hub)
    caplog.set_level(logging.DEBUG)
    link = new_link(hub)
    stranger.enter(link)
    Visitor(hub).enter(link)
    stranger.send("PUT", "/page/api/conditions", {}, origin="https://evil.example")
    token, session = link.partition("=")[2], stranger.cookie.partition("=")[2]
    events = client(hub.state_dir, "service", seconds=10)("GET", "/events")
    assert "refused a link to the page" in caplog.text
    for secret in (token, session):
        assert len(secret) == 43
        assert secret not in caplog.text
        assert secret not in json.dumps(events)
        assert secret not in (hub.state_dir / "hub.db").read_bytes().decode("latin-1")


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
    events = client(local_hub.state_dir, "service", seconds=10)("GET", "/events")["events"]
    number = events[-1]["sequence"]
    assert visitor.json("GET", f"/page/api/events/{number}")["opType"] == "createDeviceIdentity"
    for wrong in (number + 1, "0", "x", "99999999999"):
        assert visitor.send("GET", f"/page/api/events/{wrong}").status == 404


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


def test_twins_are_shown_without_secrets(start_local_hub, monkeypatch):
    hub = start_local_hub()
    create(hub, "a")
    hidden = HubPage.twins

    def twins_of(self, device):
        self.checkout = Checkout(masked=lambda twin: {"deviceId": "***"})
        return hidden(self, device)

    monkeypatch.setattr(hub_pages.HubPage, "twins", twins_of)
    assert entered(hub).json("GET", "/page/api/devices/a") == {"twins": [{"deviceId": "***"}]}


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
