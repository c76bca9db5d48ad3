"""Shared access signatures: which are genuine, and what they permit."""

from __future__ import annotations

import base64
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.localhub.policies import POLICIES, Permission
from edgeops.localhub.sas import permissions_of, signature
from edgeops.localhub.state.errors import HubFault

KEYS = {policy: base64.b64encode(policy.encode() * 4).decode() for policy in POLICIES}
NOW = 1_800_000_000


def token(
    resource="localhost:8443", policy="service", key=None, expiry=NOW + 60, encode=quote_plus
):
    encoded = encode(resource)
    signed = quote(signature(key or KEYS[policy], encoded, str(expiry)), safe="")
    return f"SharedAccessSignature sr={encoded}&sig={signed}&se={expiry}&skn={policy}"


def rights(authorization, host="localhost:8443", path="/twins/d1"):
    return permissions_of(authorization, host=host, path=path, keys=KEYS, now=NOW)


def test_a_genuine_token_has_the_permissions_of_its_policy():
    assert rights(token(policy="service")) == Permission.SERVICE_CONNECT
    assert (
        rights(token(policy="registryReadWrite"))
        == Permission.REGISTRY_READ | Permission.REGISTRY_WRITE
    )


@pytest.mark.parametrize(
    "resource",
    [
        "localhost:8443",
        "LOCALHOST:8443",
        "localhost",
        "localhost:8443/twins",
        "localhost:8443/twins/d1",
        "localhost:8443/",
    ],
)
def test_a_token_may_be_of_the_hub_or_of_a_part_that_holds_the_path(resource):
    assert rights(token(resource)) == Permission.SERVICE_CONNECT


@pytest.mark.parametrize(
    "resource", ["", "/", "elsewhere:8443", "localhost:8443/twins/d", "localhost:8443/devices"]
)
def test_a_token_of_something_else_is_refused(resource):
    with pytest.raises(HubFault, match="Unauthorized"):
        rights(token(resource))


@pytest.mark.parametrize("host", ["localhost", "localhost:443", "LOCALHOST:443"])
@pytest.mark.parametrize("resource", ["localhost", "localhost:443", "localhost:443/twins/d1"])
def test_the_default_port_may_be_left_out_of_either(host, resource):
    assert rights(token(resource), host=host) == Permission.SERVICE_CONNECT
    with pytest.raises(HubFault):
        rights(token("localhost:8443"), host=host)


def test_clients_may_encode_the_resource_as_they_like():
    assert rights(token(encode=lambda text: quote(text, safe=""))) == Permission.SERVICE_CONNECT
    assert rights(token(encode=lambda text: quote_plus(text).lower())) == Permission.SERVICE_CONNECT
    assert rights(token(encode=lambda text: text)) == Permission.SERVICE_CONNECT


def test_the_order_of_the_fields_is_free():
    scheme, _, fields = token().partition(" ")
    assert rights(f"{scheme} {'&'.join(reversed(fields.split('&')))}") == Permission.SERVICE_CONNECT


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer abc",
        "SharedAccessSignature ",
        "SharedAccessSignature sr&sig&se&skn",
        token(expiry=NOW),
        token(expiry=NOW - 1),
        token(key=KEYS["device"]),
        token().replace("skn=service", "skn=iothubowner"),
        token().replace("skn=service", "skn=nobody"),
        token().replace(f"se={NOW + 60}", f"se={NOW + 6000}"),
        token(expiry="9" * 5000),
        token(expiry="soon"),
        token() + "\udcff",
    ],
)
def test_other_headers_are_refused_without_saying_why(authorization):
    with pytest.raises(HubFault) as caught:
        rights(authorization)
    assert (caught.value.status, caught.value.message) == (401, "Unauthorized")


@given(st.text(), st.sampled_from(["", "SharedAccessSignature "]))
def test_no_header_breaks_the_check(text, scheme):
    with pytest.raises(HubFault):
        rights(scheme + text)
