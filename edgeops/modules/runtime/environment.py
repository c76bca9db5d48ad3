"""The settings of a module in environment variables, and the certificates that these name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeops.errors import EdgeOpsError


@dataclass(frozen=True, slots=True)
class ModuleEnvironment:
    """The settings that every module has.

    `storage` is the folder that the modules of a device share. Without a
    connection string the IoT Edge runtime is asked for the identity; `ca_file`
    holds certificates to trust beside the public ones.
    """

    storage: Path
    connection_string: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


def module_environment(environ: Mapping[str, str]) -> ModuleEnvironment:
    """The common settings: EDGEOPS_STORAGE, EDGEOPS_CONNECTION_STRING, EDGEOPS_CA_FILE."""
    ca_file = environ.get("EDGEOPS_CA_FILE")
    return ModuleEnvironment(
        storage=Path(environ.get("EDGEOPS_STORAGE") or "/models"),
        connection_string=environ.get("EDGEOPS_CONNECTION_STRING") or None,
        ca_file=Path(ca_file) if ca_file else None,
    )


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
    """The certificates in EDGEOPS_CA_FILE as PEM. Raises `EdgeOpsError` when there are none."""
    if ca_file is None:
        return None
    try:
        text = ca_file.read_text("ascii")
    except (OSError, ValueError):
        text = ""
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise EdgeOpsError(
            f"EDGEOPS_CA_FILE: no certificate can be read from {ca_file}",
            "give a PEM file, like the local hub's ca.pem",
        )
    return text


def all_certificates(ca_file: Path | None) -> str | None:
    """The public certificates and those of EDGEOPS_CA_FILE as PEM; None without the latter."""
    extra = extra_certificates(ca_file)
    if extra is None:
        return None
    import certifi

    return certifi.contents() + "\n" + extra
