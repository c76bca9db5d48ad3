"""How fast model_loader downloads, beside plain `requests` to a file that checks nothing.

Both fetch the same bytes over TLS from a server in another process: as fast as
the loopback goes, where hashing competes with the server for the processor,
and at the pace of a gateway's line (1 Gbit/s), where there is time for both.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import trustme

from edgeops.https_get import open_web
from edgeops.modules.model_loader.download import Cancellation, Downloader, PartFile
from edgeops.modules.model_loader.wanted import WantedFile
from edgeops.proxy import Proxies
from tests.bench.measured import ratios
from tests.bench.options import Options
from tests.bench.results import Results, at_least

_MEGABYTE = 1_000_000
_BLOCK = bytes(_MEGABYTE)

# Fetches a URL into a file.
_Fetch = Callable[[str, Path], None]


def bench(options: Options) -> Results:
    """Ratios of the speeds, with SHA-256 alone and with MD5 too."""
    size = options.megabytes
    with tempfile.TemporaryDirectory() as folder:
        authority, ca_file = trustme.CA(), Path(folder, "ca.pem")
        authority.cert_pem.write_to_path(ca_file)
        certificate = Path(folder, "server.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        loaders = {
            "sha256": _model_loader(ca_file, size, md5=False),
            "sha256 and md5": _model_loader(ca_file, size, md5=True),
        }
        for line in (None, options.line):
            with _server(certificate, size, line) as url:
                runs = [
                    [_seconds(fetch, url) for fetch in (_plain(ca_file), *loaders.values())]
                    for _ in range(options.rounds)
                ]
            plain, *ours = zip(*runs, strict=True)
            where = f"{line:g} MB/s" if line else "loopback"
            for what, seconds in zip(loaders, ours, strict=True):
                name = f"{size} MB, {where}, {what}"
                yield at_least(f"{name}: speed, of plain requests", "x", ratios(plain, seconds))
                yield at_least(f"{name}: speed", "MB/s", [size / each for each in seconds])


@contextmanager
def _server(certificate: Path, megabytes: int, line: float | None) -> Iterator[str]:
    """The URL of a model, which a process serves."""
    spawning = multiprocessing.get_context("spawn")
    ports = spawning.Queue()
    arguments = (certificate, ports, megabytes, line)
    server = spawning.Process(target=_serve, args=arguments, daemon=True)
    server.start()
    try:
        yield f"https://127.0.0.1:{ports.get(timeout=60)}/model"
    finally:
        server.terminate()
        server.join()
        ports.close()


def _serve(certificate: Path, ports: Any, megabytes: int, line: float | None) -> None:
    """Answers every request with zeros, at most `line` megabytes a second."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    ports.put(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as client:
            client.recv(65536)
            length = megabytes * _MEGABYTE
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
            started = time.monotonic()
            for sent in range(megabytes):
                client.sendall(_BLOCK)
                if line:
                    time.sleep(max(0.0, started + (sent + 1) / line - time.monotonic()))


def _plain(ca_file: Path) -> _Fetch:
    """What a plain script does."""

    def fetch(url: str, target: Path) -> None:
        response = requests.get(url, stream=True, verify=str(ca_file), timeout=30)
        with response, target.open("wb") as file:
            for chunk in response.iter_content(1024 * 1024):
                file.write(chunk)

    return fetch


def _model_loader(ca_file: Path, megabytes: int, *, md5: bool) -> _Fetch:
    """The download of model_loader: sized, hashed, synced to the disk."""
    sha256, md5sum = hashlib.sha256(), hashlib.md5()
    for _ in range(megabytes):
        sha256.update(_BLOCK)
        md5sum.update(_BLOCK)

    def fetch(url: str, target: Path) -> None:
        wanted = WantedFile(
            "model",
            url,
            size=megabytes * _MEGABYTE,
            sha256=sha256.hexdigest(),
            md5=md5sum.hexdigest() if md5 else "",
        )
        web = open_web(Proxies(), only=ca_file)
        with PartFile(target, md5=md5) as part:
            Downloader(web, max_bytes=1).fetch(wanted, part, None, Cancellation())
        web.close()

    return fetch


def _seconds(fetch: _Fetch, url: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        fetch(url, Path(folder, "model"))
        return time.perf_counter() - started
