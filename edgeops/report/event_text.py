"""Events of a hub as lines of text or JSON, secrets masked."""

from __future__ import annotations

import base64
import binascii
import json

from edgeops.fleet.secrets import MASKED, mask, masked
from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.events import KINDS
from edgeops.report.documents import json_line
from edgeops.report.inert import line


def event_line(event: JsonObject) -> str:
    """One event: time, device, kind and its body as JSON."""
    event = _without_secrets(event)
    who = "/".join(filter(None, (event["deviceId"], event.get("moduleId"))))
    kind = KINDS.get(event["source"], event["source"])
    system = event.get("systemProperties", {})
    output = system.get("output-name")
    what = event.get("opType") or (f"output {output}" if output else "")
    own = event.get("properties")
    parts = [
        f"{event['enqueuedTime'][:19]}Z",
        who,
        kind,
        what,
        _compact(own) if own else "",
        _body(event),
    ]
    return line("  ".join(filter(None, parts)))


def event_json(event: JsonObject) -> str:
    """One event as the hub returns it, on one line."""
    return json_line(_without_secrets(event))


def _without_secrets(event: JsonObject) -> JsonObject:
    safe: JsonObject = masked(event)
    if "bodyBase64" in event and _holds_secret(event["bodyBase64"]):
        safe["bodyBase64"] = MASKED
    return safe


def _holds_secret(encoded: str) -> bool:
    """Whether bytes that are not JSON hold a secret."""
    try:
        text = base64.b64decode(encoded).decode(errors="replace")
    except binascii.Error:
        return True  # not the encoding of the hub: assume the worst
    return mask(text) != text


def _body(event: JsonObject) -> str:
    if event["source"] == "deviceLifecycleEvents":
        return ""  # the whole twin: too long to read
    if "bodyBase64" in event:
        return f"base64:{event['bodyBase64']}"
    return _compact(event["body"]) if "body" in event else ""


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
