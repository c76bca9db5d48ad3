"""The settings of a module in environment variables, and the certificates that these name."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.proxy import Proxies, proxies_of

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class Transport(StrEnum):
    """How a module outside IoT Edge talks to its hub: on port 8883, or on 443 like a browser."""

    MQTT = "mqtt"
    WEBSOCKETS = "websockets"


CA_SETTINGS = ("EDGEOPS_CA_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # the first that is set


@dataclass(frozen=True, slots=True)
class ModuleEnvironment:
    """The settings that every module has.

    `storage` is the folder that the modules of a device share. Without a
    connection string the IoT Edge runtime is asked for the identity; `ca_file`
    holds certificates to trust beside the public ones. Without a `transport` it
    is MQTT, or websockets where there is a proxy on the way to the hub. `device`
    is the id of the device, empty where nothing says it.
    """

    storage: Path
    connection_string: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    transport: Transport | None = None
    proxies: Proxies = field(default_factory=Proxies)
    device: str = ""


def module_environment(environ: Mapping[str, str]) -> ModuleEnvironment:
    """The settings of every module: EDGEOPS_*, the proxies, and whom other programs trust.

    REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE stand in for EDGEOPS_CA_FILE: on a
    network with a CA of its own they are often set already. Raises `EdgeOpsError`.
    """
    ca_file = next(filter(None, map(environ.get, CA_SETTINGS)), None)
    return ModuleEnvironment(
        storage=Path(environ.get("EDGEOPS_STORAGE") or "/models"),
        connection_string=environ.get("EDGEOPS_CONNECTION_STRING") or None,
        ca_file=Path(ca_file) if ca_file else None,
        transport=_transport(environ.get("EDGEOPS_TRANSPORT")),
        proxies=proxies_of(environ),
        device=_device(environ),
    )


def _device(environ: Mapping[str, str]) -> str:
    """As the connection string says it; else as the IoT Edge runtime does."""
    parts = environ.get("EDGEOPS_CONNECTION_STRING", "").split(";")
    named = (part.partition("=") for part in parts)
    device = next((value for name, _, value in named if name.strip() == "DeviceId"), "")
    return device.strip() or environ.get("IOTEDGE_DEVICEID", "")


def _transport(text: str | None) -> Transport | None:
    try:
        return Transport(text) if text else None
    except ValueError:
        raise EdgeOpsError("EDGEOPS_TRANSPORT must be mqtt or websockets") from None


def integer(environ: Mapping[str, str], name: str, default: int, *, minimum: int = 1) -> int:
    """An integer setting. Raises `EdgeOpsError` when it is not an integer, or below `minimum`."""
    text = environ.get(name)
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = minimum - 1
    if value < minimum:
        raise EdgeOpsError(f"{name} is not a whole number of at least {minimum}")
    return value


def switch(environ: Mapping[str, str], name: str, default: bool) -> bool:
    """An on/off setting. Raises `EdgeOpsError` for anything but `on` and `off`."""
    text = environ.get(name)
    if not text:
        return default
    if text not in ("on", "off"):
        raise EdgeOpsError(f"{name} must be on or off")
    return text == "on"


def extra_certificates(ca_file: Path | None) -> str | None:
    """The certificates in a file, or in the files of a folder, as PEM.

    Raises `EdgeOpsError` when there are none.
    """
    if ca_file is None:
        return None
    try:
        files = sorted(filter(Path.is_file, ca_file.iterdir())) if ca_file.is_dir() else [ca_file]
        # What stands around them, such as names of companies, is in any encoding.
        found = [pem for file in files for pem in _CERTIFICATE.findall(file.read_bytes())]
        text = b"\n".join([*found, b""]).decode("ascii")
        ssl.create_default_context(cadata=text or "nothing")
    except OSError:  # also of `ssl`, for what only looks like a certificate
        raise EdgeOpsError(
            f"no certificate can be read from {ca_file}",
            f"{', '.join(CA_SETTINGS[:2])} or {CA_SETTINGS[2]} names it: give a PEM file, like the"
            " local hub's ca.pem",
        ) from None
    return text


def all_certificates(ca_file: Path | None) -> str | None:
    """The public certificates and those of EDGEOPS_CA_FILE as PEM; None without the latter."""
    extra = extra_certificates(ca_file)
    if extra is None:
        return None
    import certifi

    return certifi.contents() + "\n" + extra
