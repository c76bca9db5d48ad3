"""Stores with odd but legal habits: a device and `model verify` must say the same of each."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from edgeops.artifacts.verify import Found, check_url
from edgeops.modules.model_loader.faults import Code
from edgeops.modules.model_loader.http import open_session
from edgeops.modules.model_loader.status import SlotState
from edgeops.proxy import proxies_of
from edgeops.release import ReleaseFile
from tests.support.proxies import ConnectProxy, running

FILE = bytes(range(256)) * 2000
GZIPPED = gzip.compress(FILE, mtime=0)
SIGNED = "se=2030-01-01T00%3A00%3A00Z&sig=a+b/c%2Bd%3D="


def plain(request):
    request.answer(200, FILE)


def stored_with_gzip(request):
    request.answer(200, GZIPPED, Content_Encoding="gzip")


def chunked(request):
    request.start(200, Transfer_Encoding="chunked")
    for start in range(0, len(FILE), 5000):
        piece = FILE[start : start + 5000]
        request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    request.wfile.write(b"0\r\n\r\n")


def without_length(request):
    request.start(200)
    request.wfile.write(FILE)


def weak_etag(request):
    request.answer(200, FILE, ETag='W/"abc"')


def captive_portal(request):
    request.answer(200, b"<html>sign in to the network</html>", Content_Type="text/html")


def portal_without_tls(request):
    request.answer(302, Location="http://portal.example/sign-in")


def to_nowhere(request):
    request.answer(302, Location="https://[::1/x")


def with_an_endless_body(request):
    request.start(302, Location="/new", Content_Length="999999999999")
    request.wfile.write(bytes(1000))
    request.server.release.wait(20)


def to_itself(request):
    request.answer(302, Location=request.path)


def to_signed(request):
    request.answer(307, Location=f"/signed?{SIGNED}", Set_Cookie="session=1; Path=/")


def signed(request):
    if "Cookie" in request.headers or request.path != f"/signed?{SIGNED}":
        request.answer(403)
    else:
        request.answer(200, FILE)


def without_credentials(request):
    request.answer(400 if "Authorization" in request.headers else 200, FILE)


def missing(request):
    request.answer(410)


def forbidden(request):
    request.answer(403)


def overloaded(request):
    request.answer(503)


def ends_early(request):
    first = request.first_byte
    span = {"Content_Range": f"bytes {first}-{len(FILE) - 1}/{len(FILE)}"} if first else {}
    request.start(206 if first else 200, Content_Length=str(len(FILE) - first), **span)
    request.wfile.write(FILE[first:1000])


CASES = [
    # the route, the file that the release names, what both say (None: it is the file)
    (plain, FILE, None),
    (stored_with_gzip, GZIPPED, None),
    (stored_with_gzip, FILE, "changed"),
    (chunked, FILE, None),
    (without_length, FILE, None),
    (weak_etag, FILE, None),
    (to_signed, FILE, None),
    (without_credentials, FILE, None),
    (captive_portal, FILE, "changed"),
    (portal_without_tls, FILE, Code.INSECURE_REDIRECT),
    (to_nowhere, FILE, Code.SERVER_ERROR),
    (with_an_endless_body, FILE, None),
    (to_itself, FILE, Code.TOO_MANY_REDIRECTS),
    (missing, FILE, "absent"),
    (forbidden, FILE, Code.FORBIDDEN),
    (overloaded, FILE, Code.SERVER_ERROR),
    (ends_early, FILE, Code.CONNECTION_LOST),
]
WORDS = {
    Found.SAME: None,
    Found.ABSENT: "absent",
    Found.CHANGED: "changed",
    Code.NOT_FOUND: "absent",
    Code.SIZE_MISMATCH: "changed",
    Code.CHECKSUM_MISMATCH: "changed",
}


@pytest.fixture(autouse=True)
def _netrc():
    """Credentials of the user, which are for other programs."""
    for name in (".netrc", "_netrc"):
        file = Path.home() / name
        file.write_text("machine localhost login me password secret\n")
        file.chmod(0o600)


@pytest.fixture(params=["direct", "by a proxy"])
def proxies(request):
    if request.param == "direct":
        yield proxies_of({})
    else:
        with running(ConnectProxy()) as proxy:
            yield proxies_of({"HTTPS_PROXY": proxy.url})
            assert proxy.tunnels


@pytest.mark.parametrize(("route", "content", "outcome"), CASES)
def test_both_say_the_same(
    server, make_device, authority, tmp_path, proxies, route, content, outcome
):
    server.route("/signed", signed)
    server.file("/new", FILE)
    url = server.route("/m", route)

    file = ReleaseFile("m", len(content), hashlib.sha256(content).hexdigest(), "", url=url)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    check = check_url(file, url, ca_file=str(ca_file), proxies=proxies)
    asked_by_verify = [(each.path, kept(each.headers)) for each in server.requests]

    session = open_session(ca_file.read_text(), proxies)
    device = make_device(downloader=lambda it: replace(it, session=session))
    status = device.bring(crowds=server.model(content, "/m"))
    for _ in range(3):
        if status.state is SlotState.DOWNLOADING:
            status = device.later()
    session.close()

    said = WORDS.get(status.error.code, status.error.code) if status.error else None
    assert said == outcome
    if check.found is Found.UNREADABLE:
        assert check.reason == status.error.message or "bytes" in status.error.message
    else:
        assert WORDS[check.found] == outcome
    requests = [(each.path, kept(each.headers)) for each in server.requests]
    assert requests[len(asked_by_verify) : 2 * len(asked_by_verify)] == asked_by_verify
    assert not any("sign" in name.lower() for _, headers in requests for name in headers)


def kept(headers):
    assert not headers.keys() & {"Authorization", "Cookie", "Proxy-Authorization"}
    assert headers["Accept-Encoding"] == "identity"
    return headers
