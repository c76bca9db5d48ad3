"""Shared access policies: their permissions and keys.

Source: "Control access to IoT Hub with shared access signatures", Microsoft Learn.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from enum import Flag, auto

from edgeops.errors import EdgeOpsError
from edgeops.files import write_private
from edgeops.localhub.files import StateFiles


class Permission(Flag):
    """The permissions that a shared access policy can grant."""

    REGISTRY_READ = auto()
    REGISTRY_WRITE = auto()
    SERVICE_CONNECT = auto()
    DEVICE_CONNECT = auto()


POLICIES: Mapping[str, Permission] = {
    "iothubowner": ~Permission(0),
    "service": Permission.SERVICE_CONNECT,
    "device": Permission.DEVICE_CONNECT,
    "registryRead": Permission.REGISTRY_READ,
    "registryReadWrite": Permission.REGISTRY_READ | Permission.REGISTRY_WRITE,
}


def new_key() -> str:
    """A new symmetric key: base64 of 32 random bytes."""
    import secrets  # it imports much, and who only looks for a hub needs no new key

    return base64.b64encode(secrets.token_bytes(32)).decode()


def policy_keys(files: StateFiles) -> dict[str, str]:
    """The key of each policy; generated on first use. Raises `EdgeOpsError`."""
    if not files.policies.exists():
        files.make_directory()
        keys = {policy: new_key() for policy in POLICIES}
        with suppress(FileExistsError):
            write_private(files.policies, json.dumps(keys).encode(), first_wins=True)
    try:
        keys = json.loads(files.policies.read_bytes())
        return {policy: keys[policy] for policy in POLICIES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EdgeOpsError(
            f"{files.policies} does not hold the keys of a local hub",
            "delete it; the local hub generates new keys",
        ) from error
