"""Which document of Azure describes an operation of the local hub."""

from __future__ import annotations

import re

_LEARN = "https://learn.microsoft.com"
_SERVICE, _DEVICE = f"{_LEARN}/rest/api/iothub/service", f"{_LEARN}/rest/api/iothub/device"

# A pattern of whole paths, and the name and address of the document. The first one counts.
_DOCUMENTS = (
    ("/devices/.*/messages/events", "Send device event", f"{_DEVICE}/send-device-event"),
    (
        "/devices/{device}/messages/devicebound.*",
        "Receive device bound notification",
        f"{_DEVICE}/receive-device-bound-notification",
    ),
    ("/devices/{device}/files.*", "File upload", f"{_DEVICE}/create-file-upload-sas-uri"),
    (
        "/devices/{device}/commands|/messages/servicebound/.*",
        "Cloud to device messages",
        f"{_SERVICE}/cloud-to-device-messages",
    ),
    ("/devices/keys/.*", "Renew keys", f"{_LEARN}/cli/azure/iot/hub/device-identity"),
    ("/devices/query", "Query", f"{_SERVICE}/query"),
    (
        ".*/applyconfigurationcontent|/configurations.*",
        "Configuration",
        f"{_SERVICE}/configuration",
    ),
    ("/(devices|twins)/{device}/modules.*", "Modules", f"{_SERVICE}/modules"),
    ("/devices", "Devices", f"{_SERVICE}/devices"),
    ("/(devices|twins)/{device}.*", "Devices", f"{_SERVICE}/devices"),
    ("/statistics/.*", "Statistics", f"{_SERVICE}/statistics"),
    ("/jobs.*", "Jobs", f"{_SERVICE}/jobs"),
)
_OWN = "/messages/devicebound|/events|/conditions|/reset|/seed|/clone|/|/page/.*"


def document(path: str) -> str:
    """The document in Markdown, or that there is none. Raises `KeyError` for an unknown path."""
    for pattern, name, address in _DOCUMENTS:
        if re.fullmatch(pattern, path.lower()):
            return f"[{name}]({address})"
    if re.fullmatch(_OWN, path.lower()):
        return "none: only here"
    raise KeyError(path)
