"""The status of a fleet as a page."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from edgeops.api import SeenFleet
from edgeops.api.live import DeviceScore, LiveModels, LiveRelease
from edgeops.fleet.kinds import Rollout
from edgeops.health.device import DeviceStatus, Health, HealthState
from edgeops.health.quality import LiveModel, LiveScore
from edgeops.health.seen import SeenDevice, Standing, Versions
from edgeops.promotion.rings import Ring
from edgeops.report.status_page import StatusPage, as_html

LIVE = LiveModel("a" * 64, last28=LiveScore(300, 0.12, 0.01, 0.18, 0.8))
WHEN = datetime(2026, 11, 23, 22, 15, tzinfo=UTC)
VOID = {"meta", "br", "img"}


class Tables(HTMLParser):
    """Reads a page: the rows of each table by the heading above it; fails if it is not nested."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.open, self.heading, self.scopes, self.names = {}, [], "", set(), set()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.setdefault(self.heading, []).append([])
        if tag == "th":
            self.scopes.add(dict(attrs).get("scope"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.heading = data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[self.heading][-1].append(data)


def device(name, state=HealthState.CONVERGED, reason="", *, in_sync=True, drift=False, site="cbd"):
    return SeenDevice(
        DeviceStatus(name, in_sync, True, Health(state, reason)),
        labels={"site": site},
        models={"crowdedness": Versions("street@1.0.0", "street@1.0.0" if in_sync else None)},
        commit="9f5c33a642da2e26141636c88b646ab1defb9099",
        drift=drift,
    )


def page(*devices, gone=(), rings=None, live=None):
    fleet = SeenFleet("tiny", "production", "c" * 40, devices, gone, rings or {})
    return as_html(StatusPage(fleet, "site", WHEN, live))


def test_sites_drift_rings_and_models():
    ring = Ring("canary", Rollout(1, timedelta(hours=24), 100), "street@1.0.0", ("a", "b"))
    left = SeenDevice(DeviceStatus("old", False, False, Health(HealthState.UNKNOWN)), Standing.GONE)
    made = page(
        device("a"),
        device("b", HealthState.DEGRADED, "module m is backoff", site="port"),
        device("c", in_sync=False, drift=True),
        gone=(left,),
        rings={"crowdedness": (ring,)},
    )
    tables = Tables(made).rows
    assert tables["By site"] == [
        ["site", "devices", "in sync", "connected", "Degraded", "Converged"],
        ["cbd", "2", "1", "2", "0", "2"],
        ["port", "1", "1", "1", "1", "0"],
    ]
    assert [row[0] for row in tables["To look at"]] == ["device", "b", "c"]
    assert tables["Drift"][1:] == [["c", "cbd", "Converged", "drift", "yes", "9f5c33a"]]
    assert tables["Rings"][1:] == [["crowdedness", "1", "canary", "street@1.0.0", "2", "1", "1"]]
    assert tables["Models"][1:] == [["crowdedness", "street@1.0.0", "3", "2"]]
    assert "<li>old</li>" in made
    assert "2 devices to look at" in made
    assert "2026-11-23 22:15 UTC" in made


def test_how_good_models_are():
    scores = (DeviceScore("a", "crowdedness", "canary", "street@1.0.0", 48, model=LIVE),)
    release = LiveRelease("street@1.0.0", "crowdedness", "canary", scores, 0.1293)
    live = LiveModels("tiny", "production", None, (release,))
    assert Tables(page(device("a"), live=live)).rows["Live quality"][1:] == [
        [
            *("street@1.0.0", "crowdedness", "canary", "1", "1"),
            *("12.00%", "18.00%", "0.67", "1.00%", "80.0%", "12.93%", "a 12.00%"),
        ]
    ]
    assert "Live quality" not in page(device("a"))
    assert "Live quality" not in page(device("a"), live=LiveModels("tiny", "p", None, ()))


def test_a_page_needs_nothing_from_elsewhere_and_its_tables_have_headings():
    made = page(device("a"))
    read = Tables(made)
    assert read.scopes == {"col"}
    assert read.names.isdisjoint({"script", "link", "iframe", "img"})
    assert "http" not in made.replace("http-equiv", "")
    assert "prefers-color-scheme: dark" in made
    assert "@media print" in made
    assert "in sync and Converged" in made


def test_foreign_text_is_inert():
    evil = "<script>alert(1)</script> \x1b[2J password=hunter22"
    made = page(device("a", HealthState.DEGRADED, evil, site="<b>"))
    Tables(made)
    assert "<script>" not in made
    assert "<b>" not in made
    assert "hunter22" not in made
    assert "\x1b" not in made


def test_a_page_of_3000_broken_devices_is_below_200_kb():
    devices = [
        device(
            f"sensor-{i:04}",
            HealthState.DEGRADED,
            "x" * 200,
            in_sync=False,
            drift=True,
            site=str(i),
        )
        for i in range(3000)
    ]
    made = page(*devices)
    assert len(made.encode()) < 200_000
    assert "The first 300 of 3,000." in made
    assert "3,000 devices to look at" in made


def test_a_fleet_without_devices():
    assert "0" in page()
