"""Which proxy the environment names for a host."""

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.proxy import Proxies, Proxy, proxies_of


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({}, None),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p.example:3128"}, "p.example:3128"),
        ({"HTTPS_PROXY": " http://p.example:3128/ "}, "p.example:3128"),
        ({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:1"}, "lower:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://upper:1"}, "upper:1"),
        ({"ALL_PROXY": "http://all:1"}, "all:1"),
        ({"ALL_PROXY": "http://all:1", "HTTPS_PROXY": "http://https:1"}, "https:1"),
        ({"HTTPS_PROXY": "p.example:3128"}, "p.example:3128"),
        ({"HTTPS_PROXY": "http://p"}, "p:80"),
        ({"HTTPS_PROXY": "https://p"}, "p:443"),
        ({"HTTPS_PROXY": "socks5h://p"}, "p:1080"),
        ({"HTTPS_PROXY": "http://[fd00::1]:3128"}, "[fd00::1]:3128"),
        ({"HTTPS_PROXY": "HTTP://10.0.0.1:3128"}, "10.0.0.1:3128"),
    ],
)
def test_the_proxy_of_an_environment(environ, place):
    proxy = proxies_of(environ).for_url("https://store.example/m")
    assert (proxy and proxy.place) == place


@pytest.mark.parametrize(
    "text",
    [
        "http://:3128",
        "http://p:port",
        "http://p:99999",
        "ftp://p:1",
        "http://p:1/path",
        "http://user:p#ss@p:1",
        "http://user:p/ss@p:1",
        "http://[::1",
        "http://a proxy:1",
        "http://p:1, http://q:1",
    ],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_what_is_not_the_address_of_a_proxy_is_named_and_not_shown(name, text):
    with pytest.raises(EdgeOpsError, match=f"^{name} is not the address of a proxy$") as caught:
        proxies_of({name: text})
    assert text not in caught.value.message + caught.value.hint


def test_user_and_password_are_for_the_proxy_only():
    proxy = proxies_of({"HTTPS_PROXY": "http://J%C3%B6rg:p%40ss%3A@p:1"}).for_host("h")
    assert (proxy.user, proxy.password, proxy.place) == ("Jörg", "p@ss:", "p:1")
    assert proxy.url == "http://J%C3%B6rg:p%40ss%3A@p:1"
    assert "ss" not in repr(proxy)
    assert Proxy("http", "p", 1).url == "http://p:1"


@pytest.mark.parametrize(
    ("entries", "host", "port", "direct"),
    [
        ("store.example", "store.example", 443, True),
        ("store.example", "Blob.STORE.example", 443, True),
        (".store.example", "store.example", 443, True),
        ("*.store.example", "blob.store.example", 443, True),
        ("store.example", "mystore.example", 443, False),
        ("store.example.", "store.example", 443, True),
        ("store.example", "store.example.", 443, True),
        ("a.example,store.example", "store.example", 443, True),
        ("a.example, store.example", "store.example", 443, True),
        ("a.example store.example", "store.example", 443, True),
        ("*", "anything", 443, True),
        ("", "anything", 443, False),
        (",", "anything", 443, False),
        (".", "anything", 443, False),
        ("store.example:443", "store.example", 443, True),
        ("store.example:8443", "store.example", 443, False),
        ("10.0.0.7", "10.0.0.7", 443, True),
        ("10.0.0.7", "10.0.0.70", 443, False),
        ("10.0.0.7:8443", "10.0.0.7", 8443, True),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.0.0.7/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "store.example", 443, False),
        ("0.7", "10.0.0.7", 443, False),
        ("fd00::/8", "fd00::1", 443, True),
        ("[fd00::1]:8443", "fd00::1", 8443, True),
        ("[fd00::1]", "fd00::1", 443, True),
        ("fd00::1", "10.0.0.1", 443, False),
    ],
)
@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_hosts_without_a_proxy(name, entries, host, port, direct):
    proxies = proxies_of({"HTTPS_PROXY": "http://p:1", name: entries})
    assert (proxies.for_host(host, port) is None) == direct


def test_the_port_of_an_address_counts():
    proxies = Proxies(Proxy("http", "p", 1), ("[::1]:8443",))
    assert proxies.for_url("https://[::1]:8443/m") is None
    assert proxies.for_url("https://[::1]/m") is not None
