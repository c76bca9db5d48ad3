"""Downloads on networks with proxies, and with certificates of their own."""

from __future__ import annotations

import logging
import socket
from dataclasses import replace

import pytest
import trustme

from edgeops.modules.model_loader.faults import Code
from edgeops.modules.model_loader.http import open_session
from edgeops.modules.model_loader.status import SlotState
from edgeops.proxy import proxies_of
from tests.support.proxies import ConnectProxy, running

NEW = bytes(range(256)) * 2000
PASSWORD = "p@ss:wörd"
LOGIN = "J%C3%B6rg:p%40ss%3Aw%C3%B6rd"


@pytest.fixture
def proxy():
    with running(ConnectProxy()) as proxy:
        yield proxy


@pytest.fixture
def bring(make_device, server, authority):
    """Brings a model to a device with this environment; gives the device's last state."""
    sessions = []

    def bring(wanted=None, *more_trust, **environ):
        pem = b"\n".join(ca.cert_pem.bytes() for ca in (authority, *more_trust)).decode()
        session = open_session(pem, proxies_of(environ))
        sessions.append(session)
        device = make_device(downloader=lambda it: replace(it, session=session))
        status = device.bring(crowds=wanted or server.publish(NEW, "/new"))
        for _ in range(3):
            if status.state in (SlotState.ERROR, SlotState.READY):
                break
            status = device.later()
        return status

    yield bring
    for session in sessions:
        session.close()


def test_the_certificates_count_through_a_proxy(bring, proxy, server):
    assert bring(HTTPS_PROXY=proxy.url).error is None
    assert proxy.tunnels == [server.host]


def test_an_https_proxy_with_a_certificate_of_the_network(bring, server):
    company = trustme.CA()
    with running(ConnectProxy(own_tls=company)) as proxy:
        assert bring(None, company, HTTPS_PROXY=proxy.url).error is None
        assert proxy.tunnels == [server.host]


def test_an_https_proxy_that_nobody_trusts(bring):
    with running(ConnectProxy(own_tls=trustme.CA())) as proxy:
        error = bring(HTTPS_PROXY=proxy.url).error
    assert error.code is Code.TLS_FAILED
    assert error.message.startswith(
        f"the certificate of the proxy {proxy.place} is not trusted (unable to get local issuer"
    )


def test_a_proxy_that_looks_into_tls(bring, authority, server):
    company = trustme.CA()
    with running(ConnectProxy(inspects=company, store=authority)) as proxy:
        assert bring(None, company, HTTPS_PROXY=proxy.url).error is None
    with running(ConnectProxy(inspects=company, store=authority)) as proxy:
        error = bring(server.publish(NEW + b"!", "/newer"), HTTPS_PROXY=proxy.url).error
    assert error.code is Code.TLS_FAILED
    assert error.message.startswith(
        f"the certificate of {server.host} through the proxy {proxy.place} is not trusted"
    )


@pytest.mark.parametrize("own_tls", [True, False])
def test_a_proxy_with_a_password(bring, authority, caplog, own_tls):
    caplog.set_level(logging.DEBUG)
    asking = ConnectProxy(login=f"Jörg:{PASSWORD}", own_tls=authority if own_tls else None)
    with running(asking) as proxy:
        right = proxy.url.replace("://", f"://{LOGIN}@")
        assert bring(HTTPS_PROXY=right).error is None
    for secret in (PASSWORD, LOGIN.partition(":")[2]):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("login", "message"),
    [
        ("", "asks for a user and password: add them to https_proxy (407)"),
        ("someone:hunter2@", "does not accept the user and password of https_proxy (407)"),
    ],
)
def test_a_password_that_is_missing_or_wrong(bring, caplog, login, message):
    caplog.set_level(logging.DEBUG)
    with running(ConnectProxy(login="a:b")) as proxy:
        error = bring(https_proxy=proxy.url.replace("://", f"://{login}")).error
    assert (error.code, error.message) == (
        Code.PROXY_FAILED,
        f"the proxy {proxy.place} {message}",
    )
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (403, "does not allow connections to"),
        (502, "does not connect to"),
        (405, "does not connect to"),
    ],
)
def test_a_proxy_that_does_not_connect(bring, server, status, why):
    with running(ConnectProxy(answer=status)) as proxy:
        error = bring(HTTPS_PROXY=proxy.url).error
    assert (error.code, error.message) == (
        Code.PROXY_FAILED,
        f"the proxy {proxy.place} {why} {server.host} ({status})",
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_proxy_is_named(bring, scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"localhost:{free.getsockname()[1]}"
        error = bring(HTTPS_PROXY=f"{scheme}://a:hunter2@{place}").error
    assert (error.code, error.message) == (
        Code.PROXY_FAILED,
        f"the proxy {place} cannot be reached",
    )


def test_a_dead_socks_proxy_is_named(bring):
    pytest.importorskip("socks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"localhost:{free.getsockname()[1]}"
        error = bring(ALL_PROXY=f"socks5h://a:hunter2@{place}").error
    assert (error.code, error.message) == (
        Code.PROXY_FAILED,
        f"the proxy {place} cannot be reached",
    )


def test_a_proxy_that_speaks_another_language(bring, server, proxy):
    error = bring(HTTPS_PROXY=f"http://{server.host}").error  # it wants TLS
    assert f"the proxy {server.host}" in error.message
    error = bring(HTTPS_PROXY=f"https://{proxy.place}").error  # it has none
    assert (error.code, error.message) == (
        Code.TLS_FAILED,
        f"cannot make a TLS connection to the proxy {proxy.place}",
    )


def test_a_store_that_is_gone_is_not_the_proxys_fault(bring, proxy, server):
    wanted = server.model(NEW, "/gone")
    server.route("/gone", lambda request: request.answer(503))
    error = bring(wanted, HTTPS_PROXY=proxy.url).error
    assert (error.code, error.message) == (Code.SERVER_ERROR, f"{server.host} answered 503")


def test_no_proxy_and_the_environment_of_the_process(bring, proxy, monkeypatch):
    assert bring(HTTPS_PROXY="http://localhost:1", NO_PROXY="localhost").error is None
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")  # only settings that were read count
    assert bring(HTTPS_PROXY=proxy.url).error is None
    assert bring().error is None


def test_redirects_are_each_looked_up(bring, proxy, server, start_server):
    elsewhere = start_server()
    target = elsewhere.file("/there", NEW)
    server.route("/new", lambda request: request.answer(302, Location=target))
    wanted = server.model(NEW, "/new")
    assert bring(wanted, HTTPS_PROXY=proxy.url, NO_PROXY=server.host).error is None
    assert proxy.tunnels == [elsewhere.host]
