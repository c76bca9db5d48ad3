"""The body of a response to a device whose request the hub refuses."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import orjson

from edgeops.localhub.state.errors import HubFault

# The numbers of Azure's names (enum `ErrorCode` of Microsoft's service SDK for C#). Names that
# are not here get the general number of their status, such as 429000.
_NUMBERS = {
    "ArgumentInvalid": 400004,
    "DeserializationError": 400006,
    "DeviceModelMaxPropertiesExceeded": 403100,
}


def error_body(fault: HubFault) -> bytes:
    """The JSON of a fault.

    Microsoft's device SDK for Node takes a response without `errorCode` for success,
    whatever its status (Azure/azure-iot-sdk-node pull request 590).
    """
    return orjson.dumps(
        {
            "errorCode": _NUMBERS.get(fault.code, fault.status * 1000),
            "trackingId": uuid.uuid4().hex,
            "message": fault.message,
            "timestampUtc": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
    )
