"""Twins over real HTTPS, from a hub that has bad days."""

import asyncio
import json

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.hub.azure import AzureHub, twin_of
from edgeops.hub.port import (
    AlreadyExists,
    EtagMismatch,
    HubError,
    NotFound,
    Unauthorized,
    Unreachable,
)
from edgeops.hub.rates import no_rates
from edgeops.hub.rest import Bounds
from edgeops.hub.retry import Retry
from edgeops.twin import Twin

TWIN = {
    "deviceId": "queen-street-210",
    "etag": "AAAAAAAAAAE=",
    "connectionState": "Connected",
    "lastActivityTime": "2026-01-02T03:04:05.0000000Z",
    "authenticationType": "certificateAuthority",
    "capabilities": {"iotEdge": True},
    "tags": {"site": "auckland-cbd"},
    "properties": {
        "desired": {"a": {"b": 1}, "$version": 7, "$metadata": {"$lastUpdated": "x"}},
        "reported": {"c": [1, None], "$version": 3, "$metadata": {}},
    },
}


def ask(hub, question, retry, *, ca_file=None, bounds=None, hostname=None, proxy=None):
    """The result of `await question(twins)` on twins connected to a hub."""

    async def connected():
        credential = hub.credential
        if hostname:
            credential.hostname = hostname
        twins = AzureHub(
            credential,
            ca_file=ca_file or hub.ca_file,
            proxy=proxy,
            concurrency=8,
            rates=no_rates(),
            retry=retry,
            bounds=bounds,
        )
        try:
            return await question(twins)
        finally:
            await twins.close()

    return connected()


@pytest.fixture
def on_bad_hub(bad_hub, retry):
    """Ask a hub that takes the given steps; gives (result, the hub)."""

    def run(question, *steps, **options):
        async def scenario():
            async with bad_hub(*steps) as hub:
                return await ask(hub, question, options.pop("retry", retry), **options), hub

        return asyncio.run(scenario())

    return run


def read(twins):
    return twins.twin("queen-street-210")


def patch(twins):
    return twins.patch_twin(
        "queen-street-210", None, tags={"a": None}, desired={"b": 1}, etag="AAAAAAAAAAE="
    )


def create(twins):
    return twins.create_device("queen-street-210", edge=True, authentication="sas")


# --- the wire form --------------------------------------------------------------------


def test_a_twin_is_read_without_what_the_hub_adds():
    assert twin_of(json.loads(json.dumps(TWIN))) == Twin(
        device="queen-street-210",
        etag="AAAAAAAAAAE=",
        tags={"site": "auckland-cbd"},
        desired={"a": {"b": 1}},
        reported={"c": [1, None]},
        desired_version=7,
        connected=True,
        last_activity="2026-01-02T03:04:05.0000000Z",
        edge=True,
        authentication="x509CA",
    )


def test_a_bare_twin_has_defaults():
    value = {"deviceId": "d", "tags": None, "lastActivityTime": "0001-01-01T00:00:00Z"}
    assert twin_of(value) == Twin("d", authentication="none")


def test_a_twin_names_the_configurations_that_target_it():
    configurations = {"base": {"status": "Targeted"}, "a-layer": {"status": "Applied"}}
    agent = {"deviceId": "d", "moduleId": "$edgeAgent", "configurations": configurations}
    assert twin_of(agent).configurations == ("a-layer", "base")
    assert twin_of({"deviceId": "d", "configurations": configurations}).configurations
    assert twin_of({"deviceId": "d"}).configurations == ()


def test_ids_are_percent_encoded_once(on_bad_hub, steps):
    _, hub = on_bad_hub(lambda twins: twins.twin("a#b%c/é", "$edgeAgent"), steps.json(TWIN))
    method, path = hub.asked[0]
    assert method == "GET"
    assert path == "/twins/a%23b%25c%2F%C3%A9/modules/%24edgeAgent?api-version=2021-04-12"


def test_a_patch_carries_its_etag_and_only_what_changes(on_bad_hub, steps):
    twin, hub = on_bad_hub(patch, steps.json(TWIN))
    method, _, headers, body = hub.requests[0]
    assert method == "PATCH"
    assert headers["If-Match"] == '"AAAAAAAAAAE="'
    assert headers["Authorization"].startswith("SharedAccessSignature sr=localhost")
    assert json.loads(body) == {"tags": {"a": None}, "properties": {"desired": {"b": 1}}}
    assert twin.desired_version == 7


