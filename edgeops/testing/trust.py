"""Lets the clients in this process, and in those that it starts, trust a hub for tests."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeops.testing.hub import RunningHub

_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_NO_PROXY = ("no_proxy", "NO_PROXY")
_FOR_NODE = "NODE_EXTRA_CA_CERTS"


@contextmanager
def trusting(hub: RunningHub) -> Iterator[None]:
    """During the block environment variables name the hub's certificate, beside those of before.

    `SSL_CERT_FILE` is for Python's ssl and OpenSSL (the device SDK), `REQUESTS_CA_BUNDLE` for
    requests (the service SDK), `NODE_EXTRA_CA_CERTS` for Node. No proxy is used for the hub.
    """
    before = {name: os.environ.get(name) for name in (*_BUNDLES, _FOR_NODE, *_NO_PROXY)}
    certificate = hub.ca_file.read_bytes()
    usual = {"SSL_CERT_FILE": _of_openssl(), "REQUESTS_CA_BUNDLE": _of_requests()}
    direct = before["no_proxy"] or before["NO_PROXY"]
    try:
        for name in _BUNDLES:
            bundle = hub.ca_file.with_name(f"{name.lower()}.pem")
            bundle.write_bytes(_content(before[name] or usual[name]) + certificate)
            os.environ[name] = str(bundle)
        os.environ[_FOR_NODE] = str(hub.ca_file)
        for name in _NO_PROXY:
            os.environ[name] = f"{direct},{hub.host}" if direct else hub.host
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _of_openssl() -> str:
    return ssl.get_default_verify_paths().openssl_cafile


def _of_requests() -> str:
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    return DEFAULT_CA_BUNDLE_PATH


def _content(file: str) -> bytes:
    """The certificates in a file, with comments of any encoding; none if it cannot be read."""
    try:
        return Path(file).read_bytes() + b"\n"
    except OSError:
        return b""
