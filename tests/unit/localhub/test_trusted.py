"""`edgeops hub trust-ca`: what a hub may trust, and what the user reads."""

from __future__ import annotations

import logging
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from edgeops.cli.main import run
from edgeops.errors import EdgeOpsError
from edgeops.localhub import tls, trusted
from edgeops.localhub.files import StateFiles
from edgeops.localhub.tls_trust import TrustingContext
from tests.support.device_certificates import issued, self_signed, thumbprints

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def files(tmp_path):
    return StateFiles(tmp_path / ".edgeops")


@pytest.fixture
def file(tmp_path):
    """Writes a file; gives its path."""

    def write(content):
        path = tmp_path / "given.pem"
        path.write_bytes(content)
        return path

    return write


def subjects(files):
    return [each.subject for each in trusted.trusted_certificates(files)]


def test_authorities_and_certificates_of_single_devices(files, file, authority):
    own, key = self_signed("d1")
    both = trusted.trust(files, file(authority.cert_pem.bytes() + key + own), NOW)

    assert [each.authority for each in both] == [True, False]
    assert both[1].fingerprint == thumbprints(own)[1]
    assert trusted.trust(files, file(own), NOW) == [both[1]]  # again
    assert trusted.trusted_certificates(files) == both
    assert b"PRIVATE KEY" not in files.trusted.read_bytes()

    assert trusted.distrust(files, both[0].fingerprint) == both[0]
    digits = both[1].fingerprint.lower()
    assert trusted.distrust(files, f"{digits[:4]}:{digits[4:8]}") == both[1]
    assert trusted.trusted_certificates(files) == []


def test_a_ca_below_another_is_one(files, file, authority):
    assert trusted.trust(files, file(authority.create_child_ca().cert_pem.bytes()), NOW)


def test_what_cannot_be_trusted(files, file, authority):
    own, _ = self_signed("d1")
    with pytest.raises(EdgeOpsError, match="is neither that of a CA nor self-signed"):
        trusted.trust(files, file(own + issued(authority, "d1")[0]), NOW)
    with pytest.raises(EdgeOpsError, match=r"'CN=d1' in .*given.pem has expired"):
        trusted.trust(files, file(own), NOW + timedelta(days=9))
    with pytest.raises(EdgeOpsError, match="is not valid yet"):
        trusted.trust(files, file(own), NOW - timedelta(days=9))
    for content in (b"", b"text", own[:99], own.replace(b"M", b"N"), b"\0" * 100):
        with pytest.raises(EdgeOpsError, match="does not hold certificates in PEM form"):
            trusted.trust(files, file(content), NOW)
    with pytest.raises(EdgeOpsError, match="is larger than 1 MB"):
        trusted.trust(files, file(own * 3000), NOW)
    with pytest.raises(EdgeOpsError, match="cannot read certificates"):
        trusted.trust(files, files.directory / "absent", NOW)
    assert not files.trusted.exists()


def test_what_is_trusted_but_damaged_can_be_deleted(files, file):
    files.make_directory()
    files.trusted.write_bytes(b"damaged")
    for use in (
        lambda: trusted.trusted_certificates(files),
        lambda: trusted.trust(files, file(self_signed("d1")[0]), NOW),
        lambda: trusted.distrust(files, "0" * 8),
    ):
        with pytest.raises(EdgeOpsError, match=r"trusted.pem does not hold") as caught:
            use()
        assert caught.value.hint.startswith("delete it")


def test_there_is_an_end(files, file, monkeypatch):
    monkeypatch.setattr(trusted, "MAX_CERTIFICATES", 1)
    trusted.trust(files, file(self_signed("d1")[0]), NOW)
    with pytest.raises(EdgeOpsError, match="at most 1 certificates"):
        trusted.trust(files, file(self_signed("d2")[0]), NOW)
    assert subjects(files) == ["CN=d1"]


def test_a_command_for_it(tmp_path, file, authority, capsys):
    (tmp_path / "fleet").mkdir()
    command = ["--repo", str(tmp_path), "hub", "trust-ca"]

    def said(*arguments):
        code = run([*command, *arguments])
        output = capsys.readouterr()
        return code, output.out + output.err

    own, _ = self_signed("d1\x1b[2J")
    fingerprint = thumbprints(own)[1]
    assert said(str(file(own))) == (
        0,
        f"trusted: {fingerprint}  until {NOW + timedelta(days=1):%Y-%m-%d}"
        "  one device  CN=d1\\u001b[2J\n",
    )
    said(str(file(authority.cert_pem.bytes())))
    code, listed = said("--list")
    assert (code, listed.count("\n")) == (0, 2)
    assert "  CA  " in listed.splitlines()[1]
    assert said("--remove", fingerprint[:8])[1].startswith(f"removed: {fingerprint}")
    for wrong in ([], ["--list", "--remove", "AB"], ["--remove", fingerprint], ["--remove", "AB"]):
        assert said(*wrong)[0] == 64


def test_clients_are_asked_while_anything_is_trusted(files, file, authority, caplog):
    files.make_directory()
    context = TrustingContext(files, tls.server_context(files))
    first = context()
    assert first.verify_mode == ssl.CERT_NONE

    [root] = trusted.trust(files, file(authority.cert_pem.bytes()), NOW)
    asking = context()
    assert (asking.verify_mode, len(asking.get_ca_certs())) == (ssl.CERT_OPTIONAL, 1)
    assert first.verify_mode == ssl.CERT_NONE
    assert context() is asking

    files.trusted.write_bytes(b"damaged")
    assert context() is asking
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "the hub trusts what it did before" in record.getMessage()
    with pytest.raises(EdgeOpsError, match="cannot use the trusted certificates"):
        TrustingContext(files, first)

    files.trusted.unlink()
    assert context().verify_mode == ssl.CERT_NONE
    assert root.authority
