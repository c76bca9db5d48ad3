"""Events in short, for a list that shows many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.events import KINDS

MAX_TEXT = 400  # characters of a body
# A hostile text can take a second for each 64 KB to be looked through for secrets.
MAX_MASKED = 8 * 1024


def summary(event: JsonObject, masked: Callable[[Any], Any]) -> JsonObject:
    """One event: `n` (its number), `time`, `device`, `module`, `kind`, `what`, `text` and `cut`.

    `what` is the operation or the output, `text` the beginning of the body, or how long it is if
    that is more than `MAX_MASKED`. `cut`: there is more.
    """
    event = without_binary(event)
    what = event.get("opType") or event.get("systemProperties", {}).get("output-name") or ""
    source: str = event["source"]
    kind = KINDS.get(source, source)
    body = _told(kind, event.get("body", ""))
    length = len(_text(body))
    long = f"{length:,} characters, which Details shows"
    text = long if length > MAX_MASKED else _text(masked(body))
    return {
        "n": event["sequence"],
        "time": event["enqueuedTime"],
        "device": event["deviceId"],
        "module": event.get("moduleId", ""),
        "kind": kind,
        "what": masked(what[:MAX_TEXT]),
        "text": text[:MAX_TEXT],
        "cut": len(text) > MAX_TEXT,
    }


def _text(body: Any) -> str:
    return body if isinstance(body, str) else orjson.dumps(body).decode()


def _told(kind: str, body: Any) -> Any:
    """The part of a body that tells something: of a new twin nothing, of a change what changed."""
    if kind == "lifecycle":
        return ""
    if kind == "twin":
        return (
            {"tags": body["tags"], **body["properties"]} if "tags" in body else body["properties"]
        )
    return body


def without_binary(event: JsonObject) -> JsonObject:
    """An event with the size of a binary body instead of it, since nobody can read that."""
    encoded = event.get("bodyBase64")
    if encoded is None:
        return event
    size = len(encoded) * 3 // 4 - encoded.count("=")
    rest = {name: value for name, value in event.items() if name != "bodyBase64"}
    return rest | {"body": f"{size:,} bytes that are not text"}