def test_a_query_is_followed_page_by_page(on_bad_hub, steps):
    async def all_devices(twins):
        return [twin.device async for twin in twins.device_twins()]

    names, hub = on_bad_hub(
        all_devices,
        steps.json([{"deviceId": "a"}, {"deviceId": "b"}], x_ms_continuation="next"),
        steps.json([], x_ms_continuation="last"),
        steps.json([{"deviceId": "c"}]),
    )
    assert names == ["a", "b", "c"]
    assert [headers.get("x-ms-continuation") for _, _, headers, _ in hub.requests] == [
        None,
        "next",
        "last",
    ]
    assert hub.requests[0][2]["x-ms-max-item-count"] == "100"


def test_a_query_that_never_ends_is_noticed(on_bad_hub, steps):
    async def all_modules(twins):
        return [twin async for twin in twins.module_twins()]

    with pytest.raises(HubError, match="keeps returning the same page of a query"):
        on_bad_hub(all_modules, steps.json([], x_ms_continuation="again"))


def test_the_devices_of_a_fleet_are_asked_for_by_their_stamp(on_bad_hub, steps):
    names, hub = on_bad_hub(
        lambda twins: twins.devices_of("auckland-cbd"),
        steps.json([{"deviceId": "b"}, {"deviceId": "a"}]),
    )
    assert names == ["a", "b"]
    assert json.loads(hub.requests[0][3]) == {
        "query": "SELECT deviceId FROM devices WHERE tags.edgeops.fleet = 'auckland-cbd'"
    }


def test_a_fleet_name_cannot_smuggle_in_a_query(on_bad_hub, steps):
    with pytest.raises(EdgeOpsError, match="cannot be used in a query"):
        on_bad_hub(lambda twins: twins.devices_of("x' OR '1'='1"), steps.json([]))


# --- bad days -------------------------------------------------------------------------


@pytest.mark.parametrize("question", [read, patch])
def test_throttling_is_waited_out(on_bad_hub, steps, waits, question):
    twin, hub = on_bad_hub(
        question,
        steps.error(429, "ThrottlingException", Retry_After="4"),
        steps.error(429, "ThrottlingException"),
        steps.json(TWIN),
    )
    assert twin.device == "queen-street-210"
    assert waits.seconds == [4.0, 2.0]
    assert len(hub.requests) == 3


def test_throttling_that_stays_says_what_to_check(on_bad_hub, steps):
    with pytest.raises(HubError) as caught:
        on_bad_hub(read, steps.error(429, "ThrottlingException"))
    assert caught.value.status == 429
    assert "is throttling requests for" in caught.value.message
    assert "`sku` and `units`" in caught.value.hint


@pytest.mark.parametrize("fault", ["error", "cut", "cut_in_the_body"])
@pytest.mark.parametrize("question", [read, patch])
def test_a_passing_fault_is_repeated(on_bad_hub, steps, question, fault):
    step = steps.error(500, "ServerError") if fault == "error" else getattr(steps, fault)
    twin, _ = on_bad_hub(question, step, steps.json(TWIN))
    assert twin.etag == "AAAAAAAAAAE="


def test_a_patch_whose_answer_was_lost_ends_in_an_etag_mismatch(on_bad_hub, steps):
    with pytest.raises(EtagMismatch, match="was changed by another client"):
        on_bad_hub(patch, steps.cut, steps.error(412, "PreconditionFailed"))


def test_an_etag_mismatch_is_not_repeated(on_bad_hub, steps, waits):
    with pytest.raises(EtagMismatch):
        on_bad_hub(patch, steps.error(412, "PreconditionFailed"))
    assert waits.seconds == []


def test_a_hub_that_only_cuts_is_unreachable(on_bad_hub, steps):
    with pytest.raises(Unreachable, match=r"the connection to localhost:[0-9]+ was closed early"):
        on_bad_hub(read, steps.cut)


def test_a_slow_hub_is_not_waited_for_for_ever(on_bad_hub, steps):
    with pytest.raises(Unreachable, match="did not answer in time"):
        on_bad_hub(read, steps.never, bounds=Bounds(total=0.05), retry=Retry(attempts=1))


