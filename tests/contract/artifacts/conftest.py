"""Places to publish to: a blob container in Azurite, and a GitHub that is not there."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
import trustme

ROOT = Path(__file__).parents[3]
ACCOUNT = "models0account"
KEY = base64.b64encode(b"the key of the account in the emulator").decode()


@dataclass(frozen=True)
class Certificate:
    """A certificate of localhost, and the CA to trust."""

    ca_file: Path
    server_file: Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server = authority.issue_cert("localhost", "127.0.0.1")
    server.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return Certificate(folder / "ca.pem", folder / "server.pem")


@dataclass(frozen=True)
class Azurite:
    """A running emulator of Azure Blob Storage."""

    port: int
    ca_file: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint={self.url};"
        )


@pytest.fixture(scope="session")
def azurite(certificate: Certificate) -> Iterator[Azurite]:
    """Microsoft's own emulator, in memory, telemetry off."""
    pytest.importorskip("azure.storage.blob", reason="azure-storage-blob is not installed")
    installed = ROOT / ".azurite/node_modules/.bin/azurite-blob"
    program = str(installed) if installed.exists() else shutil.which("azurite-blob")
    if program is None or shutil.which("node") is None:
        pytest.skip("no Azurite: it needs node and `npm install --prefix .azurite azurite`")
    port = _free_port()
    command = [
        program,
        *("--blobHost", "127.0.0.1", "--blobPort", str(port)),
        *("--cert", str(certificate.server_file), "--key", str(certificate.server_file)),
        *("--oauth", "basic"),
        *("--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"),
    ]
    environ = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield Azurite(port, certificate.ca_file)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "Azurite ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("Azurite did not start")


# --- a GitHub that is not there -------------------------------------------------

TOKEN = "ghp_" + "t" * 36


@pytest.fixture
def github_token() -> str:
    """May write to the fake GitHub."""
    return TOKEN


