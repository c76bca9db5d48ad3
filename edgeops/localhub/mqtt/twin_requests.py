"""The responses to what a device asks of its twin by MQTT."""

from __future__ import annotations

import orjson

from edgeops.localhub.mqtt import topics
from edgeops.localhub.mqtt.error_body import error_body
from edgeops.localhub.mqtt.topics import TwinGet, TwinReport
from edgeops.localhub.service import devices, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.links import Name
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json


def response(
    hub: EmulatedHub, name: Name, request: TwinGet | TwinReport, payload: bytes
) -> tuple[str, bytes]:
    """The topic and the payload of a response. Raises `HubFault` 404."""
    if isinstance(request, TwinGet):
        twin = devices.twin_for_device(hub, *name)
        return topics.twin_response(200, request.request), orjson.dumps(twin)
    try:
        version = twins.report(hub, *name, parse_json(payload))
    except HubFault as fault:
        return refusal(request, fault)
    return topics.twin_response(204, request.request, version), b""


def refusal(request: TwinGet | TwinReport, fault: HubFault) -> tuple[str, bytes]:
    """The topic and the payload of a response to a request that the hub refuses."""
    return topics.twin_response(fault.status, request.request), error_body(fault)
