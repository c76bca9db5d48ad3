"""The names in the certificate of a hub."""

from __future__ import annotations

import pytest

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.localhub import tls
from edgeops.localhub.files import StateFiles


def test_a_certificate_is_made_again_only_for_a_new_name(tmp_path, caplog):
    files = StateFiles(tmp_path)
    tls.server_context(files, "127.0.0.1", "Hub.example")
    first = files.ca.read_bytes()
    tls.server_context(files, "hub.example", "localhost")
    assert files.ca.read_bytes() == first
    assert caplog.messages == []

    tls.server_context(files, "192.168.1.20", "2001:DB8::1")
    second = files.ca.read_bytes()
    assert second != first
    [told] = caplog.messages
    assert told.startswith("the certificate is new, for 192.168.1.20, 2001:db8::1 too")

    tls.server_context(files, "hub.example", "2001:db8:0::1")  # the names of before stay
    assert files.ca.read_bytes() == second


@pytest.mark.parametrize(
    "host", ["", "a b", "x:80", "-a", "hüb", "*", "*.a", "fe80::1%eth0", "x" * 64]
)
def test_what_is_no_host_is_a_usage_error(tmp_path, host):
    with pytest.raises(UsageError, match="neither a host name nor an address"):
        tls.server_context(StateFiles(tmp_path), host)
    assert not list(tmp_path.iterdir())


def test_a_name_that_cannot_be_leaves_the_certificate_as_it_is(tmp_path, caplog):
    files = StateFiles(tmp_path)
    tls.server_context(files)
    before = files.ca.read_bytes()
    with pytest.raises(UsageError, match="neither a host name nor an address"):
        tls.server_context(files, "a..b")
    assert files.ca.read_bytes() == before
    assert caplog.messages == []


def test_a_spoilt_certificate_is_told_before_it_is_replaced(tmp_path):
    files = StateFiles(tmp_path)
    for file in (files.ca, files.server):
        file.write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(EdgeOpsError, match="cannot use the local hub's certificate"):
        tls.server_context(files, "hub.example")
