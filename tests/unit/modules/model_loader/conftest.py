"""A misbehaving HTTPS server on loopback, and a loader on a folder whose clock the test moves."""

from __future__ import annotations

import hashlib
import http.server
import logging
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from edgeops.digest import digest_of_files
from edgeops.https_get import Timeouts
from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.download import Downloader
from edgeops.modules.model_loader.http import open_session
from edgeops.modules.model_loader.load_test import no_load_test
from edgeops.modules.model_loader.loader import Loader, World
from edgeops.modules.model_loader.status import LoaderInfo, SlotStatus, reported
from edgeops.modules.model_loader.storage import Storage
from edgeops.modules.model_loader.wanted import FLAT
from edgeops.modules.runtime.slots import CurrentModel, read_current

OLD = b"the old model" * 100


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; what happens is up to the route."""

    protocol_version = "HTTP/1.1"
    server: ArtifactServer

    def do_GET(self) -> None:
        self.server.requests.append(Request(self.path, dict(self.headers)))
        self.close_connection = True
        route = self.server.routes.get(self.path.partition("?")[0])
        if route is None:
            self.answer(404)
        else:
            route(self)

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole response; header names are written with `_`."""
        self.start(status, **{"Content_Length": str(len(body)), **headers})
        self.wfile.write(body)

    def start(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    @property
    def first_byte(self) -> int:
        """Where the asked range begins; 0 without one."""
        match = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(match[1]) if match else 0


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]


class ArtifactServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context
        self.routes: dict[str, Callable[[Handler], None]] = {}
        self.requests: list[Request] = []
        self.release = threading.Event()  # lets stalled answers end

    def url(self, path: str) -> str:
        return f"https://localhost:{self.server_port}{path}"

    @property
    def host(self) -> str:
        return f"localhost:{self.server_port}"

    def file(self, path: str, content: bytes, etag: str = '"v1"') -> str:
        """Serve a file with ranges, as a store does; gives its URL."""

        def serve(request: Handler) -> None:
            first = request.first_byte
            stale = request.headers.get("If-Range", etag) != etag
            if not first or stale:
                request.answer(200, content, ETag=etag)
            elif first >= len(content):
                request.answer(416, Content_Range=f"bytes */{len(content)}")
            else:
                span = f"bytes {first}-{len(content) - 1}/{len(content)}"
                request.answer(206, content[first:], Content_Range=span, ETag=etag)

        return self.route(path, serve)

    def route(self, path: str, serve: Callable[[Handler], None]) -> str:
        self.routes[path] = serve
        return self.url(path)

    def model(
        self, content: bytes, path: str, file_name: str = "new.onnx", **more: Any
    ) -> dict[str, Any]:
        """What the twin says of a model with this content."""
        return {
            "name": "crowds",
            "version": "1.0.0",
            "url": self.url(path),
            "fileName": file_name,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "md5": hashlib.md5(content).hexdigest(),
            "format": "onnx",
            **more,
        }

    def publish(self, content: bytes, path: str, *args: str, **more: Any) -> dict[str, Any]:
        """Serve a model; gives what the twin says of it."""
        self.file(path, content)
        return self.model(content, path, *args, **more)

    def publish_set(
        self, files: Mapping[str, bytes], path: str, sizes: Mapping[str, int] = {}, **more: Any
    ) -> dict[str, Any]:
        """Serve a model of several files; gives what the twin says of it."""
        listed = []
        for name, content in files.items():
            url = self.file(f"{path}/{name}", content)
            size, sha256 = sizes.get(name, len(content)), hashlib.sha256(content).hexdigest()
            listed.append({"name": name, "url": url, "size": size, "sha256": sha256})
        return {
            "name": "vision",
            "version": "1.0.0",
            "format": "onnx",
            "sha256": digest_of_files((it["name"], it["size"], it["sha256"]) for it in listed),
            "files": listed,
            **more,
        }

    def gets(self, path: str) -> int:
        return sum(request.path.partition("?")[0] == path for request in self.requests)

    def get_request(self) -> Any:
        connection, address = super().get_request()
        wrapped = self.context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        )
        return wrapped, address

    def handle_error(self, *_: Any) -> None:
        """Clients go away in many ways here."""


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def start_server(authority: trustme.CA) -> Iterator[Callable[..., ArtifactServer]]:
    """Starts HTTPS servers with a certificate of the test's authority, or another one."""
    servers = []

    def start(certificate: trustme.LeafCert | None = None) -> ArtifactServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (certificate or authority.issue_cert("localhost")).configure_cert(context)
        server = ArtifactServer(context)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server(start_server: Callable[..., ArtifactServer]) -> ArtifactServer:
    return start_server()


