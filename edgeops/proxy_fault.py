"""What an exception of requests or PySocks says of the proxy on the way."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass

from edgeops.proxy import Proxy
from edgeops.translate import causes

# By http.client and by PySocks; neither has the status in a field.
_STATUS = re.compile(r"(?:Tunnel connection failed: |\A)(\d{3})\b")


@dataclass(frozen=True, slots=True)
class ProxyFault:
    """Why the proxy does not help, without secrets. `transient`: it may pass by itself."""

    message: str
    transient: bool = True


def proxy_fault(error: BaseException, proxy: Proxy, place: str) -> ProxyFault | None:
    """The fault of a proxy on the way to a place; None when the error is of something else."""
    inside = list(causes(error))
    for cause in inside:
        by_pysocks = type(cause).__module__ == "socks"
        status = _STATUS.search(str(cause)) if isinstance(cause, OSError) else None
        if status and (by_pysocks or "Tunnel" in status[0]):
            return _refusal(int(status[1]), proxy, place)
    kinds = {f"{type(cause).__module__}.{type(cause).__name__}" for cause in inside}
    if kinds & {"socks.ProxyConnectionError", "urllib3.exceptions.ProxyError"}:
        if any(isinstance(cause, ssl.SSLError) for cause in inside):
            return ProxyFault(f"cannot make a TLS connection to the proxy {proxy.place}")
        return ProxyFault(f"the proxy {proxy.place} cannot be reached")
    if any(kind.startswith("socks.") for kind in kinds):
        return ProxyFault(f"the proxy {proxy.place} does not connect to {place}")
    return None


def _refusal(status: int, proxy: Proxy, place: str) -> ProxyFault:
    if status == 407 and proxy.user:
        why = f"does not accept the user and password of {proxy.setting}"
    elif status == 407:
        why = f"asks for a user and password: add them to {proxy.setting}"
    elif status in (401, 403):
        why = f"does not allow connections to {place}"
    else:
        why = f"does not connect to {place}"
    return ProxyFault(f"the proxy {proxy.place} {why} ({status})", transient=status >= 500)
