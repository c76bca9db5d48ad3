"""The proxy on the way to a host, as HTTPS_PROXY and NO_PROXY say. Pure.

The rules are those of curl and requests: names in lower case count before
those in upper case, ALL_PROXY counts when HTTPS_PROXY is not set. HTTP_PROXY is
for addresses without TLS, of which edgeops uses none.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from edgeops.errors import EdgeOpsError

_PORTS = {"http": 80, "https": 443} | dict.fromkeys(
    ("socks4", "socks4a", "socks5", "socks5h"), 1080
)
_HOST = re.compile(r"[\w.-]+\Z")
_SETTINGS = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; its user and password are secrets, and so is its `url`. `setting` named it."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    setting: str = "HTTPS_PROXY"

    @property
    def place(self) -> str:
        """Its host and port, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Its address, with user and password."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{self.scheme}://{login}{self.place}"


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxy of all HTTPS requests, except to the hosts of `direct` (as NO_PROXY lists them)."""

    https: Proxy | None = None
    direct: tuple[str, ...] = ()

    def for_url(self, url: str) -> Proxy | None:
        """The proxy for an https address."""
        parts = urlsplit(url)
        return self.for_host(parts.hostname or "", parts.port or 443)

    def for_host(self, host: str, port: int = 443) -> Proxy | None:
        """The proxy for a host; None if it is reached without one."""
        if self.https is None or any(_covers(entry, host, port) for entry in self.direct):
            return None
        return self.https


def proxies_of(environ: Mapping[str, str]) -> Proxies:
    """The proxies that an environment names. Raises `EdgeOpsError` for an invalid address."""
    excluded = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    direct = tuple(excluded.replace(",", " ").split())
    for setting in _SETTINGS:
        if text := environ.get(setting, "").strip():
            return Proxies(_parse(setting, text), direct)
    return Proxies(direct=direct)


def _parse(setting: str, text: str) -> Proxy:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname or "", parts.port
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:  # the port, or brackets
        raise _invalid(setting) from None
    is_address = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in _PORTS or not is_address or not (_HOST.match(host) or _ip(host)):
        raise _invalid(setting)
    return Proxy(parts.scheme, host, port or _PORTS[parts.scheme], user, password, setting)


def _invalid(setting: str) -> EdgeOpsError:
    # Without the value: it may hold a password.
    return EdgeOpsError(
        f"{setting} is not the address of a proxy",
        "write it like http://proxy.example:3128, with special characters of a user or"
        " password in % form (# is %23)",
    )


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether a name (with all below it), an address or a network of NO_PROXY means a host."""
    if entry == "*":
        return True
    name, colon, its_port = entry.rpartition(":")
    if colon and its_port.isdecimal() and (":" not in name or name.endswith("]")):
        if int(its_port) != port:
            return False
        entry = name
    address = _ip(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
        except ValueError:
            return False
    domain = entry.lower().removeprefix("*").strip(".")
    name = host.lower().rstrip(".")
    return bool(domain) and (name == domain or name.endswith(f".{domain}"))


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
