"""One device as text, JSON and YAML: git, hub and device side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from edgeops.api.showing import ShownDevice, ValueOrigin
from edgeops.api.workspace import utc
from edgeops.commit import short_commit
from edgeops.jsonvalue import JsonObject, pointer
from edgeops.plan.side_by_side import SeenSection, SeenValue
from edgeops.report.device_columns import COLUMNS
from edgeops.report.device_list import device_object
from edgeops.report.documents import dump_json, dump_yaml
from edgeops.report.inert import one_line
from edgeops.report.status_text import STYLE
from edgeops.report.style import Line, Span, bold, columns, dim, render, yellow
from edgeops.report.words import show, show_path
from edgeops.secret_reference import in_words
from edgeops.twin import EDGE_AGENT, EDGE_HUB

_NONE, _SAME = "-", "="
_PATH = 32  # characters in a table; all of them in JSON
_VALUE, _WIDE_VALUE = 14, 22  # the wide ones where a device reports nothing
_BEGIN = 3  # characters of a path before what is cut
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def text(shown: ShownDevice, *, color: bool = False) -> str:
    """A table for each section; long values are cut."""
    return render(_lines(shown), color)


def as_json(shown: ShownDevice) -> str:
    """The device as in a list, and every value of its twins in `sections`."""
    return dump_json(_document(shown)).rstrip("\n")


def as_yaml(shown: ShownDevice) -> str:
    """The document of `as_json` as YAML."""
    return dump_yaml(_document(shown))


def _lines(shown: ShownDevice) -> Iterator[Line]:
    yield from _head(shown)
    for section in shown.sections:
        yield []
        yield [bold(_title(section)), dim("" if section.on_hub else "   not on the hub yet")]
        reports = any(value.reported is not None for value in section.values)
        titles = ("", "GIT", "HUB", *["REPORTED"] * reports, "CHANGED", "COMMIT")
        paths = shown_paths(section)
        rows = [
            _row(shown, section, value, path, reports=reports)
            for value, path in zip(section.values, paths, strict=True)
        ]
        yield from columns([[dim(title) for title in titles], *rows], gap=2)
        if note := _renewed(section):
            yield [dim(f"  {note}")]
    if shown.sections:
        yield []
        yield [dim(f"{_SAME} as in git; {_NONE} none; times are in UTC, a hub keeps none for tags")]


def _head(shown: ShownDevice) -> Iterator[Line]:
    device, status = shown.device, shown.device.status
    health = status.health
    yield [bold(device.name), f"   {device.standing.value}, hub {shown.hub}"]
    if device.in_git:
        sync = "not in sync with"
        if status.in_sync or device.drift:
            sync = "in sync with" if status.in_sync else "drift from"
        reason = f": {health.reason}" if health.reason else ""
        connected = "connected" if status.connected else "not connected"
        yield [
            sync if status.in_sync else yellow(sync),
            f" {short_commit(shown.commit)}, {connected}, ",
            Span(health.state.value, STYLE[health.state]),
            reason,
        ]
    else:
        yield [dim("its modules are not read: git does not name them")]
    if shown.refusal:
        yield [yellow("refused: "), shown.refusal]
    if device.commit:
        yield [f"last change synced: commit {short_commit(device.commit)}"]
    if device.labels:
        yield [f"labels {COLUMNS['labels'].value(device)}"]
    if device.groups:
        yield [f"groups {COLUMNS['groups'].value(device)}"]


def _title(section: SeenSection) -> str:
    return f"{section.module or 'device'} {section.name}"


def shown_paths(section: SeenSection) -> list[str]:
    """The paths of a section, cut so that each is still another one; else whole."""
    whole = [one_line(show_path(value.path)) for value in section.values]
    short = [_without_middle(path, _PATH, _BEGIN) for path in whole]
    return [s if short.count(s) == 1 else w for s, w in zip(short, whole, strict=True)]


def _row(
    shown: ShownDevice, section: SeenSection, value: SeenValue, path: str, *, reports: bool
) -> Line:
    width = _VALUE if reports else _WIDE_VALUE
    git, hub, reported = (_shown(of, value, width) for of in (value.git, value.hub, value.reported))
    same = hub == git != _NONE and value.mark is None
    origin = shown.origins.get((section.module, section.name, value.path))
    commit = short_commit(origin.blamed.commit) if origin and origin.blamed else _NONE
    return [
        f"  {path}",
        git,
        _SAME if same else yellow(hub) if value.mark else hub,
        *([_SAME if reported == git != _NONE else reported] if reports else []),
        _minute(value.updated or value.reported_at),
        commit,
        yellow(value.mark.value) if value.mark else dim("ignored" if value.ignored else ""),
    ]


def _shown(value: object, of: SeenValue, width: int) -> str:
    if value is None:
        return _NONE
    return _without_middle(show(value, of.path), width, width // 3)


def _without_middle(text: str, length: int, begin: int) -> str:
    """A text of at most this length: what tells values and paths apart is often at their end."""
    if len(text) <= length:
        return text
    return f"{text[:begin]}…{text[begin + 1 - length :]}"


def _minute(time: str | None) -> str:
    """A time of a hub to the minute; a hub can write anything."""
    return time[:16].replace("T", " ") if time and _TIME.match(time) else _NONE


def _renewed(section: SeenSection) -> str:
    times = [value.updated for value in section.values if value.updated]
    if section.module not in (EDGE_AGENT, EDGE_HUB) or len(times) < 2 or len(set(times)) > 1:
        return ""
    return "a deployment writes all values at once, also those that stay as they are"


def _document(shown: ShownDevice) -> JsonObject:
    return {
        "hub": shown.hub,
        "revision": shown.commit,
        **device_object(shown.device),
        "refusal": shown.refusal or None,
        "sections": [
            {
                "module": section.module,
                "section": section.name,
                "onHub": section.on_hub,
                "values": list(_objects(shown, section)),
            }
            for section in shown.sections
        ],
    }


def _objects(shown: ShownDevice, section: SeenSection) -> Iterable[JsonObject]:
    for value in section.values:
        yield {
            "pointer": pointer(*value.path),
            "git": in_words(value.git),
            "hub": in_words(value.hub),
            "reported": in_words(value.reported),
            "updatedAt": value.updated,
            "reportedAt": value.reported_at,
            "differs": value.mark.value if value.mark else None,
            "ignored": value.ignored,
            **_origin(shown.origins.get((section.module, section.name, value.path))),
        }


def _origin(origin: ValueOrigin | None) -> JsonObject:
    blamed = origin.blamed if origin else None
    return {
        "place": asdict(origin.place) if origin else None,
        "commit": blamed.commit if blamed else None,
        "committedAt": utc(blamed.when) if blamed else None,
    }
