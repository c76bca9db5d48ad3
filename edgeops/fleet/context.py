"""Calendars in git (`kind: Context`): each becomes a file that devices get as they get a model.

The file is canonical: manifests that mean the same have the same bytes, and so the same digest,
which is part of the version. `schemas/modules/context.schema.json` describes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edgeops.fleet.kinds import read_signature
from edgeops.fleet.model import Document, Named, Problem
from edgeops.fleet.shown import shown
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import JsonObject, pointer
from edgeops.release import ModelRelease, ReleaseFile

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

KIND = "Context"
FORMAT = "edgeops-context"
FILE_NAME = "context.json"

# What devices take (edgeops/features/context_document.py); the rest is in the schema.
MAX_BYTES = 1024 * 1024
_YEARS = (1900, 2200)
_MAX_NAMES = 256


class _Wrong(Exception):
    """A value that a device would refuse: why, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read_context(document: Document) -> Named[ModelRelease]:
    """The Context of a document, as the release of its file; `content` is that file."""
    name, spec = document.value["metadata"]["name"], document.value["spec"]
    content = context_file(spec)
    sha256 = hashlib.sha256(content).hexdigest()
    file = ReleaseFile(
        name=FILE_NAME,
        size=len(content),
        sha256=sha256,
        path=f"contexts/{name}/{sha256[:16]}.json",
    )
    events = (f"event:{event}" for event in _names(spec)) if "events" in spec else ()
    release = ModelRelease(
        name=name,
        version=f"1.0.0+{sha256[:12]}",
        format=FORMAT,
        files=(file,),
        signature=read_signature(spec),
        context=(*events, *(f"weather:{series}" for series in sorted(spec.get("series", {})))),
        content=content,
    )
    return Named(name, document, "/metadata/name", release)


def context_file(spec: JsonObject) -> bytes:
    """The file of a valid Context: equal for specs that mean the same."""
    value: JsonObject = {"context": 1}
    if "timeZone" in spec:
        value["timeZone"] = spec["timeZone"]
    if "events" in spec:
        value["events"] = sorted(map(_event, spec["events"]), key=_order)
        bounds = {key: _written(spec[key]) for key in ("from", "until") if key in spec}
        value["calendar"] = {"names": _names(spec), **bounds}
    if spec.get("series"):
        value["series"] = {name: _series(item) for name, item in spec["series"].items()}
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _names(spec: JsonObject) -> list[str]:
    """The names of events that a calendar knows."""
    return sorted(set(spec.get("names", [event["name"] for event in spec["events"]])))


def _event(event: JsonObject) -> JsonObject:
    value = _number(event.get("value", 1))
    times = {key: _written(event[key]) for key in ("start", "end")}
    return {"name": event["name"], **times, **({} if value == 1 else {"value": value})}


def _order(event: JsonObject) -> tuple[str, str, str, float]:
    return event["start"], event["end"], event["name"], event.get("value", 1)


def _series(item: JsonObject) -> JsonObject:
    values = [None if value is None else _number(value) for value in item["values"]]
    minutes = int(item.get("minutes", 60))
    every = {} if minutes == 60 else {"minutes": minutes}
    return {"start": _written(item["start"]), **every, "values": values}


