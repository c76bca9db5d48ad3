"""The devices of a fleet counted by the values of a label, as text, JSON, YAML and CSV."""

from __future__ import annotations

from dataclasses import dataclass

from edgeops.api.listing import SeenFleet
from edgeops.health.seen import SeenDevice
from edgeops.jsonvalue import JsonObject
from edgeops.report.device_list import csv_text
from edgeops.report.documents import dump_json, dump_yaml
from edgeops.report.status_text import ORDER, STYLE, counts, figures, states_of, summary
from edgeops.report.style import Line, Span, Style, bold, columns, dim, render

_NO_VALUE = "(none)"


@dataclass(frozen=True, slots=True)
class Summary:
    """The devices of a fleet by the values of a label."""

    fleet: SeenFleet
    label: str

    @property
    def groups(self) -> list[tuple[str | None, list[SeenDevice]]]:
        """The devices of each value, sorted; None for those without the label, at the end."""
        by_value: dict[str | None, list[SeenDevice]] = {}
        for device in self.fleet.devices:
            by_value.setdefault(device.labels.get(self.label), []).append(device)
        return sorted(by_value.items(), key=lambda item: (item[0] is None, item[0] or ""))


def text(by: Summary, *, color: bool = False) -> str:
    """A row of counts for each value of the label."""
    every = [device.status for device in by.fleet.devices]
    states = states_of(every)
    heads = "DEVICES", "IN SYNC", "CONNECTED", *(state.value.upper() for state in states)
    rows: list[Line] = [[dim(title) for title in (by.label.upper(), *heads)]]
    styles = (Style.PLAIN, Style.PLAIN, Style.PLAIN, *(STYLE[state] for state in states))
    for value, devices in by.groups:
        numbers = figures([device.status for device in devices], states)
        cells = (
            Span(f"{number:,}", style if number else Style.DIM)
            for number, style in zip(numbers, styles, strict=True)
        )
        rows.append([_NO_VALUE if value is None else value, *cells])
    return render([*columns(rows), [], [bold(summary(every))]], color)


def as_json(by: Summary) -> str:
    """The counts of all devices, and of each value of the label (null for those without it)."""
    return dump_json(_document(by)).rstrip("\n")


def as_yaml(by: Summary) -> str:
    """The document of `as_json` as YAML."""
    return dump_yaml(_document(by))


def as_csv(by: Summary) -> str:
    """A row of headings, then a row of counts for each value of the label."""
    rows = [[by.label, "devices", "inSync", "connected", *(state.value for state in ORDER)]]
    for value, devices in by.groups:
        numbers = figures([device.status for device in devices], ORDER)
        rows.append([value or "", *map(str, numbers)])
    return csv_text(rows)


def _document(by: Summary) -> JsonObject:
    return {
        "label": by.label,
        "summary": counts([device.status for device in by.fleet.devices]),
        "values": [
            {"value": value, **counts([device.status for device in devices])}
            for value, devices in by.groups
        ],
    }
