"""Events of a hub as lines of text."""

from __future__ import annotations

import json

from edgeops.report.style import printable
from edgeops.twin import JsonObject

_SHORT = {
    "Telemetry": "telemetry",
    "twinChangeEvents": "twin",
    "deviceLifecycleEvents": "lifecycle",
    "deviceConnectionStateEvents": "connection",
}


def event_line(event: JsonObject) -> str:
    """One event: when, who, what, and its body as JSON."""
    who = "/".join(filter(None, (event["deviceId"], event.get("moduleId"))))
    kind = _SHORT.get(event["source"], event["source"])
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
    return printable("  ".join(filter(None, parts)))


def _body(event: JsonObject) -> str:
    if event["source"] == "deviceLifecycleEvents":
        return ""  # the whole twin: too long to read
    if "bodyBase64" in event:
        return f"base64:{event['bodyBase64']}"
    return _compact(event["body"]) if "body" in event else ""


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
