"""Identities as the API has them."""

import asyncio
import json

import pytest

from edgeops.hub.azure import AzureHub
from edgeops.hub.identity import changed, device_of, identity_fields, new_device
from edgeops.hub.port import EtagMismatch, HubError
from edgeops.hub.rates import no_rates

_SCOPE = "ms-azure-iot-edge://g-1"
DOCUMENT = {
    "deviceId": "d",
    "generationId": "637",
    "etag": "MQ==",
    "status": "enabled",
    "statusReason": "new",
    "authentication": {
        "type": "sas",
        "symmetricKey": {"primaryKey": "a2V5", "secondaryKey": "a2V5Mg=="},
        "x509Thumbprint": {"primaryThumbprint": None, "secondaryThumbprint": None},
    },
    "capabilities": {"iotEdge": False, "later": True},
    "later": {"x": 1},
}


@pytest.mark.parametrize(
    ("edge", "options", "written"),
    [
        (False, {"authentication": "x509CA"}, {"authentication": {"type": "certificateAuthority"}}),
        (
            False,
            {"authentication": "selfSigned", "thumbprints": {"primary": "A"}},
            {
                "authentication": {
                    "type": "selfSigned",
                    "x509Thumbprint": {"primaryThumbprint": "A"},
                }
            },
        ),
        (False, {"status": "disabled"}, {"status": "disabled"}),
        (False, {"parent_scope": _SCOPE}, {"deviceScope": _SCOPE}),
        (True, {"parent_scope": _SCOPE}, {"parentScopes": [_SCOPE]}),
    ],
    ids=["x509CA", "selfSigned", "disabled", "leaf", "edge"],
)
def test_the_identity_of_a_new_device(edge, options, written):
    plain = {
        "deviceId": "d",
        "status": "enabled",
        "authentication": {"type": "sas", "symmetricKey": {}},
        "capabilities": {"iotEdge": edge},
    }
    new = new_device("d", **{"edge": edge, "authentication": "sas", **options})
    assert new == {**plain, **written}


def test_what_a_change_does_not_name_stays_also_what_is_unknown_here():
    assert changed(DOCUMENT, status="disabled") == {**DOCUMENT, "status": "disabled"}
    assert changed(DOCUMENT) == DOCUMENT


def test_another_authentication_starts_without_keys():
    new = changed(DOCUMENT, authentication="selfSigned", thumbprints={"primary": "A"})
    assert new["authentication"] == {
        "type": "selfSigned",
        "x509Thumbprint": {"primaryThumbprint": "A"},
    }
    assert changed(DOCUMENT, authentication="x509CA")["authentication"] == {
        "type": "certificateAuthority"
    }
    assert "a2V5" not in json.dumps(changed(new, authentication="sas"))


@pytest.mark.parametrize(
    ("edge", "scope", "written"),
    [
        (False, "s", {"deviceScope": "s", "parentScopes": ["s"]}),
        (False, "", {"deviceScope": "", "parentScopes": []}),
        (True, "s", {"parentScopes": ["s"]}),
        (True, "", {"parentScopes": []}),
    ],
)
def test_a_parent_is_written_as_the_kind_of_device_demands(edge, scope, written):
    document = {**DOCUMENT, "capabilities": {"iotEdge": edge}}
    assert changed(document, parent_scope=scope) == {**document, **written}


@pytest.mark.parametrize(
    ("scope", "device"),
    [
        ("ms-azure-iot-edge://cbd-gateway-638000000000000000", "cbd-gateway"),
        ("ms-azure-iot-edge://gw-1", "gw"),
        ("", ""),
        ("gw-1", ""),
    ],
)
def test_a_scope_names_its_device(scope, device):
    assert device_of(scope) == device


@pytest.mark.parametrize(
    ("twin", "parent"),
    [
        ({"deviceScope": "ms-azure-iot-edge://g-1"}, "g"),
        ({"deviceScope": "ms-azure-iot-edge://g-1", "parentScopes": []}, "g"),
        ({"parentScopes": ["ms-azure-iot-edge://g-1"]}, "g"),
        ({"capabilities": {"iotEdge": True}, "deviceScope": "ms-azure-iot-edge://me-1"}, ""),
        ({"capabilities": {"iotEdge": True}, "deviceScope": "ms-azure-iot-edge://me-1",
          "parentScopes": ["ms-azure-iot-edge://g-1"]}, "g"),
        ({}, ""),
    ],
)  # fmt: skip
def test_the_parent_of_a_device(twin, parent):
    assert identity_fields(twin)["parent"] == parent


def test_thumbprints_are_those_of_a_certificate_that_counts():
    known = {"x509Thumbprint": {"primaryThumbprint": "A", "secondaryThumbprint": None}}
    assert identity_fields({**known, "authenticationType": "selfSigned"})["thumbprints"] == {
        "primary": "A"
    }
    assert identity_fields({**known, "authenticationType": "sas"})["thumbprints"] == {}


@pytest.fixture
def update(bad_hub, retry):
    """Disable a device on a hub that takes the given steps; gives the hub."""

    def run(device, *steps):
        async def scenario():
            async with bad_hub(*steps) as hub:
                twins = AzureHub(
                    hub.credential,
                    ca_file=hub.ca_file,
                    proxy=None,
                    concurrency=8,
                    rates=no_rates(),
                    retry=retry,
                )
                try:
                    await twins.update_identity(device, status="disabled")
                finally:
                    await twins.close()
                return hub

        return asyncio.run(scenario())

    return run


def test_an_identity_is_written_back_with_the_etag_it_was_read_with(update, steps):
    hub = update("a#b", steps.json(DOCUMENT), steps.json(DOCUMENT))
    (read, read_path, *_), (write, write_path, headers, body) = hub.requests
    assert (read, write) == ("GET", "PUT")
    assert read_path == write_path == "/devices/a%23b?api-version=2021-04-12"
    assert headers["If-Match"] == '"MQ=="'
    assert json.loads(body) == {**DOCUMENT, "status": "disabled"}


def test_an_identity_that_was_written_since_is_not_written_over(update, steps):
    with pytest.raises(EtagMismatch):
        update(
            "d",
            steps.json(DOCUMENT),
            steps.raw(b'{"Message": "ErrorCode:PreconditionFailed;"}', 412),
        )


@pytest.mark.parametrize("document", [[], {"authentication": DOCUMENT["authentication"]}])
def test_an_answer_that_is_not_an_identity_is_an_error_and_shows_no_key(update, steps, document):
    with pytest.raises(HubError, match="unexpected response") as error:
        update("d", steps.json(document))
    assert "a2V5" not in str(error.value)
