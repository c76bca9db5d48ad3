"""Microsoft's SDK, as edgeops drives it, on a hub that has bad days."""

import asyncio
import json
import sys

import pytest

from edgeops.hub.control import Control
from edgeops.hub.port import AlreadyExists, HubError, NotFound, Unauthorized, Unreachable

MODULE = {"deviceId": "queen-street-210", "moduleId": "camera"}


@pytest.fixture
def on_bad_hub(bad_hub, retry, rates):
    """Ask a hub that takes the given steps; gives the hub."""

    def run(question, *steps, ca_file=None, hostname=None):
        async def scenario():
            async with bad_hub(*steps) as hub:
                credential = hub.credential
                credential.hostname = hostname or credential.hostname
                control = Control(
                    credential, ca_file=ca_file or hub.ca_file, proxy=None, rates=rates, retry=retry
                )
                try:
                    await question(control)
                finally:
                    await control.close()
                return hub

        return asyncio.run(scenario())

    return run


def create(control):
    return control.create_module("queen-street-210", "camera")


def test_a_deployment_is_sent_as_azure_takes_it(on_bad_hub, steps):
    content = {"$edgeAgent": {"modules": {"m": {"restartPolicy": "always"}}}, "$edgeHub": {}}
    hub = on_bad_hub(
        lambda control: control.apply_content("queen-street-210", content),
        steps.raw(b"", 204),
    )
    method, path, _, body = hub.requests[0]
    assert (method, path.partition("?")[0]) == (
        "POST",
        "/devices/queen-street-210/applyConfigurationContent",
    )
    assert json.loads(body) == {
        "modulesContent": {
            name: {"properties.desired": desired} for name, desired in content.items()
        }
    }


def test_many_at_once_share_a_few_connections(on_bad_hub, steps):
    async def create_many(control):
        await asyncio.gather(*(control.create_module("d", f"m{i}") for i in range(20)))

    hub = on_bad_hub(create_many, steps.json({}))
    assert sorted(path for _, path in hub.asked) == sorted(
        f"/devices/d/modules/m{i}?api-version=2021-04-12" for i in range(20)
    )


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_refusal_is_repeated_by_us_and_not_by_the_sdk(on_bad_hub, steps, waits, status):
    error = steps.error(status, "Busy", Retry_After="3")
    hub = on_bad_hub(create, error, steps.json(MODULE))
    assert len(hub.requests) == 2
    assert waits.seconds == [3.0]


def test_a_refusal_that_stays_is_raised_after_our_attempts(on_bad_hub, steps):
    with pytest.raises(HubError, match=r"failed with HTTP 500 for module 'camera'.*: boom"):
        on_bad_hub(create, steps.error(500, "ServerError", "boom"))


def test_a_cut_connection_is_repeated(on_bad_hub, steps):
    assert len(on_bad_hub(create, steps.cut, steps.json(MODULE)).requests) == 2


def test_a_creation_whose_answer_was_lost_is_there_already(on_bad_hub, steps):
    with pytest.raises(AlreadyExists, match=r"module 'camera' .* already exists on the hub"):
        on_bad_hub(create, steps.cut, steps.error(409, "ModuleAlreadyExistsOnDevice"))


def test_errors_have_the_words_of_the_hub_not_the_reason_phrase(on_bad_hub, steps):
    with pytest.raises(HubError, match="bad id"):
        on_bad_hub(create, steps.error(400, "ArgumentInvalid", "bad id"))


@pytest.mark.parametrize(("status", "kind"), [(401, Unauthorized), (404, NotFound)])
def test_refusals_have_their_kind(on_bad_hub, steps, status, kind):
    with pytest.raises(kind):
        on_bad_hub(lambda control: control.delete_device("d"), steps.error(status, "X"))


def test_garbage_is_not_a_module(on_bad_hub, steps):
    with pytest.raises(HubError, match="not a valid response of an IoT Hub"):
        on_bad_hub(create, steps.raw(b"{nonsense", content_type="application/json"))


def test_an_unknown_ca_is_not_trusted(on_bad_hub, certificates, steps, waits):
    with pytest.raises(Unreachable, match="trusted TLS connection"):
        on_bad_hub(create, steps.json(MODULE), ca_file=certificates.other_ca_file)
    assert waits.seconds == []


def test_an_unknown_host_is_not_found(on_bad_hub, steps):
    with pytest.raises(Unreachable, match=r"cannot find the address of nowhere\.invalid"):
        on_bad_hub(create, steps.json(MODULE), hostname="nowhere.invalid")


def test_a_closed_port_refuses(on_bad_hub, steps):
    with pytest.raises(Unreachable, match="does not accept connections"):
        on_bad_hub(create, steps.json(MODULE), hostname="localhost:9")


def test_where_the_sdk_is_not_installed_the_message_says_so(on_bad_hub, steps, monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.iot.hub", None)
    with pytest.raises(HubError, match="azure-iot-hub is not installed") as caught:
        on_bad_hub(create, steps.json(MODULE))
    assert "x86-64" in caught.value.hint
