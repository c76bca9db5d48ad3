"""The stored data of one device or module: its identity, its twin and its connection state.

The classes have no slots: orjson, which encodes them for the store, takes five times as long
for those that have.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.moment import NEVER, Moment


@dataclass(frozen=True)
class Authentication:
    """How a device authenticates: `type` is sas, selfSigned, certificateAuthority or none.

    With `none`, keys are those that the IoT Edge runtime of this machine uses.
    """

    type: str
    primary_key: str | None = None
    secondary_key: str | None = None
    primary_thumbprint: str | None = None
    secondary_thumbprint: str | None = None


@dataclass(frozen=True)
class RegistryIdentity:
    """A device identity (`module` is empty) or module identity.

    `revision` counts the writes; `scope` is `deviceScope`, `parents` are
    `parentScopes`. `edge`, `scope` and `parents` are for devices, `managed_by`
    is for modules.
    """

    device: str
    module: str
    generation: str
    authentication: Authentication
    revision: int = 1
    status: str = "enabled"
    status_reason: str | None = None
    status_updated: str = NEVER
    edge: bool = False
    scope: str | None = None
    parents: tuple[str, ...] = ()
    managed_by: str | None = None


@dataclass(frozen=True)
class Section:
    """Desired or reported properties, with their metadata tree and version."""

    values: JsonObject = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True)
class TwinState:
    """A twin; `revision` counts the writes of tags and desired properties."""

    tags: JsonObject
    desired: Section
    reported: Section
    revision: int = 1


@dataclass(frozen=True)
class ConnectionState:
    """Whether the device is connected, since when, and when it was last active.

    `model` is the id of the Plug and Play model that it named last, empty if it never did.
    """

    connected: bool = False
    changed: str = NEVER
    last_activity: str = NEVER
    model: str = ""


@dataclass(frozen=True)
class Configured:
    """What configurations have done to a twin.

    `statuses` is Targeted or Applied, by configuration. `by_deployments` and
    `by_configurations` are the JSON pointers of the desired properties that IoT
    Edge deployments and other configurations wrote.
    """

    statuses: dict[str, str] = field(default_factory=dict)
    by_deployments: tuple[str, ...] = ()
    by_configurations: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegistryEntry:
    """One device or module; `configured` is None when no configuration has targeted it.

    `cloud_messages` counts the cloud-to-device messages that wait for the device.
    """

    identity: RegistryIdentity
    twin: TwinState
    connection: ConnectionState = ConnectionState()
    configured: Configured | None = None
    cloud_messages: int = 0


def with_activity(entry: RegistryEntry, moment: Moment) -> RegistryEntry:
    """The entry of a device or module that has just sent a message."""
    connection = replace(entry.connection, last_activity=moment.timestamp)
    return replace(entry, connection=connection)
