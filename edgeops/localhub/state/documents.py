"""Identities and twins in the format of the service API.

Source: Microsoft's API description of the IoT Hub service, version 2021-04-12.
"""

from __future__ import annotations

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.authentication import authentication_document, thumbprint_document
from edgeops.localhub.state.entry import RegistryEntry, Section
from edgeops.localhub.state.etags import identity_etag, twin_etag


def device_document(entry: RegistryEntry) -> JsonObject:
    """A device identity."""
    identity = entry.identity
    return {
        **_identity_document(entry),
        "status": identity.status,
        "statusReason": identity.status_reason,
        "statusUpdatedTime": identity.status_updated,
        "capabilities": {"iotEdge": identity.edge},
        **_scopes(entry),
    }


def module_document(entry: RegistryEntry) -> JsonObject:
    """A module identity."""
    identity = entry.identity
    return {
        "moduleId": identity.module,
        "managedBy": identity.managed_by,
        **_identity_document(entry),
    }


def twin_document(entry: RegistryEntry) -> JsonObject:
    """A device or module twin."""
    identity, twin = entry.identity, entry.twin
    document: JsonObject = {"deviceId": identity.device}
    if identity.module:
        document["moduleId"] = identity.module
    document |= {
        "etag": twin_etag(twin),
        "deviceEtag": identity_etag(identity),
        "status": identity.status,
        "statusReason": identity.status_reason,
        "statusUpdateTime": identity.status_updated,
        "connectionState": _connection_state(entry),
        "lastActivityTime": entry.connection.last_activity,
        "cloudToDeviceMessageCount": entry.cloud_messages,
        "authenticationType": identity.authentication.type,
        "x509Thumbprint": thumbprint_document(identity.authentication),
        "modelId": entry.connection.model,
        "version": twin.revision + twin.reported.version,
    }
    if twin.tags:
        document["tags"] = twin.tags
    document["properties"] = {
        "desired": _section_document(twin.desired),
        "reported": _section_document(twin.reported),
    }
    if not identity.module:
        document["capabilities"] = {"iotEdge": identity.edge}
        document |= _scopes(entry)
    if entry.configured and entry.configured.statuses:
        document["configurations"] = {
            name: {"status": status} for name, status in entry.configured.statuses.items()
        }
    return document


def _identity_document(entry: RegistryEntry) -> JsonObject:
    """The fields that device and module identities share."""
    identity, connection = entry.identity, entry.connection
    return {
        "deviceId": identity.device,
        "generationId": identity.generation,
        "etag": identity_etag(identity),
        "connectionState": _connection_state(entry),
        "connectionStateUpdatedTime": connection.changed,
        "lastActivityTime": connection.last_activity,
        "cloudToDeviceMessageCount": entry.cloud_messages,
        "authentication": authentication_document(identity.authentication),
    }


def _section_document(section: Section) -> JsonObject:
    return section.values | {"$metadata": section.metadata, "$version": section.version}


def _scopes(entry: RegistryEntry) -> JsonObject:
    identity = entry.identity
    if not identity.scope:
        return {}
    return {"deviceScope": identity.scope, "parentScopes": list(identity.parents)}


def _connection_state(entry: RegistryEntry) -> str:
    return "Connected" if entry.connection.connected else "Disconnected"
