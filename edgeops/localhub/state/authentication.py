"""The `authentication` of device and module identities: reading and writing it."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state import errors
from edgeops.localhub.state.entry import Authentication
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.spelling import spelled_as

_TYPES = ("sas", "selfSigned", "certificateAuthority", "none")
_THUMBPRINT = re.compile(r"(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})\Z")


def authentication_of(body: Any, moment: Moment) -> Authentication:
    """Read the `authentication` of a request; the hub generates missing symmetric keys.

    Raises `HubFault` 400 for an unknown type, a bad key or a bad thumbprint.
    """
    value = _object(body, "authentication")
    keys = _object(value.get("symmetricKey"), "authentication.symmetricKey")
    thumbprints = _object(value.get("x509Thumbprint"), "authentication.x509Thumbprint")
    scheme = value.get("type") or ("selfSigned" if any(thumbprints.values()) else "sas")
    scheme = spelled_as(_TYPES, scheme)
    if scheme == "sas":
        return Authentication(
            "sas",
            primary_key=_key(keys.get("primaryKey"), moment),
            secondary_key=_key(keys.get("secondaryKey"), moment),
        )
    if scheme == "selfSigned":
        return Authentication(
            "selfSigned",
            primary_thumbprint=_thumbprint(thumbprints.get("primaryThumbprint")),
            secondary_thumbprint=_thumbprint(thumbprints.get("secondaryThumbprint")),
        )
    if scheme:
        return Authentication(scheme)
    raise errors.invalid(f"'authentication.type' must be one of {', '.join(_TYPES)}.")


def of_the_runtime(moment: Moment) -> Authentication:
    """The authentication of `$edgeAgent` and `$edgeHub`: none, as services see it.

    On Azure the IoT Edge runtime gives them keys when it starts. Here the keys are
    there from the beginning, for `edgeops device run` alone.
    """
    return Authentication("none", primary_key=moment.new_key(), secondary_key=moment.new_key())


def with_new_keys(
    authentication: Authentication, moment: Moment, *, primary: bool, secondary: bool
) -> Authentication:
    """The authentication with new symmetric keys. Raises `HubFault` 400 if it has none."""
    if authentication.type != "sas":
        raise errors.invalid("The identity does not authenticate with symmetric keys.")
    return replace(
        authentication,
        primary_key=moment.new_key() if primary else authentication.primary_key,
        secondary_key=moment.new_key() if secondary else authentication.secondary_key,
    )


def authentication_document(authentication: Authentication) -> JsonObject:
    """The `authentication` of an identity in the format of the service API."""
    shown = authentication.type == "sas"
    return {
        "symmetricKey": {
            "primaryKey": authentication.primary_key if shown else None,
            "secondaryKey": authentication.secondary_key if shown else None,
        },
        "x509Thumbprint": thumbprint_document(authentication),
        "type": authentication.type,
    }


def thumbprint_document(authentication: Authentication) -> JsonObject:
    """The `x509Thumbprint` of identities and twins."""
    return {
        "primaryThumbprint": authentication.primary_thumbprint,
        "secondaryThumbprint": authentication.secondary_thumbprint,
    }


def _object(value: Any, name: str) -> JsonObject:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.invalid(f"'{name}' must be an object.")
    return value


def _key(value: Any, moment: Moment) -> str:
    if value in (None, ""):
        return moment.new_key()
    try:
        size = len(base64.b64decode(value, validate=True))
    except (TypeError, ValueError, binascii.Error):
        size = 0
    if not 16 <= size <= 64:
        raise errors.invalid("A symmetric key must be base64 of 16 to 64 bytes.")
    return str(value)


def _thumbprint(value: Any) -> str | None:
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not _THUMBPRINT.match(value):
        raise errors.invalid("A thumbprint must be 40 (SHA-1) or 64 (SHA-256) hexadecimal digits.")
    return value.upper()
