"""Shared access policies: what each may do, and their keys.

Source: "Control access to IoT Hub with shared access signatures", Microsoft Learn.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from enum import Flag, auto

from edgeops.errors import EdgeOpsError
from edgeops.files import write_private
from edgeops.localhub.files import StateFiles


class Right(Flag):
    """The permissions of IoT Hub."""

    REGISTRY_READ = auto()
    REGISTRY_WRITE = auto()
    SERVICE_CONNECT = auto()
    DEVICE_CONNECT = auto()


POLICIES: Mapping[str, Right] = {
    "iothubowner": ~Right(0),
    "service": Right.SERVICE_CONNECT,
    "device": Right.DEVICE_CONNECT,
    "registryRead": Right.REGISTRY_READ,
    "registryReadWrite": Right.REGISTRY_READ | Right.REGISTRY_WRITE,
}


def new_key() -> str:
    """A fresh symmetric key: base64 of 32 random bytes."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def policy_keys(files: StateFiles) -> dict[str, str]:
    """The key of each policy; made when there are none yet. Raises `EdgeOpsError`."""
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
            "delete it; new keys are made",
        ) from error
