"""The certificates that a module trusts: the public ones, and those it is given."""

from __future__ import annotations

from pathlib import Path

from edgeops.errors import EdgeOpsError


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
