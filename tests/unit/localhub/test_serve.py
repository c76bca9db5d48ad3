"""The server as a process sees it: locks, ports, files, and requests that no SDK would send."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import stat

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.localhub import access
from edgeops.localhub.files import StateFiles
from edgeops.localhub.sas import signature
from edgeops.localhub.serve import serve
from edgeops.localhub.service import configurations, registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore


def serve_and_fail(state_dir, port=0):
    with pytest.raises(EdgeOpsError) as caught:
        asyncio.run(serve(state_dir, port=port, ready=lambda _: pytest.fail("it is serving")))
    return caught.value


def test_a_second_hub_on_one_state_directory_is_refused(local_hub):
    error = serve_and_fail(local_hub.state_dir)
    assert "another local hub is running" in error.message
    assert access.running(local_hub.state_dir) == local_hub.endpoint


def test_a_port_in_use_is_refused(tmp_path, local_hub):
    error = serve_and_fail(tmp_path, port=local_hub.port)
    assert error.message.startswith(f"port {local_hub.port} on 127.0.0.1 is in use")
    assert "--port" in error.hint


def test_an_address_of_another_machine_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(EdgeOpsError) as caught:
        asyncio.run(serve(tmp_path, port=0, host="192.0.2.1", ready=lambda _: None))
    assert caught.value.message.endswith("port 0: Cannot assign requested address")


def test_a_port_that_does_not_exist_is_refused(tmp_path):
    assert serve_and_fail(tmp_path, port=70_000).message == "there is no port 70000"


def test_a_state_directory_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert "cannot keep the local hub's state" in serve_and_fail(tmp_path / "file").message


def test_a_spoilt_database_is_an_error_with_a_way_out(tmp_path):
    (tmp_path / "hub.db").write_bytes(b"not a database" * 100)
    assert "hub reset" in serve_and_fail(tmp_path).hint


def test_a_database_that_cannot_be_written_is_not_given_up(tmp_path):
    (tmp_path / "hub.db").mkdir()
    error = serve_and_fail(tmp_path)
    assert error.message.endswith("hub.db: Is a directory")
    assert "is the disk full, or read-only?" in error.hint


def test_a_lock_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "hub.lock").mkdir()
    error = serve_and_fail(tmp_path)
    assert error.message.endswith("hub.lock: Is a directory")
    assert "needs this folder" in error.hint


def test_a_spoilt_certificate_is_an_error_with_a_way_out(tmp_path):
    for name in ("ca.pem", "server.pem"):
        (tmp_path / name).write_text("not a certificate")
    assert "delete it" in serve_and_fail(tmp_path).hint


def test_secrets_are_readable_by_their_owner_only(local_hub):
    for name in ("hub.db", "hub.db-wal", "server.pem", "policies.json"):
        if (file := local_hub.state_dir / name).exists():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, name
    assert b"PRIVATE" not in local_hub.ca_file.read_bytes()


def test_stopping_removes_what_says_it_is_running(start_local_hub, tmp_path):
    async def start_and_stop():
        task = asyncio.ensure_future(
            serve(tmp_path, port=0, mqtt_port=None, ready=lambda _: task.cancel())
        )
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(start_and_stop())

    assert not (tmp_path / "hub.json").exists()
    assert access.running(tmp_path) is None


def test_configurations_are_evaluated_at_the_start_and_once_in_a_while(tmp_path):
    body = {"id": "c1", "content": {"deviceContent": {"properties.desired.a": 1}}}

    async def main(hub):
        entry = hub.store.entry("d1")
        task = asyncio.ensure_future(
            serve(tmp_path, port=0, mqtt_port=None, ready=lambda _: None, evaluation_seconds=0.01)
        )
        for _ in range(2):
            while not hub.store.entry("d1").twin.desired.values:
                assert not task.done()
                await asyncio.sleep(0)
            hub.store.save(entry)  # as another process would: the hub does not see it
        task.cancel()
        await asyncio.wait([task])

    with HubStore(StateFiles(tmp_path).database) as store:
        hub = EmulatedHub(store)
        registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
        finish(configurations.put_configuration(hub, "c1", body | {"targetCondition": "*"}, None))
        asyncio.run(asyncio.wait_for(main(hub), 30))


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_every_name_of_loopback(local_hub, name):
    context = ssl.create_default_context(cafile=local_hub.ca_file)
    with (
        socket.create_connection(("127.0.0.1", local_hub.port)) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        assert secured.version() in ("TLSv1.2", "TLSv1.3")


# --- requests that no SDK would send ---------------------------------------------------


@pytest.fixture
def ask(local_hub):
    """A request as bytes; gives status, headers and JSON body."""
    context = ssl.create_default_context(cafile=local_hub.ca_file)
    host = f"localhost:{local_hub.port}"
    key = access.connection_string(local_hub.state_dir).rpartition("SharedAccessKey=")[2]
    signed = signature(key, host, "9999999999").replace("+", "%2B")
    token = f"SharedAccessSignature sr={host}&sig={signed}&se=9999999999&skn=iothubowner"

    def send(method, path, body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPSConnection(host, context=context, timeout=10)
        try:
            connection.request(method, path, body, {"Authorization": token} | named)
            response = connection.getresponse()
            text = response.read()
            return response.status, response.headers, json.loads(text) if text else None
        finally:
            connection.close()

    send("PUT", "/devices/d1", b'{"deviceId": "d1"}')
    return send


def test_the_log_says_why_a_request_was_refused(ask, caplog):
    for authorization, why in (
        ("", "it has no SAS token"),
        ("Basic eDp5", "its credentials are not a SAS token"),
        ("SharedAccessSignature sr=x&sig=c2VjcmV0&se=1", "its token names no policy (skn)"),
        (
            "SharedAccessSignature sr=x&sig=c2VjcmV0&se=1&skn=root",
            "its token names the policy 'root', which does not exist",
        ),
        (
            "SharedAccessSignature sr=x&sig=c2VjcmV0&se=1&skn=service",
            "its token is for 'x', not for",
        ),
    ):
        caplog.clear()
        assert ask("GET", "/devices/d1", Authorization=authorization)[0] == 401
        [message] = caplog.messages
        assert message.startswith(f"refused GET '/devices/d1': {why}")
        assert "c2VjcmV0" not in message
    caplog.clear()
    assert ask("GET", "/messages/nowhere")[0] == 404
    assert caplog.messages == [
        "refused GET '/messages/nowhere': the local hub does not have this operation"
    ]


def conditions_of(ask, **document):
    return ask("PUT", "/conditions", json.dumps(document))


def test_conditions_can_be_changed_while_the_hub_runs(ask):
    status, _, body = conditions_of(ask, faults=["registry=503"])
    assert (status, body["faults"]) == (200, ["registry=503"])
    assert refusal(ask("GET", "/devices/d1")) == (503, "ServiceUnavailable")
    assert ask("GET", "/twins/d1")[0] == 200
    assert ask("GET", "/conditions")[2]["counts"] == {"registry": {"faults": 1}}
    conditions_of(ask, faults=["twin-read=429"], retryAfter=3)
    assert ask("GET", "/twins/d1")[1]["Retry-After"] == "3"
    assert ask("DELETE", "/conditions")[2]["faults"] == []
    assert ask("GET", "/devices/d1")[0] == 200
    assert refusal(conditions_of(ask, sku="S9")) == (400, "ArgumentInvalid")


def test_each_entry_of_a_bulk_request_counts_and_too_many_are_refused(ask):
    conditions_of(ask, sku="S1", retryAfter=7)
    entries = [{"id": f"d{number}", "importMode": "create"} for number in range(2, 102)]
    assert ask("POST", "/devices", json.dumps(entries))[0] == 200
    refused = ask("GET", "/devices/d1")
    assert refusal(refused) == (429, "ThrottlingException")
    assert refused[1]["Retry-After"] == "7"
    conditions_of(ask, sku="S1")
    assert ask("GET", "/devices/d1")[0] == 200  # another throttle, from now on


def refusal(answer):
    status, headers, body = answer
    assert body["Message"].startswith(f"ErrorCode:{headers['iothub-errorcode']};")
    return status, headers["iothub-errorcode"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"NaN", b'{"a": 1' + b"}" * 2000, b"[" * 5000 + b"]" * 5000]
)
def test_a_body_that_is_not_json_is_refused(ask, body):
    assert refusal(ask("PATCH", "/twins/d1", body)) == (400, "DeserializationError")


@pytest.mark.parametrize("shape", [b"[%s]", b'{"a":%s}'])
def test_a_body_that_is_too_deep_is_refused(ask, shape):
    body = b"1"
    for _ in range(900):
        body = shape % body
    assert refusal(ask("PATCH", "/twins/d1", body)) == (400, "DeserializationError")


def test_a_body_that_is_too_big_is_refused(ask):
    body = json.dumps({"tags": {"a": "x" * 9_000_000}}).encode()
    assert refusal(ask("PATCH", "/twins/d1", body)) == (413, "MessageTooLarge")


@pytest.mark.parametrize(
    "body",
    [
        b'{"tags": {"a": [' + b"[]," * 30_000 + b"1]}}",
        b'{"tags": {"a": [' + b"1," * 200_000 + b"1]}}",
        b'[{"id": "d1", "tags": {"a": "' + b"," * 200_000 + b'"}}]',
    ],
)
def test_a_body_of_too_many_values_is_refused(ask, body):
    for method, path in (("PATCH", "/twins/d1"), ("POST", "/devices")):
        assert refusal(ask(method, path, body)) == (400, "DeserializationError")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_that_is_not_in_its_encoding_is_refused(ask, encoding):
    answer = ask("PATCH", "/twins/d1", b'{"tags": {}}', Content_Encoding=encoding)
    assert refusal(answer) == (400, "DeserializationError")


def test_a_body_that_does_not_come_is_refused(local_hub, ask, monkeypatch):
    monkeypatch.setattr("edgeops.localhub.http.wire.SECONDS_FOR_BODY", 0.1)
    assert refusal(ask("PATCH", "/twins/d1", b"", Content_Length="5")) == (408, "RequestTimeout")


@pytest.mark.parametrize(
    "path", ["/devices/\xff", "/events?device=\xed\xa0\x80", "/artifacts/\xfe"]
)
def test_an_address_that_is_not_utf_8_is_refused(ask, path, monkeypatch):
    # http.client sends ASCII only, unless it is told to
    encode = lambda _, request: request.encode("latin-1")  # noqa: E731
    monkeypatch.setattr(http.client.HTTPConnection, "_encode_request", encode)
    monkeypatch.setattr(http.client.HTTPConnection, "_validate_path", lambda *_: None)
    assert refusal(ask("GET", path)) == (400, "BadRequest")


@pytest.mark.parametrize(
    "query",
    [
        r"SELECT '\\ud800' AS a FROM devices",
        "SELECT TOP 99999999999999999999 COUNT() FROM devices",
        "SELECT TOP 9007199254740993 * FROM devices",
    ],
)
def test_queries_of_what_json_cannot_say_are_refused(ask, query):
    answer = ask("POST", "/devices/query", b'{"query": "%s"}' % query.encode())
    assert refusal(answer) == (400, "ArgumentInvalid")


def test_large_numbers_of_a_query_are_floats(ask):
    query = (
        "SELECT 99999999999999999999 AS a, 0xFFFFFFFFFFFFFFFFFF AS b, 1e300*10 AS c FROM devices"
    )
    status, _, rows = ask("POST", "/devices/query", b'{"query": "%s"}' % query.encode())
    assert (status, rows) == (200, [{"a": 1e20, "b": float(2**72), "c": 1e301}])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/devices/d2", b"[]"),
        ("/devices/d2", b"{}"),
        ("/devices/d2", b'{"deviceId": "d3"}'),
        ("/devices/d2", b'{"deviceId": "d2", "authentication": 1}'),
        ("/devices/d2", b'{"deviceId": "d2", "authentication": {"type": "magic"}}'),
        ("/devices/d2", b'{"deviceId": "d2", "capabilities": {"iotEdge": "yes"}}'),
        ("/devices/d2", b'{"deviceId": "d2", "deviceScope": 1}'),
        ("/devices/d2", b'{"deviceId": "d2", "parentScopes": "x"}'),
        ("/devices/d2", b'{"deviceId": "d2", "parentScopes": ["a", "b", "c", "d", "e", "f"]}'),
        ("/devices/d2", b'{"deviceId": "d2", "deviceScope": "%s"}' % (b"x" * 600)),
        ("/devices/d2", b'{"deviceId": "d2", "statusReason": []}'),
        ("/devices/d1/modules/m1", b'{"deviceId": "d1", "moduleId": "m2"}'),
        ("/devices/d1/modules/m1", b'{"deviceId": "d1", "moduleId": "m1", "managedBy": 1}'),
        ("/configurations/c1", b'{"id": "c2"}'),
        ("/configurations/c1", b'{"id": "c1", "content": []}'),
        ("/configurations/c1", b'{"id":"c1","content":{"deviceContent":{}},"labels":{"a":1}}'),
        ("/configurations/c1", b'{"id":"c1","content":{"deviceContent":{}},"metrics":[]}'),
        ("/configurations/c1", b'{"id":"c1","content":{"deviceContent":{}},"priority":true}'),
        ("/configurations/c1", b'{"id":"c1","content":{"deviceContent":{}},"targetCondition":1}'),
    ],
)
def test_bodies_of_the_wrong_shape_are_refused(ask, path, body):
    status, code = refusal(ask("PUT", path, body))
    assert status == 400, code


def test_what_does_not_exist_is_not_found(ask):
    assert refusal(ask("GET", "/nothing")) == (404, "ResourceNotFound")
    assert refusal(ask("DELETE", "/twins/d1")) == (405, "MethodNotAllowed")


def test_without_a_token_nothing_is_answered(ask):
    assert refusal(ask("GET", "/twins/d1", Authorization="")) == (401, "IotHubUnauthorizedAccess")


@pytest.mark.parametrize("form", ['"{}"', "{}", 'W/"{}"'])
def test_etags_are_taken_as_clients_write_them(ask, form):
    _, headers, twin = ask("GET", "/twins/d1")
    assert headers["ETag"] == f'"{twin["etag"]}"'

    status, _, _ = ask(
        "PATCH", "/twins/d1", b'{"tags": {"a": 1}}', If_Match=form.format(twin["etag"])
    )
    assert status == 200
    stale = ask("PATCH", "/twins/d1", b'{"tags": {"a": 2}}', If_Match=form.format(twin["etag"]))
    assert refusal(stale) == (412, "PreconditionFailed")
    for anything in ("*", '"*"'):
        assert ask("PATCH", "/twins/d1", b'{"tags": {"a": 3}}', If_Match=anything)[0] == 200
    assert ask("PATCH", "/twins/d1", b'{"tags": {"a": 3}}')[0] == 200


@pytest.mark.parametrize(
    "path", ["/devices/?top=1", "/configurations/", "/twins/d1/", "/statistics/devices/"]
)
def test_a_path_may_end_with_a_slash(ask, path):
    status, _, body = ask("GET", path)
    assert status == 200
    assert body == ask("GET", path.replace("/?", "?").rstrip("/"))[2]


def test_any_api_version_is_served(ask):
    assert ask("GET", "/twins/d1?api-version=2024-03-31")[0] == 200
    assert ask("GET", "/devices?top=%D9%A1&api-version=x")[0] == 200


def test_tags_and_desired_properties_are_cleared_by_null(ask):
    ask("PATCH", "/twins/d1", b'{"tags": {"a": 1}, "properties": {"desired": {"a": 1}}}')
    _, _, twin = ask("PATCH", "/twins/d1", b'{"tags": null, "properties": {"desired": null}}')
    assert "tags" not in twin
    assert twin["properties"]["desired"].keys() == {"$metadata", "$version"}


def test_a_device_may_be_called_query(ask):
    assert ask("PUT", "/devices/query", b'{"deviceId": "query"}')[0] == 200
    assert ask("GET", "/devices/query")[2]["deviceId"] == "query"