@dataclass
class Device:
    """A loader on a folder. Its clock stands still until the test moves it."""

    storage: Path
    loader: Loader
    time: list[float]
    changes: list[None] = field(default_factory=list)

    def want(self, **slots: Any) -> None:
        self.offer({"models": slots})

    def offer(self, desired: Any) -> None:
        self.loader.offer(parse_desired(desired, FlatKeys()))

    def work(self) -> float | None:
        return self.loader.work()

    def bring(self, **slots: Any) -> SlotStatus:
        """Want these, work, and give the state of the first."""
        self.want(**slots)
        self.work()
        return self.status(next(iter(slots)))

    def later(self) -> SlotStatus:
        """Let the time of the next try come, and try; gives the state of the only slot."""
        wait = self.loader.work()
        assert wait, "nothing waits"
        self.time[0] += wait
        self.loader.work()
        return self.status()

    def status(self, slot: str = "crowds") -> SlotStatus:
        return self.loader.snapshot()[1][slot]

    @property
    def flat(self) -> SlotStatus:
        return self.status(FLAT)

    def reported(self) -> dict[str, Any]:
        return reported(*self.loader.snapshot(), LoaderInfo("1.0"))

    def current(self, slot: str = "crowds") -> CurrentModel | None:
        return read_current(self.storage, slot)

    def files(self, slot: str = "crowds") -> list[str]:
        """What is in the folder of a slot, without the folder of the consumers."""
        return sorted(path.name for path in (self.storage / slot).iterdir() if path.name != "own")

    def runs(self, content: bytes, slot: str = "crowds") -> bool:
        """Whether the slot holds this model, whole."""
        current = self.current(slot)
        return current is not None and current.path.read_bytes() == content


@pytest.fixture
def make_device(authority: trustme.CA, tmp_path: Path) -> Iterator[Callable[..., Device]]:
    """Makes loaders, all on one folder: another one is the module after a restart."""
    sessions = []

    def make(
        storage: Path | None = None, *, stall: float = 5.0, max_bytes: int = 10**7, **parts: Any
    ) -> Device:
        root = storage or tmp_path / "models"
        root.mkdir(exist_ok=True)
        time = [1000.0]
        session = open_session(authority.cert_pem.bytes().decode())
        sessions.append(session)
        world = World(
            clock=lambda: time[0],
            now=lambda: datetime.fromtimestamp(1_800_000_000 + time[0], UTC),
            uniform=lambda low, high: high,
            log=logging.getLogger("test"),
        )
        downloader = Downloader(session, max_bytes, Timeouts(5.0, stall))
        loader = Loader(
            parts.get("storage_class", Storage)(root, Path("/srv/edgeops/models")),
            parts.get("downloader", lambda it: it)(downloader),
            parts.get("load_test", no_load_test),
            world,
            parts.get("keys", tuple),
        )
        return Device(root, loader, time)

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def device(make_device: Callable[..., Device], server: ArtifactServer) -> Device:
    """A device whose slot `crowds` runs the old model."""
    device = make_device()
    device.bring(crowds=server.publish(OLD, "/old", "old.onnx"))
    assert device.runs(OLD)
    return device
