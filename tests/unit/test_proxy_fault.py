"""What exceptions say of a proxy; those that requests and PySocks raise are in tests of modules."""

import pytest

from edgeops.proxy import Proxy
from edgeops.proxy_fault import proxy_fault

PROXY = Proxy("http", "p.example", 3128, "me", "hunter2", "https_proxy")


@pytest.mark.parametrize(
    ("message", "fault", "transient"),
    [
        ("407 x", "does not accept the user and password of https_proxy (407)", False),
        ("403 Forbidden", "does not allow connections to hub.example (403)", False),
        ("502 Bad Gateway", "does not connect to hub.example (502)", True),
        ("405 No", "does not connect to hub.example (405)", False),
    ],
)
def test_the_answer_to_connect(message, fault, transient):
    error = RuntimeError("http://me:hunter2@p.example")
    error.__cause__ = OSError(f"Tunnel connection failed: {message}")
    found = proxy_fault(error, PROXY, "hub.example")
    assert (found.message, found.transient) == (f"the proxy p.example:3128 {fault}", transient)


@pytest.mark.parametrize("error", [OSError("407 bytes"), OSError(111, "refused"), ValueError()])
def test_other_errors_are_not_of_the_proxy(error):
    assert proxy_fault(error, PROXY, "hub.example") is None
