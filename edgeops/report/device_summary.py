"""The devices of a fleet counted by the values of a label, as text, JSON, YAML and CSV."""

from __future__ import annotations

from dataclasses import dataclass

from edgeops.api.listing import SeenFleet
from edgeops.health.seen import SeenDevice
from edgeops.jsonvalue import JsonObject
from edgeops.report.device_list import csv_text
from edgeops.report.documents import dump_json, dump_yaml
from edgeops.report.status_text import ORDER, STYLE, by_state, counts, summary
from edgeops.report.style import Line, Span, bold, columns, dim, render

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
    states = [state for state, number in reversed(by_state(every)) if number]
    titles = (
        by.label.upper(),
        "DEVICES",
        "IN SYNC",
        "CONNECTED",
        *(s.value.upper() for s in states),
    )
    rows: list[Line] = [[dim(title) for title in titles]]
    for value, devices in by.groups:
        statuses = [device.status for device in devices]
        numbers = dict(by_state(statuses))
        rows.append(
            [
                _NO_VALUE if value is None else value,
                f"{len(devices):,}",
                f"{sum(status.in_sync for status in statuses):,}",
                f"{sum(status.connected for status in statuses):,}",
                *(Span(f"{numbers[s]:,}", STYLE[s]) if numbers[s] else dim("0") for s in states),
            ]
        )
    return render([*columns(rows), [], [bold(summary(every))]], color)


def as_json(by: Summary) -> str:
    """The counts of all devices, and of each value of the label (null for those without it)."""
    return dump_json(_document(by)).rstrip("\n")


def as_yaml(by: Summary) -> str:
    """The document of `as_json` as YAML."""
    return dump_yaml(_document(by))


def as_csv(by: Summary) -> str:
    """A row of headings, then a row of counts for each value of the label."""
    states = [state.value for state in ORDER]
    rows = [[by.label, "devices", "inSync", "connected", *states]]
    for value, devices in by.groups:
        numbers = counts([device.status for device in devices])
        plain = [numbers[key] for key in ("devices", "inSync", "connected")]
        by_health = [numbers["health"][state] for state in states]
        rows.append([value or "", *map(str, (*plain, *by_health))])
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
