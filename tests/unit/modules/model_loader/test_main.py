"""Settings from the environment, and the log."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.modules.model_loader.desired import FlatKeys
from edgeops.modules.model_loader.main import make_module, read_settings
from edgeops.modules.model_loader.trust import TrustedKeys
from edgeops.modules.runtime.environment import (
    ModuleEnvironment,
    Transport,
    all_certificates,
    extra_certificates,
    module_environment,
)
from edgeops.modules.runtime.program import start_log


def test_the_defaults_are_those_of_a_device():
    settings = read_settings({}, "")
    assert settings.module == ModuleEnvironment(Path("/models"))
    assert settings.storage_source == Path("/models")
    assert settings.flat == FlatKeys("modelUrl", "modelMd5", "modelFileName")
    assert (settings.max_bytes, settings.load_test) == (2 * 1024**3, True)
    assert settings.trust == TrustedKeys(Path("/etc/edgeops/trust"), None)


def test_everything_can_be_set():
    environ = {
        "EDGEOPS_STORAGE": "/data",
        "EDGEOPS_STORAGE_SOURCE": "/srv/data",
        "EDGEOPS_FLAT_URL": "url",
        "EDGEOPS_FLAT_CHECKSUM": "md5",
        "EDGEOPS_FLAT_FILE_NAME": "name",
        "EDGEOPS_MAX_BYTES": "5",
        "EDGEOPS_STALL_SECONDS": "6",
        "EDGEOPS_LOAD_TEST": "off",
        "EDGEOPS_CA_FILE": "/ca.pem",
        "EDGEOPS_TRUST": "/keys",
        "EDGEOPS_TRANSPORT": "websockets",
        "HTTPS_PROXY": "proxy.example:3128",
        "NO_PROXY": "store.example",
    }
    settings = read_settings(environ, "")
    assert settings.storage_source == Path("/srv/data")
    assert settings.flat == FlatKeys("url", "md5", "name")
    assert (settings.max_bytes, settings.timeouts.stall, settings.load_test) == (5, 6, False)
    assert settings.module.ca_file == Path("/ca.pem")
    assert settings.trust.named == Path("/keys")
    assert settings.module.transport is Transport.WEBSOCKETS
    assert settings.module.proxies.for_host("hub.example").place == "proxy.example:3128"
    assert settings.module.proxies.for_host("store.example") is None


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"EDGEOPS_MAX_BYTES": "many"}, "EDGEOPS_MAX_BYTES is not a whole number of at least 1"),
        ({"EDGEOPS_STALL_SECONDS": "0"}, "EDGEOPS_STALL_SECONDS is not a whole number"),
        ({"EDGEOPS_LOAD_TEST": "yes"}, "EDGEOPS_LOAD_TEST must be on or off"),
        ({"EDGEOPS_TRANSPORT": "amqp"}, "EDGEOPS_TRANSPORT must be mqtt or websockets"),
        ({"HTTPS_PROXY": "http://p:x"}, "HTTPS_PROXY is not the address of a proxy"),
    ],
)
def test_bad_values_are_named(environ, message):
    with pytest.raises(EdgeOpsError, match=message):
        read_settings(environ, "")


def test_storage_must_be_there(tmp_path):
    settings = read_settings({"EDGEOPS_STORAGE": str(tmp_path / "gone")}, "")
    with pytest.raises(EdgeOpsError, match=r"the storage folder .* does not exist"):
        make_module(settings, world=None)


def test_a_connection_string_is_not_shown():
    environment = module_environment({"EDGEOPS_CONNECTION_STRING": "SharedAccessKey=secret"})
    assert "secret" not in repr(environment)


def test_certificates_are_trusted_beside_the_public_ones(tmp_path, authority):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    certificates = all_certificates(file)
    assert file.read_text() in certificates
    assert certificates.count("BEGIN CERTIFICATE") > 50
    spoiled = file.read_text().replace("M", "N")
    for text in ("no certificate", "", spoiled):
        file.write_text(text)
        with pytest.raises(EdgeOpsError, match="no certificate can be read"):
            all_certificates(file)


def test_what_other_programs_trust_counts_where_nothing_else_is_said():
    bundles = {"REQUESTS_CA_BUNDLE": "/requests.pem", "CURL_CA_BUNDLE": "/curl.pem"}
    assert module_environment(bundles).ca_file == Path("/requests.pem")
    assert module_environment(bundles | {"EDGEOPS_CA_FILE": "/own"}).ca_file == Path("/own")
    assert module_environment({"CURL_CA_BUNDLE": "/curl.pem"}).ca_file == Path("/curl.pem")


def test_certificates_in_a_folder_and_between_other_text(tmp_path, authority):
    pem = authority.cert_pem.bytes()
    (tmp_path / "a.pem").write_bytes("# Büro-CA\n".encode() + pem + b"\xff" + pem)
    (tmp_path / "b.txt").write_bytes(b"nothing")
    (tmp_path / "java").mkdir()
    assert extra_certificates(tmp_path).encode() == 2 * pem


def test_the_log_is_one_line_an_event_and_the_libraries_are_quiet(monkeypatch):
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)
    levels = {
        name: logging.getLogger(name).level for name in ("azure", "urllib3", "paho", "requests")
    }
    log = start_log("some_module")
    log.info("slot %s", "crowds")
    logging.getLogger("urllib3.connectionpool").error("https://h/x?sig=secret")
    assert stderr.getvalue().endswith(" INFO some_module: slot crowds\n")
    assert stderr.getvalue().count("\n") == 1
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
