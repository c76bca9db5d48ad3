"""The status of a fleet as one page of HTML, for a browser or as an artifact of a workflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from edgeops.api.listing import SeenFleet
from edgeops.api.live import LiveModels
from edgeops.commit import short_commit
from edgeops.health.device import HealthState
from edgeops.health.seen import SeenDevice
from edgeops.report import html, live_text
from edgeops.report.device_columns import sync_word
from edgeops.report.device_summary import Summary
from edgeops.report.inert import one_line
from edgeops.report.score_tables import ScoreTable
from edgeops.report.status_text import figures, states_of, worst_first
from edgeops.report.words import count, first_names

# Rows of tables: a page stays below 200 KB.
_SITES = 200
_DEVICES = 300
_DRIFTED = 100
_RELEASES = 100
_REASON = 160
_NO_VALUE = "(none)"
_KINDS = {
    HealthState.CONVERGED.value: "good",
    HealthState.DEGRADED.value: "bad",
    "drift": "bad",
}


@dataclass(frozen=True, slots=True)
class StatusPage:
    """A fleet as it was seen at a time; `label` is the label whose values are its sites.

    `live` is how good its models are, as far as devices report it.
    """

    fleet: SeenFleet
    label: str
    when: datetime
    live: LiveModels | None = None


def as_html(page: StatusPage) -> str:
    """A whole page without scripts or external references."""
    return html.page(f"{page.fleet.name}: status", _parts(page))


def _parts(page: StatusPage) -> Iterator[str]:
    fleet, devices = page.fleet, page.fleet.devices
    drifted = [device for device in devices if device.drift]
    bad = [one for one in devices if not (_is_well(one) or one.status.is_left_alone)]
    yield html.element("h1", fleet.name)
    seen = f"{page.when:%Y-%m-%d %H:%M} UTC"
    yield html.element(
        "p", f"hub {fleet.hub} and git at {short_commit(fleet.commit)}, {seen}", "lead"
    )
    verdict = f"{count(len(bad), 'device')} to look at" if bad else "in sync and Converged"
    yield html.element("p", verdict, f"verdict {'bad' if bad else 'good'}")
    yield html.facts(_tiles(devices), "tiles")
    yield html.section(f"By {page.label}", _sites(page))
    yield html.section("To look at", _listed(page, bad, _DEVICES))
    yield html.section("Drift", _listed(page, drifted, _DRIFTED))
    names, more = first_names([device.name for device in fleet.gone or ()], _DEVICES)
    yield html.section("No longer in git", [html.listed(filter(None, [*names, more]))])
    yield html.section("Rings", [html.table(_rings(fleet), kinds=_KINDS)])
    yield html.section("Models", [html.table(_models(devices))])
    if page.live is not None and page.live.is_reported:
        yield html.section("Live quality", _live(page.live))


def _live(live: LiveModels) -> Iterator[str]:
    """A table of the releases, and what its figures are."""
    shown = live_text.table(live)
    rows = shown.rows[:_RELEASES]
    about = "of the last 28 days, on devices with enough scored hours"
    more = _more(shown.rows, _RELEASES)
    yield html.table(replace(shown, rows=rows), caption=f"WAPE and other figures {about}. {more}")


def _is_well(device: SeenDevice) -> bool:
    return device.status.in_sync and device.status.is_converged


def _tiles(devices: Sequence[SeenDevice]) -> Iterator[tuple[str, str]]:
    statuses = [device.status for device in devices]
    states = [*reversed(states_of(statuses))]  # the best first
    names = ("devices", "in sync", "connected", *(state.value for state in states))
    for name, number in zip(names, figures(statuses, states), strict=True):
        yield name, f"{number:,}"


def _sites(page: StatusPage) -> Iterator[str]:
    """A table of the sites, those with most to look at first, as far as they fit."""
    states = states_of(device.status for device in page.fleet.devices)
    groups = sorted(
        Summary(page.fleet, page.label).groups,
        key=lambda group: -sum(not _is_well(device) for device in group[1]),
    )
    rows = []
    for value, devices in groups[:_SITES]:
        numbers = figures([device.status for device in devices], states)
        rows.append((_NO_VALUE if value is None else value, *(f"{n:,}" for n in numbers)))
    headings = (page.label, "devices", "in sync", "connected", *(state.value for state in states))
    align = "l" + "r" * (len(headings) - 1)
    yield html.table(ScoreTable(headings, tuple(rows), align), caption=_more(groups, _SITES))


def _more(rows: Sequence[object], most: int) -> str:
    return f"The first {most} of {len(rows):,}." if len(rows) > most else ""


def _listed(page: StatusPage, devices: Sequence[SeenDevice], most: int) -> Iterator[str]:
    """A table of the devices, the worst first, as far as they fit."""
    by_name = {device.name: device for device in devices}
    ordered = [by_name[status.device] for status in worst_first(d.status for d in devices)]
    rows = tuple(
        (
            device.name,
            device.labels.get(page.label, _NO_VALUE),
            device.status.health.state.value,
            sync_word(device),
            "yes" if device.status.connected else "no",
            short_commit(device.commit) if device.commit else "",
            one_line(device.status.health.reason, _REASON),
        )
        for device in ordered[:most]
    )
    headings = ("device", page.label, "health", "in sync", "connected", "last sync", "reason")
    table = ScoreTable(headings, rows, "l" * len(headings))
    yield html.table(table, kinds=_KINDS, caption=_more(devices, most))


def _rings(fleet: SeenFleet) -> ScoreTable:
    by_name = {device.name: device for device in fleet.devices}
    rows = []
    for slot, rings in fleet.rings.items():
        for ring in rings:
            devices = [by_name[name] for name in ring.devices if name in by_name]
            rows.append(
                (
                    slot,
                    f"{ring.rollout.ring}",
                    ring.group,
                    ring.value if isinstance(ring.value, str) else _NO_VALUE,
                    f"{len(devices):,}",
                    f"{sum(map(_is_well, devices)):,}",
                    f"{_in_state(devices, HealthState.DEGRADED):,}",
                )
            )
    headings = ("slot", "ring", "group", "release", "devices", "well", "Degraded")
    return ScoreTable(headings, tuple(rows), "lrllrrr")


def _in_state(devices: Iterable[SeenDevice], state: HealthState) -> int:
    return sum(device.status.health.state is state for device in devices)


def _models(devices: Iterable[SeenDevice]) -> ScoreTable:
    """How many devices want each release, and how many of these report it."""
    wanted: Counter[tuple[str, str]] = Counter()
    there: Counter[tuple[str, str]] = Counter()
    for device in devices:
        for slot, pair in device.models.items():
            key = (slot, pair.wanted or _NO_VALUE)
            wanted[key] += 1
            there[key] += pair.wanted == pair.reported
    rows = tuple((*key, f"{number:,}", f"{there[key]:,}") for key, number in sorted(wanted.items()))
    return ScoreTable(("slot", "release", "devices", "report it"), rows, "llrr")
