"""Events of a hub as tests see them: which is waited for, and what did arrive instead."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeops.jsonvalue import JsonObject, same
from edgeops.localhub.state.events import KINDS

_MOST_SHOWN = 20
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class HubEvent:
    """One event of the hub: a message of a device, or what happened to it.

    `kind` is telemetry, twin (a change of it), lifecycle (created, deleted) or
    connection; `module` is empty for the device itself. `operation` is Azure's
    name for what happened, such as `deviceConnected`, empty for telemetry. `body`
    is the JSON value or text of a message, or the changed part of a twin;
    `properties` are those that the sender gave. `document` is the whole event,
    as `edgeops hub events -o json` prints it. Bytes that are no text are in its
    `bodyBase64`, and `body` is None.
    """

    kind: str
    device: str
    module: str
    operation: str
    body: Any
    properties: Mapping[str, str]
    document: JsonObject

    @property
    def number(self) -> int:
        """Its place among all events of the hub."""
        number: int = self.document["sequence"]
        return number

    @property
    def line(self) -> str:
        """The event on one line, not too long, with nothing that a terminal would obey."""
        who = f"{self.device}/{self.module}" if self.module else self.device
        what = "" if self.kind == "lifecycle" else _inert(self.body)
        own = _inert(dict(self.properties)) if self.properties else ""
        words = (self.document["enqueuedTime"][11:23], who, self.kind, self.operation, own, what)
        text = "  ".join(filter(None, words))
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def event_of(document: JsonObject) -> HubEvent:
    """The event in a document of the hub."""
    source: str = document["source"]
    return HubEvent(
        kind=KINDS.get(source, source),
        device=document["deviceId"],
        module=document.get("moduleId", ""),
        operation=document.get("opType", ""),
        body=document.get("body"),
        properties=document.get("properties", {}),
        document=document,
    )


def contains(value: Any, wanted: Any) -> bool:
    """Whether an object has these keys with these values, at any depth; what else it has is free.

    Everything but objects must be the same.
    """
    if isinstance(wanted, Mapping):
        return isinstance(value, dict) and all(
            key in value and contains(value[key], part) for key, part in wanted.items()
        )
    return same(value, wanted)


def what_arrived(events: Sequence[HubEvent], given: Container[int] = ()) -> str:
    """The newest events, one a line, for the message of a test that waited for another.

    `given` has the numbers of those that it was given before.
    """
    if not events:
        return "nothing arrived"
    shown = events[-_MOST_SHOWN:]
    earlier = len(events) - len(shown)
    head = f"arrived, after {earlier} more:" if earlier else "arrived:"
    lines = [
        f"{event.line}  (given before)" if event.number in given else event.line for event in shown
    ]
    return "\n  ".join([head, *lines])


def _inert(value: Any) -> str:
    """A JSON value as text; empty for None. Characters that are not printed are escaped."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
