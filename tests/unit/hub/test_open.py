"""How a hub of the fleet is opened, and what is missing when it cannot be."""

import asyncio

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import HubTarget
from edgeops.hub.azure import AzureHub
from edgeops.hub.open import LocalAccess, open_hub, proxy_for

KEY = "c2VjcmV0LWtleQ=="
PRODUCTION = HubTarget(
    "production", hostname="contoso.azure-devices.net", connection_string_env="HUB"
)


def connection_string(hostname):
    return f"HostName={hostname};SharedAccessKeyName=service;SharedAccessKey={KEY}"


def opened(target, environ=None, local=None):
    async def scenario():
        async with open_hub(target, environ=environ or {}, local=local) as hub:
            return hub

    return asyncio.run(scenario())


def refused(target, environ=None, local=None):
    with pytest.raises(EdgeOpsError) as caught:
        opened(target, environ, local)
    assert KEY not in f"{caught.value.message} {caught.value.hint}"
    return caught.value


def test_azure_opens_with_a_connection_string_of_the_named_variable():
    environ = {"HUB": connection_string("Contoso.azure-devices.net")}
    assert isinstance(opened(PRODUCTION, environ), AzureHub)


def test_azure_opens_with_entra():
    target = HubTarget("production", hostname="contoso.azure-devices.net", entra=True)
    assert isinstance(opened(target), AzureHub)


def test_an_unset_variable_is_named_with_what_to_write_in_a_workflow():
    error = refused(PRODUCTION)
    assert "environment variable HUB" in error.message
    assert "${{ secrets.HUB }}" in error.hint


def test_the_connection_string_of_another_hub_is_refused():
    error = refused(PRODUCTION, {"HUB": connection_string("staging.azure-devices.net")})
    assert "HUB is for staging.azure-devices.net" in error.message
    assert "nothing was sent" in error.hint


def test_a_hub_without_credentials_is_refused():
    error = refused(HubTarget("production", hostname="contoso.azure-devices.net"))
    assert "hub 'production' has no credentials" in error.message


def test_the_local_hub_must_run():
    assert "edgeops hub serve" in refused(HubTarget("local")).hint


def test_how_to_reach_the_local_hub_does_not_show_its_key():
    access = LocalAccess(connection_string("localhost:8443"), "/tmp/ca.pem")
    assert KEY not in repr(access)


def test_a_missing_ca_file_is_named():
    local = LocalAccess(connection_string("localhost:8443"), "/nowhere/ca.pem")
    assert "/nowhere/ca.pem" in refused(HubTarget("local"), local=local).message


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": "example.com"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "no_proxy": ".azure-devices.net"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, None),
    ],
)
def test_the_proxy_is_that_of_the_environment(environ, proxy):
    assert proxy_for("contoso.azure-devices.net", environ) == proxy
