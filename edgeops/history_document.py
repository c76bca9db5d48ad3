"""The JSON form of a history, as a twin holds it: at most 30 KB, of which the hub allows 32."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from edgeops.commit import is_commit_id
from edgeops.history import (
    MOST_DEVICES,
    MOST_LEFT,
    MOST_TARGETS,
    MOST_TOUCHED,
    ApplyHistory,
    ApplyRecord,
    ApplyResult,
    ApplyScope,
    CompleteApply,
)
from edgeops.jsonvalue import JsonObject
from edgeops.limits import is_id, size

KEY = "edgeops"  # of the desired properties
MOST_BYTES = 30_000

_MOST_TEXT = 300
_MOST_NUMBER = 10**9
_MOST_COUNTS = 20
_COUNTS = re.compile(r"[a-z]{1,20}\Z")
_ID = re.compile(r"[0-9A-Za-z-]{1,40}\Z")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def plain_text(text: str, most: int = _MOST_TEXT) -> str:
    """Text as a record takes it: on one line, and not longer than `most`."""
    return _UNPRINTABLE.sub(" ", text).strip()[:most]


def encode(history: ApplyHistory) -> JsonObject:
    """The desired properties that hold a history; the oldest records are left out if it is long."""
    value = _encode(history)
    over = size(value) - MOST_BYTES
    return value if over <= 0 else encode(_shorter(history, over))


def _shorter(history: ApplyHistory, over: int) -> ApplyHistory:
    """The history without its oldest records, so many bytes; running applies are forgotten last."""
    dropped = set[str]()
    for record in history.records[:-1]:
        if over > 0 and record.has_ended:
            dropped.add(record.id)
            over -= size({record.id: _record(record)})
    if dropped:
        kept = tuple(record for record in history.records if record.id not in dropped)
        return replace(history, records=kept)
    # What a running apply writes is unknown then, so that no apply is known as complete.
    return replace(history, records=history.records[-1:], complete=None, touched=())


def _encode(history: ApplyHistory) -> JsonObject:
    value: JsonObject = {"records": {each.id: _record(each) for each in history.records}}
    if history.uid is not None:
        value["uid"] = history.uid
    if (complete := history.complete) is not None:
        value["complete"] = {
            "commit": complete.commit,
            "when": complete.when,
            "hub": complete.hub,
            "version": complete.version,
            "pruned": complete.pruned,
            "left": list(complete.left),
            "touched": list(history.touched),
        }
    return {KEY: value}


def _record(record: ApplyRecord) -> JsonObject:
    value: JsonObject = {
        "commit": record.commit,
        "when": record.when,
        "who": record.who,
        "run": record.run,
        "scope": scope_json(record.scope),
        "outcome": record.result.value,
        "counts": dict(record.counts),
    }
    if record.devices is not None:
        value["devices"] = list(record.devices)
    return {key: item for key, item in value.items() if item != "" and item != {}}


def scope_json(scope: ApplyScope) -> JsonObject:
    """The scope of an apply as JSON; only what limits it, or adds to it."""
    value = {
        "targets": list(scope.targets),
        "prune": scope.prune,
        "driftOnly": scope.drift_only,
        "limited": scope.limited,
        "sinceLast": scope.since,
    }
    return {key: item for key, item in value.items() if item}


def decode(desired: Mapping[str, Any]) -> ApplyHistory | None:
    """The history in the desired properties of a twin; None if there is none.

    What is not well-formed is left out: a record, or the complete apply, as a whole.
    """
    value = desired.get(KEY)
    if not isinstance(value, dict):
        return None
    uid, listed = value.get("uid"), value.get("records")
    known = listed.items() if isinstance(listed, dict) else ()
    records = [record for key, item in known if (record := _read(_read_record, key, item))]
    complete, touched = _read(_read_complete, value.get("complete")) or (None, ())
    return ApplyHistory(
        uid=plain_text(uid) if isinstance(uid, str) else None,
        complete=complete,
        touched=touched,
        records=tuple(sorted(records, key=lambda record: record.id)),
    )


class _Malformed(Exception):
    """What was read is not what edgeops writes."""


def _read(reader: Callable[..., Any], *found: Any) -> Any:
    try:
        return reader(*found)
    except _Malformed:
        return None


def _read_record(key: str, value: Any) -> ApplyRecord:
    value = _object(value)
    counts = _object(value.get("counts", {}))
    if not _ID.match(key) or len(counts) > _MOST_COUNTS:
        raise _Malformed
    return ApplyRecord(
        id=key,
        commit=_commit(value.get("commit")),
        when=_time(value.get("when")),
        who=_text(value.get("who", "")),
        run=_text(value.get("run", "")),
        scope=_read_scope(_object(value.get("scope", {}))),
        result=_result(value.get("outcome")),
        counts={name: _number(name, number) for name, number in counts.items()},
        devices=None
        if "devices" not in value
        else tuple(map(_device, _list(value["devices"], MOST_DEVICES))),
    )


def _read_scope(value: JsonObject) -> ApplyScope:
    since = value.get("sinceLast")
    return ApplyScope(
        targets=tuple(map(_text, _list(value.get("targets", []), MOST_TARGETS))),
        prune=value.get("prune") is True,
        drift_only=value.get("driftOnly") is True,
        limited=value.get("limited") is True,
        since=None if since is None else _commit(since),
    )


def _read_complete(value: Any) -> tuple[CompleteApply, tuple[str, ...]]:
    value = _object(value)
    complete = CompleteApply(
        commit=_commit(value.get("commit")),
        when=_time(value.get("when")),
        hub=_text(value.get("hub")),
        version=_text(value.get("version")),
        pruned=value.get("pruned") is True,
        left=tuple(map(_device, _list(value.get("left"), MOST_LEFT))),
    )
    return complete, tuple(map(_commit, _list(value.get("touched"), MOST_TOUCHED)))


def _object(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise _Malformed
    return value


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise _Malformed
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Malformed
    return plain_text(value)


def _commit(value: Any) -> str:
    if not is_commit_id(value):
        raise _Malformed
    return str(value)


def _device(value: Any) -> str:
    if not isinstance(value, str) or not is_id(value):
        raise _Malformed
    return value


def _time(value: Any) -> str:
    text = _text(value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Malformed from None
    if moment.tzinfo is None or not text.endswith("Z"):
        raise _Malformed
    return text


def _number(name: str, value: Any) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not 0 <= value <= _MOST_NUMBER or not _COUNTS.match(name):
        raise _Malformed
    return int(value)


def _result(value: Any) -> ApplyResult:
    if not isinstance(value, str) or value not in tuple(ApplyResult):
        raise _Malformed
    return ApplyResult(value)
