"""Connection strings, signatures and Entra tokens."""

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

import pytest
from azure.core.exceptions import ClientAuthenticationError

from edgeops.errors import EdgeOpsError
from edgeops.hub.credentials import Entra, SharedAccess, parse_connection_string
from edgeops.hub.port import Unauthorized

KEY = "c2VjcmV0LWtleQ=="
GOOD = f"HostName=contoso.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey={KEY}"


class Clock:
    def __init__(self, now=1_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


def header(credential):
    return asyncio.run(credential.authorization())


# --- connection strings -----------------------------------------------------------


def test_a_connection_string_gives_host_and_policy():
    access = parse_connection_string(f" {GOOD};\n", "HUB")
    assert (access.hostname, access.policy) == ("contoso.azure-devices.net", "service")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is not a connection string"),
        ("hunter2", "is not a connection string"),
        (GOOD + ";Extra=hunter2", "is not a connection string"),
        (GOOD + ";HostName=hunter2", "is not a connection string"),
        ("HostName=a.b;SharedAccessKey=hunter22", "has no SharedAccessKeyName"),
        ("HostName=a.b;SharedAccessKeyName=service;SharedAccessKey=", "has no SharedAccessKey"),
        (
            f"HostName=a.b;DeviceId=d;SharedAccessKey={KEY}",
            "is the connection string of a device, not of a hub",
        ),
        ("HostName=a.b;SharedAccessSignature=hunter2", "has a SharedAccessSignature"),
        (GOOD.replace("contoso", "https://hunter2/"), "has an invalid HostName"),
        (GOOD.replace(KEY, "hunter2!"), "SharedAccessKey that is not base64"),
        (GOOD.replace(KEY, "hünter2="), "SharedAccessKey that is not base64"),
    ],
)
def test_a_bad_connection_string_is_refused_without_showing_it(text, fault):
    with pytest.raises(EdgeOpsError) as caught:
        parse_connection_string(text, "the environment variable HUB")
    shown = f"{caught.value.message} {caught.value.hint}"
    assert fault in shown
    assert "the environment variable HUB" in shown
    assert "hunter" not in shown
    assert KEY not in shown


# --- shared access signatures -------------------------------------------------------


def test_the_signature_is_the_one_that_the_hub_computes():
    access = SharedAccess("localhost:8443", "service", KEY, Clock())
    scheme, _, fields = header(access).partition(" ")
    raw = dict(field.split("=", 1) for field in fields.split("&"))
    expected = hmac.digest(
        base64.b64decode(KEY), f"localhost%3A8443\n{raw['se']}".encode(), hashlib.sha256
    )
    assert scheme == "SharedAccessSignature"
    assert raw["sr"] == "localhost%3A8443"
    assert base64.b64decode(unquote(raw["sig"])) == expected
    assert dict(parse_qsl(fields))["skn"] == "service"
    assert int(raw["se"]) == 1_003_600


def test_a_signature_is_kept_until_it_is_near_its_end():
    clock = Clock()
    access = SharedAccess("localhost:8443", "service", KEY, clock)
    first = header(access)
    clock.now += 3000
    assert header(access) == first
    clock.now += 500
    assert header(access) != first


def test_a_key_never_shows_in_a_representation():
    access = SharedAccess("localhost:8443", "service", KEY)
    header(access)
    assert KEY not in f"{access!r} {access}"
    assert "sig=" not in f"{access!r} {access}"


# --- Entra ----------------------------------------------------------------------------


@dataclass
class Token:
    token: str
    expires_on: float


class Identity:
    """What azure-identity's credentials are to us: `get_token`."""

    def __init__(self, clock, fails=False):
        self.clock, self.fails, self.asked = clock, fails, []

    def get_token(self, scope):
        if self.fails:
            raise ClientAuthenticationError("AADSTS7000215: invalid secret hunter2")
        self.asked.append(scope)
        return Token(f"token{len(self.asked)}", self.clock.now + 3600)


def test_an_entra_token_is_asked_for_once_by_many():
    clock = Clock()
    identity = Identity(clock)

    async def together():
        entra = Entra("contoso.azure-devices.net", identity, clock)
        return await asyncio.gather(*(entra.authorization() for _ in range(20)))

    assert asyncio.run(together()) == ["Bearer token1"] * 20
    assert identity.asked == ["https://iothubs.azure.net/.default"]


def test_an_entra_token_is_renewed_near_its_end():
    clock = Clock()

    async def later():
        entra = Entra("contoso.azure-devices.net", Identity(clock), clock)
        before = await entra.authorization()
        clock.now += 3590
        return before, await entra.authorization(), repr(entra)

    assert asyncio.run(later()) == (
        "Bearer token1",
        "Bearer token2",
        "Entra(hostname='contoso.azure-devices.net')",
    )


def test_no_entra_token_says_how_to_sign_in():
    clock = Clock()

    async def ask():
        await Entra("contoso.azure-devices.net", Identity(clock, fails=True), clock).authorization()

    with pytest.raises(Unauthorized) as caught:
        asyncio.run(ask())
    assert caught.value.message == "cannot get an Entra token for hub contoso.azure-devices.net"
    assert "az login" in caught.value.hint
    assert "hunter2" not in caught.value.message