def test_a_huge_answer_is_not_read_to_its_end(on_bad_hub, steps):
    with pytest.raises(Unreachable, match="exceeds the size limit"):
        on_bad_hub(read, steps.huge, bounds=Bounds(body=1_000_000))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"\xff", b"[]", b"null", b"7", b'{"etag": 1}', b'{"deviceId": "d", "tags"'],
)
def test_garbage_with_status_200_is_not_a_twin(on_bad_hub, steps, body):
    with pytest.raises(HubError, match="not a valid response of an IoT Hub"):
        on_bad_hub(read, steps.raw(body))


@pytest.mark.parametrize("body", [b"{}", b"[1]", b'[{"etag": ""}]', b'"x"'])
def test_garbage_with_status_200_is_not_a_page(on_bad_hub, steps, body):
    async def all_devices(twins):
        return [twin async for twin in twins.device_twins()]

    with pytest.raises(HubError, match="not a valid response of an IoT Hub"):
        on_bad_hub(all_devices, steps.raw(body))


def test_a_redirect_is_not_followed_with_our_credentials(on_bad_hub, steps):
    with pytest.raises(HubError, match="HTTP 302"):
        on_bad_hub(read, steps.redirect)


def test_expired_credentials_point_at_the_clock(on_bad_hub, steps):
    with pytest.raises(Unauthorized) as caught:
        on_bad_hub(read, steps.error(401, "IotHubUnauthorized", "Token has expired"))
    assert "clock" in caught.value.hint


def test_a_missing_device_is_not_found(on_bad_hub, steps, waits):
    with pytest.raises(NotFound, match="device 'queen-street-210' is not on the hub"):
        on_bad_hub(read, steps.error(404, "DeviceNotFound"))
    assert waits.seconds == []


# --- no connection --------------------------------------------------------------------


def test_a_hub_with_an_unknown_ca_is_not_talked_to(on_bad_hub, certificates, steps, waits):
    with pytest.raises(Unreachable, match="trusted TLS connection") as caught:
        on_bad_hub(read, steps.json(TWIN), ca_file=certificates.other_ca_file)
    assert "SSL_CERT_FILE" in caught.value.hint
    assert waits.seconds == []


def test_a_certificate_for_another_name_is_not_accepted(bad_hub, steps, retry):
    async def scenario():
        async with bad_hub(steps.json(TWIN)) as hub:
            await ask(hub, read, retry, hostname=f"127.0.0.1:{hub.port}")

    with pytest.raises(Unreachable, match="trusted TLS connection"):
        asyncio.run(scenario())


def test_a_closed_port_refuses(bad_hub, steps, retry):
    async def scenario():
        async with bad_hub(steps.json(TWIN)) as hub:
            pass
        await ask(hub, read, retry)

    with pytest.raises(Unreachable, match="does not accept connections"):
        asyncio.run(scenario())


def test_an_unknown_host_is_not_found_at_once(on_bad_hub, steps, waits):
    with pytest.raises(Unreachable, match=r"cannot find the address of nowhere\.invalid"):
        on_bad_hub(read, steps.json(TWIN), hostname="nowhere.invalid")
    assert waits.seconds == []


def test_a_proxy_that_is_down_is_named(on_bad_hub, steps):
    with pytest.raises(Unreachable, match="the proxy does not connect") as caught:
        on_bad_hub(read, steps.json(TWIN), proxy="http://user:hunter2@127.0.0.1:9")
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


# --- creating devices -----------------------------------------------------------------


def test_a_device_is_created_without_keys_so_that_the_hub_makes_them(on_bad_hub, steps):
    _, hub = on_bad_hub(create, steps.json({"deviceId": "queen-street-210"}))
    method, path, headers, body = hub.requests[0]
    assert (method, path) == ("PUT", "/devices/queen-street-210?api-version=2021-04-12")
    assert "If-Match" not in headers  # it would replace a device that exists
    assert json.loads(body) == {
        "deviceId": "queen-street-210",
        "status": "enabled",
        "authentication": {"symmetricKey": {}, "type": "sas"},
        "capabilities": {"iotEdge": True},
    }


def test_a_creation_whose_answer_was_lost_is_there_already(on_bad_hub, steps):
    with pytest.raises(AlreadyExists, match="device 'queen-street-210' already exists on the hub"):
        on_bad_hub(create, steps.cut, steps.error(409, "DeviceAlreadyExists"))
