"""Downloads from the local hub, as devices make them."""

import hashlib
import http.client
import ssl

import pytest

CONTENT = bytes(range(256)) * 4096  # 1 MB
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'
MODEL = "/artifacts/m/1.0.0/model.onnx"


@pytest.fixture
def ask(local_hub):
    """Sends one request, byte for byte as written: no client tidies its path up."""
    folder = local_hub.artifacts / "m/1.0.0"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(CONTENT)
    trust = ssl.create_default_context(cafile=str(local_hub.ca_file))

    def send(path=MODEL, method="GET", **headers):
        connection = http.client.HTTPSConnection("localhost", local_hub.port, context=trust)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=fields)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, response.headers, body

    return send


def test_a_file_comes_whole_with_its_sha256_as_etag(ask):
    status, headers, body = ask()
    assert (status, body) == (200, CONTENT)
    assert headers["ETag"] == ETAG
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Accept-Ranges"] == "bytes"


def test_head_tells_the_same_without_the_bytes(ask):
    status, headers, body = ask(method="HEAD")
    assert (status, body) == (200, b"")
    assert (headers["ETag"], headers["Content-Length"]) == (ETAG, str(len(CONTENT)))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-", 100, len(CONTENT)),
        ("bytes=100-199", 100, 200),
        ("bytes=100-99999999999", 100, len(CONTENT)),
        ("bytes=-100", len(CONTENT) - 100, len(CONTENT)),
        ("bytes=-99999999999", 0, len(CONTENT)),
    ],
)
def test_a_range_gives_those_bytes(ask, asked, start, end):
    status, headers, body = ask(Range=asked)
    assert (status, body) == (206, CONTENT[start:end])
    assert headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=-0"])
def test_a_range_after_the_end_is_416(ask, asked):
    status, headers, body = ask(Range=asked)
    assert (status, body) == (416, b"")
    assert headers["Content-Range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=9-1", "bytes=0-1,5-6", "lines=0-1", "x"])
def test_other_ranges_are_ignored(ask, asked):
    assert ask(Range=asked)[0] == 200


def test_a_range_of_another_version_gives_the_whole_file(ask):
    assert ask(Range="bytes=5-", If_Range=ETAG)[0] == 206
    status, _, body = ask(Range="bytes=5-", If_Range='"another"')
    assert (status, body) == (200, CONTENT)


def test_conditions_on_the_etag(ask):
    assert ask(If_None_Match=ETAG)[0] == 304
    assert ask(If_None_Match='"another"')[0] == 200
    assert ask(If_Match='"another", ' + ETAG)[0] == 200
    assert ask(If_Match="*")[0] == 200
    assert ask(If_Match='"another"', Range="bytes=5-")[0] == 412


def test_the_etag_follows_the_content(ask, local_hub):
    assert ask(method="HEAD")[1]["ETag"] == ETAG
    file = local_hub.artifacts / "m/1.0.0/model.onnx"
    file.unlink()
    file.write_bytes(b"new")
    etag = f'"{hashlib.sha256(b"new").hexdigest()}"'
    assert (ask()[1]["ETag"], ask()[2]) == (etag, b"new")


@pytest.mark.parametrize(
    "path",
    [
        "/artifacts/",
        "/artifacts/m",
        "/artifacts/m/1.0.0/",
        "/artifacts/none.onnx",
        "/artifacts/../policies.json",
        "/artifacts/..%2Fpolicies.json",
        "/artifacts/m/../../policies.json",
        "/artifacts/m/%2e%2e/%2e%2e/policies.json",
        "/artifacts//etc/passwd",
        "/artifacts/%2Fetc%2Fpasswd",
        "/artifacts/m%00",
        "/artifacts/.hidden",
    ],
)
def test_there_is_no_listing_and_no_way_out(ask, local_hub, path):
    (local_hub.artifacts / ".hidden").write_text("part of an upload")
    status, _, body = ask(path)
    assert status in (400, 404)
    assert b"SharedAccess" not in body


def test_a_symlink_out_of_the_folder_is_not_followed(ask, local_hub):
    (local_hub.artifacts / "keys").symlink_to(local_hub.state_dir / "policies.json")
    (local_hub.artifacts / "state").symlink_to(local_hub.state_dir)
    assert ask("/artifacts/keys")[0] == 404
    assert ask("/artifacts/state/policies.json")[0] == 404


def test_nothing_can_be_uploaded(ask):
    assert ask(method="PUT")[0] == 405
    assert ask(method="DELETE")[0] == 405


def test_tests_can_count_downloads_and_make_them_fail(ask, local_hub):
    local_hub.faults.answer("GET", "^/artifacts/", 503)
    assert [ask()[0], ask()[0], ask(method="HEAD")[0]] == [503, 200, 200]
    assert local_hub.artifact_gets("m/1.0.0/model.onnx") == 2
    assert local_hub.artifact_gets("m/2") == 0


def test_a_client_that_goes_away_does_no_harm(ask, local_hub):
    (local_hub.artifacts / "big").write_bytes(bytes(32 * 1024 * 1024))
    trust = ssl.create_default_context(cafile=str(local_hub.ca_file))
    connection = http.client.HTTPSConnection("localhost", local_hub.port, context=trust)
    connection.request("GET", "/artifacts/big")
    connection.getresponse().read(1000)
    connection.sock.close() if connection.sock else None
    connection.close()
    assert ask()[0] == 200
