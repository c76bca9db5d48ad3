"""Proxies on loopback: they tunnel, refuse, ask for a password, or look into TLS."""

from __future__ import annotations

import base64
import contextlib
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import trustme


@dataclass
class ConnectProxy:
    """What a proxy does with CONNECT; `tunnels` are the places that it was asked for.

    `to` is the port that every tunnel ends at, whatever was asked for.
    `answer` is the status for every request. `login` is the `user:password` that
    it asks for. `own_tls` makes it an https:// proxy. `inspects` is the
    authority in whose name it ends the TLS of its clients; `store` the one of
    the servers.
    """

    to: int | None = None
    answer: int = 200
    login: str | None = None
    own_tls: trustme.CA | None = None
    inspects: trustme.CA | None = None
    store: trustme.CA | None = None
    tunnels: list[str] = field(default_factory=list)
    port: int = 0
    _clients: list[socket.socket] = field(default_factory=list)

    def drop(self) -> None:
        """End all tunnels."""
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._clients.clear()

    @property
    def scheme(self) -> str:
        return "https" if self.own_tls else "http"

    @property
    def place(self) -> str:
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.place}"

    def serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), ExitStack() as stack:
            stack.enter_context(client)
            if self.own_tls:
                client = stack.enter_context(_end_of_tls(client, self.own_tls, "localhost"))
            self._tunnel(client, stack)

    def _tunnel(self, client: socket.socket, stack: ExitStack) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            received = client.recv(65536)
            if not received:
                return
            head += received
            if not head.startswith(b"CONNECT"[: len(head)]):
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
        lines = head.decode().split("\r\n")
        place = lines[0].split(" ")[1]
        status = self.answer
        if self.login and f"basic {_base64(self.login)}".lower() not in head.decode().lower():
            status = 407
        if status != 200:
            client.sendall(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
            return
        self.tunnels.append(place)
        self._clients.append(client)
        host, _, port = place.rpartition(":")
        server = stack.enter_context(socket.create_connection((host, self.to or int(port))))
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        if self.inspects and self.store:
            trusted = ssl.create_default_context()
            self.store.configure_trust(trusted)
            server = stack.enter_context(trusted.wrap_socket(server, server_hostname=host))
            client = stack.enter_context(_end_of_tls(client, self.inspects, host))
        _copy_both_ways(client, server)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _end_of_tls(client: socket.socket, authority: trustme.CA, host: str) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context.wrap_socket(client, server_side=True)


def _copy_both_ways(one: socket.socket, other: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                while (data := _now(key.fileobj)) is not None:
                    if not data:
                        return
                    key.data.sendall(data)


def _now(source: socket.socket) -> bytes | None:
    """What there is to read; None for nothing yet."""
    source.settimeout(0)
    try:
        return source.recv(65536)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    finally:
        source.settimeout(None)


@contextmanager
def running(proxy: ConnectProxy) -> Iterator[ConnectProxy]:
    """The proxy, listening; every connection has a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy.port = listener.getsockname()[1]

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=proxy.serve, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        listener.close()
        thread.join()
