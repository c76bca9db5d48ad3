"""How fast model_loader downloads, beside plain `requests` to a file that checks nothing.

Both fetch the same bytes over TLS from a server in another process: as fast as
the loopback goes, where hashing competes with the server for the processor,
and at the pace of a gateway's line (1 Gbit/s), where there is time for both.

    python tests/bench/bench_download.py [--megabytes 512] [--line 118]
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import socket
import ssl
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trustme

MEGABYTE = 1_000_000
BLOCK = bytes(MEGABYTE)
ROUNDS = 3


def serve(certificate: str, ports: Any, megabytes: int, line: float | None) -> None:
    """Answers every request with zeros, at most `line` megabytes a second."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    ports.put(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as client:
            client.recv(65536)
            length = megabytes * MEGABYTE
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
            started = time.monotonic()
            for sent in range(megabytes):
                client.sendall(BLOCK)
                if line:
                    time.sleep(max(0.0, started + (sent + 1) / line - time.monotonic()))


def plain(url: str, ca_file: str, target: Path) -> None:
    """What a plain script does."""
    import requests

    response = requests.get(url, stream=True, verify=ca_file, timeout=30)
    with response, target.open("wb") as file:
        for chunk in response.iter_content(1024 * 1024):
            file.write(chunk)


def model_loader(md5: bool, megabytes: int) -> Callable[[str, str, Path], None]:
    """The download of model_loader: sized, hashed, synced to the disk."""
    from edgeops.modules.model_loader.desired import WantedModel
    from edgeops.modules.model_loader.download import Cancellation, Downloader, PartFile
    from edgeops.modules.model_loader.http import open_session

    sha256, md5sum = hashlib.sha256(), hashlib.md5()
    for _ in range(megabytes):
        sha256.update(BLOCK)
        md5sum.update(BLOCK)

    def fetch(url: str, ca_file: str, target: Path) -> None:
        model = WantedModel(
            "s",
            url,
            "f",
            size=megabytes * MEGABYTE,
            sha256=sha256.hexdigest(),
            md5=md5sum.hexdigest() if md5 else "",
        )
        with open_session(Path(ca_file).read_text()) as session, PartFile(target, md5=md5) as part:
            Downloader(session, 1).fetch(model, part, None, Cancellation())

    return fetch


def measure(fetch: Callable[[str, str, Path], None], url: str, ca_file: str, folder: str) -> float:
    """The best of some rounds, in seconds."""
    best = float("inf")
    for number in range(ROUNDS):
        target = Path(folder, f"{fetch.__name__}-{number}")
        started = time.perf_counter()
        fetch(url, ca_file, target)
        best = min(best, time.perf_counter() - started)
        target.unlink()
    return best


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument(
        "--line", type=float, default=118.0, help="megabytes a second; 118 is 1 Gbit/s"
    )
    options = parser.parse_args()
    size = options.megabytes
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        ca_file, certificate = f"{folder}/ca.pem", f"{folder}/server.pem"
        authority.cert_pem.write_to_path(ca_file)
        leaf = authority.issue_cert("127.0.0.1")
        leaf.private_key_and_cert_chain_pem.write_to_path(certificate)
        print(f"{size} MB over TLS on loopback, best of {ROUNDS}\n")
        print(f"{'line':12}{'what':34}{'MB/s':>8}{'of plain':>10}")
        for line in (None, options.line):
            ports: Any = multiprocessing.Queue()
            arguments = (certificate, ports, size, line)
            server = multiprocessing.Process(target=serve, args=arguments, daemon=True)
            server.start()
            url = f"https://127.0.0.1:{ports.get()}/model"
            first = 0.0
            for what, fetch in (
                ("plain requests, nothing checked", plain),
                ("model_loader, sha256", model_loader(False, size)),
                ("model_loader, sha256 and md5", model_loader(True, size)),
            ):
                seconds = measure(fetch, url, ca_file, folder)
                first = first or seconds
                name = f"{line:.0f} MB/s" if line else "loopback"
                print(f"{name:12}{what:34}{size / seconds:8.0f}{first / seconds:9.2f}x")
            server.terminate()
            server.join()


if __name__ == "__main__":
    main()
