"""A hub that misbehaves on purpose: HTTPS on loopback, answering what a test scripts."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from edgeops.hub.credentials import SharedAccess
from edgeops.hub.rates import no_rates
from edgeops.hub.retry import Retry

KEY = "c2VjcmV0LWtleS1vZi10aGUtaHVi"  # base64 of "secret-key-of-the-hub"

Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Waits:
    """A sleep that does not sleep, but remembers for how long it was asked to."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@dataclass
class BadHub:
    """A running hub: what it was asked, and how to reach it."""

    ca_file: str
    port: int = 0
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def credential(self) -> SharedAccess:
        return SharedAccess(f"localhost:{self.port}", "service", KEY)

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _, _ in self.requests]


@dataclass(frozen=True)
class Certificates:
    ca_file: str
    other_ca_file: str
    server: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder: Path = tmp_path_factory.mktemp("tls")
    ca, other = trustme.CA(), trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    other.cert_pem.write_to_path(str(folder / "other.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    return Certificates(str(folder / "ca.pem"), str(folder / "other.pem"), context)


@pytest.fixture
def bad_hub(certificates: Certificates):
    """`async with bad_hub(step, step, ...) as hub`: one step a request, the last one for ever."""

    @asynccontextmanager
    async def serve(*steps: Step) -> AsyncIterator[BadHub]:
        hub = BadHub(certificates.ca_file)
        transports = set()

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            transports.add(request.transport)
            body = await request.read()
            hub.requests.append((request.method, request.raw_path, dict(request.headers), body))
            step = steps[min(len(hub.requests), len(steps)) - 1]
            return await step(request)

        server = web.Server(handle)
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.server)
        await site.start()
        hub.port = runner.addresses[0][1]
        try:
            yield hub
        finally:
            for transport in transports:
                transport.abort()  # requests does not take part in a TLS goodbye
            await runner.cleanup()
            await asyncio.sleep(0)

    return serve


class Steps:
    """The answers that tests script."""

    @staticmethod
    def json(value, status: int = 200, **headers: str) -> Step:
        async def step(_):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.json_response(value, status=status, headers=named)

        return step

    @staticmethod
    def error(status: int, code: str = "", text: str = "", **headers: str) -> Step:
        return Steps.json({"Message": f"ErrorCode:{code};{text}"}, status, **headers)

    @staticmethod
    def raw(body: bytes, status: int = 200, content_type: str = "text/html") -> Step:
        async def step(_):
            return web.Response(body=body, status=status, content_type=content_type)

        return step

    @staticmethod
    async def cut(request):
        request.transport.abort()
        return web.Response()

    @staticmethod
    async def cut_in_the_body(request):
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"deviceId": ')
        request.transport.abort()
        return response

    @staticmethod
    async def never(request):
        await asyncio.Event().wait()

    @staticmethod
    async def huge(request):
        """Four megabytes without a Content-Length."""
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"[" * 65536)
        return response

    @staticmethod
    async def redirect(request):
        return web.Response(status=302, headers={"Location": "https://elsewhere.invalid/"})


@pytest.fixture
def steps() -> type[Steps]:
    return Steps


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def retry(waits: Waits) -> Retry:
    """Three attempts that wait the longest allowed time, without waiting."""
    return Retry(attempts=3, base=1.0, sleep=waits, uniform=lambda low, high: high)


@pytest.fixture
def rates():
    return no_rates()