class FakeGitHub:
    """The releases of one public repository, as GitHub documents them; on its Enterprise paths."""

    def __init__(self) -> None:
        self.releases: list[dict[str, Any]] = []
        self.content: dict[int, bytes] = {}
        self.tells_digests = True  # it does since June 2025
        self.fail_next_upload = False  # 502, which leaves an asset in the state `starter`
        self.port = 0
        self._ids = itertools.count(1)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/contoso/models/releases/download"

    def answer(self, ask: Request) -> Answer:
        """(status, JSON or bytes, headers) for a request."""
        if not ask.whole:
            return 400, {"message": "Problems reading the body"}, {}
        if ask.path.startswith("/storage/"):
            # Object stores refuse a second kind of credentials.
            return (400, {}, {}) if ask.token else (200, self.content[int(ask.path[9:])], {})
        if ask.path.startswith("/contoso/models/releases/download/"):
            tag, _, name = unquote(ask.path).split("/download/")[1].rpartition("/")
            assets = [a for r in self._visible(None) if r["tag_name"] == tag for a in r["assets"]]
            ids = [a["id"] for a in assets if a["name"] == name and a["state"] == "uploaded"]
            return (200, self.content[ids[0]], {}) if ids else (404, {}, {})
        if ask.token not in (None, TOKEN):
            return 401, {"message": "Bad credentials"}, {}
        if ask.method != "GET" and ask.token is None:
            return 401, {"message": "Requires authentication"}, {}
        for method, pattern, answer in (
            ("GET", r"/releases/tags/([^/]+)", self._by_tag),
            ("GET", r"/releases", self._list),
            ("POST", r"/releases", self._create),
            ("PATCH", r"/releases/([0-9]+)", self._edit),
            ("POST", r"/releases/([0-9]+)/assets", self._upload),
            ("GET", r"/releases/assets/([0-9]+)", self._download),
            ("DELETE", r"/releases/assets/([0-9]+)", self._delete),
        ):
            match = re.fullmatch("/api/v3/repos/contoso/models" + pattern, ask.path)
            if match and method == ask.method:
                return answer(ask, *match.groups())
        return 404, {"message": "Not Found"}, {}

    def _visible(self, token: str | None) -> list[dict[str, Any]]:
        return [release for release in self.releases if token or not release["draft"]]

    def _by_tag(self, ask: Request, tag: str) -> Answer:
        for release in self._visible(None):
            if release["tag_name"] == unquote(tag):
                return 200, release, {}
        return 404, {"message": "Not Found"}, {}

    def _list(self, ask: Request) -> Answer:
        size, page = int(ask.query["per_page"]), int(ask.query.get("page", 1))
        releases = self._visible(ask.token)
        path = f"/api/v3/repos/contoso/models/releases?per_page={size}&page={page + 1}"
        link = {"Link": f'<https://localhost:{self.port}{path}>; rel="next"'}
        return (
            200,
            releases[(page - 1) * size : page * size],
            link if releases[page * size :] else {},
        )

    def _create(self, ask: Request) -> Answer:
        body = json.loads(ask.body)
        number = next(self._ids)
        base = f"https://localhost:{self.port}/api/v3/repos/contoso/models/releases"
        upload_url = f"{base}/{number}/assets{{?name,label}}"
        release = {"draft": False, **body, "id": number, "upload_url": upload_url, "assets": []}
        self.releases.append(release)
        return 201, release, {}

    def _edit(self, ask: Request, number: str) -> Answer:
        release = next(release for release in self.releases if release["id"] == int(number))
        release |= json.loads(ask.body)
        return 200, release, {}

    def _upload(self, ask: Request, number: str) -> Answer:
        release = next(release for release in self.releases if release["id"] == int(number))
        name = re.sub(r"[^A-Za-z0-9._-]", ".", ask.query["name"])
        if any(asset["name"] == name for asset in release["assets"]):
            return 422, {"errors": [{"code": "already_exists", "field": "name"}]}, {}
        asset = {"id": next(self._ids), "name": name, "state": "uploaded", "digest": None}
        base = f"https://localhost:{self.port}/api/v3/repos/contoso/models/releases"
        asset["url"] = f"{base}/assets/{asset['id']}"
        release["assets"].append(asset)
        if self.fail_next_upload:
            self.fail_next_upload = False
            asset["state"] = "starter"
            return 502, {"message": "Bad Gateway"}, {}
        self.content[asset["id"]] = ask.body
        if self.tells_digests:
            asset["digest"] = f"sha256:{hashlib.sha256(ask.body).hexdigest()}"
        return 201, asset, {}

    def _download(self, ask: Request, number: str) -> Answer:
        assert ask.accept == "application/octet-stream"
        return 302, b"", {"Location": f"https://127.0.0.1:{self.port}/storage/{number}"}

    def _delete(self, ask: Request, number: str) -> Answer:
        for release in self.releases:
            release["assets"] = [asset for asset in release["assets"] if asset["id"] != int(number)]
        return 204, b"", {}


@dataclass(frozen=True)
class Request:
    """One request to the fake."""

    method: str
    path: str
    query: dict[str, str]
    token: str | None
    accept: str
    body: bytes
    whole: bool  # False: the connection broke before the end of the body


Answer = tuple[int, Any, dict[str, str]]


@pytest.fixture
def github(certificate: Certificate) -> Iterator[FakeGitHub]:
    """An empty fake GitHub; one at a time, no two tests share one."""
    fake = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            with suppress(ConnectionError, ssl.SSLError):
                super().handle_one_request()

        def answer(self) -> None:
            path, _, query = self.path.partition("?")
            token = (self.headers["Authorization"] or "").removeprefix("Bearer ") or None
            length = int(self.headers["Content-Length"] or 0)
            body = self.rfile.read(length)
            fields = dict(parse_qsl(query))
            accept = self.headers["Accept"]
            ask = Request(self.command, path, fields, token, accept, body, len(body) == length)
            status, value, headers = fake.answer(ask)
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.server_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    fake.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()