def _number(value: float) -> float:
    """A number with one spelling: 2 for 2.0 too."""
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _written(text: str) -> str:
    """A time with one spelling; one with an offset in UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    precise = moment.second or moment.microsecond
    return moment.isoformat(timespec="auto" if precise else "minutes").replace("+00:00", "Z")


# --- what a JSON Schema cannot say ----------------------------------------------------


def context_problems(document: Document) -> Iterator[Problem]:
    """The problems of a Context that is valid against its schema: what a device would refuse."""
    found = list(_problems(document))
    yield from found
    if not found and (size := len(context_file(document.value["spec"]))) > MAX_BYTES:
        yield document.problem(
            "/spec",
            f"its file has {size:,} bytes; a device takes at most {MAX_BYTES:,}",
            "leave out what is long over, or make two of it",
        )


def _problems(document: Document) -> Iterator[Problem]:
    spec = document.value["spec"]
    zone = None
    if "timeZone" in spec:
        from zoneinfo import ZoneInfo

        try:
            zone = ZoneInfo(spec["timeZone"])
        except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
            message = f"`{shown(spec['timeZone'])}` is not a time zone"
            hint = "use a name such as Pacific/Auckland or UTC"
            yield document.problem("/spec/timeZone", message, hint)
            return  # without it no two times can be compared
    if "events" in spec:
        yield from _calendar_problems(document, spec, zone)
    else:
        for key in ("names", "from", "until"):
            if key in spec:
                message = f"`{key}` says what `events` are complete for, and there are none"
                yield document.problem(f"/spec/{key}", message, "add `events`, which may be []")
    if not spec.get("series") and "events" not in spec:
        hint = "add `events` or `series`"
        yield document.problem("/spec", "the Context says nothing of any hour", hint)
    for name, item in spec.get("series", {}).items():
        at = f"/spec/series{pointer(name)}"
        yield from _name_problems(document, at, name)
        try:
            _moment(item["start"], zone, needs_offset=True)
        except _Wrong as wrong:
            yield document.problem(f"{at}/start", wrong.message, wrong.hint)


def _calendar_problems(
    document: Document, spec: JsonObject, zone: ZoneInfo | None
) -> Iterator[Problem]:
    bounds: dict[str, datetime] = {}
    for key in ("from", "until"):
        if key in spec:
            try:
                bounds[key] = _moment(spec[key], zone)
            except _Wrong as wrong:
                yield document.problem(f"/spec/{key}", wrong.message, wrong.hint)
    first, until = bounds.get("from"), bounds.get("until")
    if first and until and not _ordered(first, until):
        yield document.problem("/spec/until", "`until` is not after `from`", "swap them")
        first = until = None
    names = _names(spec)
    if not names:
        message = "the calendar has neither events nor `names`, so it says nothing"
        hint = "list in `names` which events there are none of"
        yield document.problem("/spec/events", message, hint)
    if len(names) > _MAX_NAMES:
        message = f"its events have {len(names):,} names; a device takes at most {_MAX_NAMES}"
        yield document.problem("/spec/events", message, "make two of it")
    for index, name in enumerate(spec.get("names", ())):
        yield from _name_problems(document, f"/spec/names/{index}", name)
    known = set(names)
    for index, event in enumerate(spec["events"]):
        at = f"/spec/events/{index}"
        if "names" not in spec:
            yield from _name_problems(document, f"{at}/name", event["name"])
        elif event["name"] not in known:
            message = f"`{shown(event['name'])}` is not one of `names`"
            hint = did_you_mean(event["name"], known) or "add it there"
            yield document.problem(f"{at}/name", message, hint)
        yield from _event_problems(document, at, event, zone, first, until)


def _event_problems(
    document: Document,
    at: str,
    event: JsonObject,
    zone: ZoneInfo | None,
    first: datetime | None,
    until: datetime | None,
) -> Iterator[Problem]:
    times: dict[str, datetime] = {}
    for key in ("start", "end"):
        try:
            times[key] = _moment(event[key], zone)
        except _Wrong as wrong:
            yield document.problem(f"{at}/{key}", wrong.message, wrong.hint)
    if len(times) < 2:
        return
    start, end = times["start"], times["end"]
    if (start.tzinfo is None) != (end.tzinfo is None):
        message = "one of `start` and `end` has an offset from UTC, the other has none"
        yield document.problem(f"{at}/end", message, "write both alike")
    elif not _ordered(start, end):
        message = f"the event ends at {event['end']}, which is not after its start"
        yield document.problem(f"{at}/end", message, "`end` is exclusive; correct one of the two")
    elif first and not _ordered(first, end):
        message = "the event is over before the calendar begins (`from`)"
        yield document.problem(at, message, "remove it, or begin the calendar earlier")
    elif until and not _ordered(start, until):
        message = "the event begins after the calendar has ended (`until`)"
        yield document.problem(at, message, "remove it, or end the calendar later")


def _ordered(one: datetime, other: datetime) -> bool:
    """Whether a time is before another; true if that depends on where the device is."""
    return (one.tzinfo is None) != (other.tzinfo is None) or one < other


def _moment(text: str, zone: ZoneInfo | None, *, needs_offset: bool = False) -> datetime:
    """The time of a text, in the zone if it has no offset. Raises `_Wrong`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"`{shown(text)}` is not an ISO 8601 time"
        raise _Wrong(message, "write it as 2026-12-01T18:00, or 2026-12-01") from None
    first, last = _YEARS
    try:
        year = (moment.astimezone(UTC) if moment.tzinfo else moment).year
    except OverflowError:
        year = moment.year
    if not (first <= moment.year <= last and first <= year <= last):
        raise _Wrong(f"`{shown(text)}` is not in the years {first} to {last}, which devices take")
    if needs_offset and moment.tzinfo is None:
        message = f"`{shown(text)}` has no offset from UTC, which the start of a series needs"
        raise _Wrong(message, "add Z, or an offset such as +13:00")
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment


def _name_problems(document: Document, at: str, name: str) -> Iterator[Problem]:
    if not name.isprintable():
        message = f"the name `{shown(name)}` has characters that cannot be printed"
        yield document.problem(at, message, "devices refuse it: rename it")
