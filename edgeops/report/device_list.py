"""A list of devices as a table, JSON, YAML and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgeops.api.listing import SeenFleet
from edgeops.fleet.secrets import mask
from edgeops.health.quality import SlotQuality
from edgeops.health.seen import SeenDevice, Versions
from edgeops.jsonvalue import JsonObject
from edgeops.report.device_columns import COLUMNS, DEFAULT, WITHOUT_GIT, column, ordered
from edgeops.report.documents import dump_json, dump_yaml
from edgeops.report.inert import one_line
from edgeops.report.quality_words import score_object
from edgeops.report.status_text import (
    counts,
    gone_lines,
    status_object,
    summary,
)
from edgeops.report.style import Line, bold, dim, fitted, render
from edgeops.report.words import count

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets run; after OWASP, "CSV Injection"


@dataclass(frozen=True, slots=True)
class DeviceList:
    """A fleet with the columns to show and the order of its devices, both by names of columns.

    `not_in_git`: only devices that git does not have were asked for.
    Raises `UsageError` for a column that there is not.
    """

    fleet: SeenFleet
    shown: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    not_in_git: bool = False

    @property
    def devices(self) -> list[SeenDevice]:
        """The devices in their order."""
        return ordered(self.fleet.devices, self.sort)


def text(listed: DeviceList, *, color: bool = False) -> str:
    """A table of all devices and the counts below; no newline at its end."""
    return render(_lines(listed), color)


def as_json(listed: DeviceList) -> str:
    """An object with a `summary` and one object per device in `devices`."""
    return dump_json(_document(listed)).rstrip("\n")


def as_yaml(listed: DeviceList) -> str:
    """The document of `as_json` as YAML."""
    return dump_yaml(_document(listed))


def as_csv(listed: DeviceList) -> str:
    """A row of headings, then a row for each device; all columns unless some were chosen."""
    chosen = [column(name) for name in listed.shown or COLUMNS]
    return csv_text(
        [
            [one.name for one in chosen],
            *([one.value(device) for one in chosen] for device in listed.devices),
        ]
    )


def _lines(listed: DeviceList) -> Iterator[Line]:
    devices = listed.devices
    without_git = listed.not_in_git or (bool(devices) and not any(d.in_git for d in devices))
    chosen = [column(name) for name in listed.shown or (WITHOUT_GIT if without_git else DEFAULT)]
    if devices:
        titles = [dim(one.title) for one in chosen]
        yield from fitted([titles, *([one.cell(device) for one in chosen] for device in devices)])
        yield []
    if without_git:
        yield [bold(f"{count(len(devices), 'device')} on hub {listed.fleet.hub} not in git")]
    else:
        yield [bold(summary([device.status for device in devices]))]
    if listed.fleet.gone:
        yield from gone_lines([device.name for device in listed.fleet.gone])


def _document(listed: DeviceList) -> JsonObject:
    fleet, devices = listed.fleet, listed.devices
    return {
        "fleet": fleet.name,
        "hub": fleet.hub,
        "revision": fleet.commit,
        "summary": counts([device.status for device in devices if device.in_git]),
        "noLongerInGit": None if fleet.gone is None else [device.name for device in fleet.gone],
        "devices": [device_object(device) for device in devices],
    }


def device_object(device: SeenDevice) -> JsonObject:
    """One device as JSON; what does not apply to a device that git does not have is null."""
    status = status_object(device.status)
    if not device.in_git:
        status |= {"inSync": None, "health": None}
    return {
        **status,
        "git": device.standing.value,
        "drift": device.drift,
        "commit": device.commit,
        "labels": dict(device.labels),
        "groups": list(device.groups),
        "models": {slot: _pair(pair) for slot, pair in device.models.items()},
        "images": {module: _pair(pair) for module, pair in device.images.items()},
        "quality": {slot: _quality(said) for slot, said in device.quality.items()},
    }


def _quality(said: SlotQuality) -> JsonObject:
    """What is reported of the release that git wants in a slot."""
    score = said.wanted.last28 if said.wanted else None
    return {
        "score": score_object(score),
        "versusNaive": score and score.versus_naive,
        "until": said.report.until or None,
        "reason": mask(said.report.reason) or None,
    }


def _pair(pair: Versions) -> JsonObject:
    return {
        "wanted": pair.wanted and mask(pair.wanted),
        "reported": pair.reported and mask(pair.reported),
    }


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV, without secrets, hidden characters and formulas for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_cell(text) for text in row] for row in rows)
    return out.getvalue()


def _cell(text: str) -> str:
    shown = one_line(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
