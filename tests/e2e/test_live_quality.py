"""Live quality, from what a module reports with Microsoft's SDK to the next ring, or back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edgeops.digest import digest_of
from tests.support.device_sdk import (  # noqa: F401 - fixtures
    SDK_WARNINGS,
    leaks_end_here,
    the_hub_of_devices,
)

sdk = pytest.importorskip("azure.iot.device")
pytestmark = SDK_WARNINGS

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs: {local: {}}
  defaults:
    modules: {model_loader: {}, forecaster: {desired: {model: crowds}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {image: "loader:1"}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: forecaster}
spec: {image: "edgeops-forecaster:1", health: null}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: canary, priority: 30}
spec:
  selector: {matchLabels: {ring: canary}}
  rollout: {ring: 1, soak: 24h, maxLiveWape: 0.09}
  models: {crowds: m@1.1.0}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: all, priority: 10}
spec:
  selector: {}
  rollout: {ring: 2}
  models: {crowds: m@1.0.0}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: few}
spec:
  template: {spec: {}}
  devices: [{name: c1, labels: {ring: canary}}, {name: c2, labels: {ring: canary}}, {name: rest}]
"""
SMALL = "training/repository/models/small/model.yaml"
NEW, OLD = (digest_of([f"m {version}".encode()]).sha256 for version in ("1.1.0", "1.0.0"))


@pytest.fixture
def fleet(empty_repo, release_in_git, with_hub):
    """Two rings in sync with a hub; the devices of the first have the newer release for days."""
    empty_repo.write("fleet/fleet.yaml", FLEET)
    for version in ("1.0.0", "1.1.0"):
        release_in_git(empty_repo, "m", version)
    empty_repo.commit()
    hub = with_hub(empty_repo)
    assert empty_repo.edgeops("sync").code == 0
    since = (datetime.now(UTC) - timedelta(hours=30)).isoformat(timespec="seconds")
    for device, sha256 in (("c1", NEW), ("c2", NEW), ("rest", OLD)):
        slot = {"state": "ready", "sha256": sha256, "since": since}
        hub.report(device, "model_loader", models={"crowds": slot})
    return empty_repo


@pytest.fixture
def report(local_hub):
    """Lets the forecaster of a device report the quality of a model, with Microsoft's SDK."""

    def tell(device, sha256=NEW, wape=0.07, hours=200, **more):
        score = {"hours": hours, "wape": wape, "bias": 0.01, "naiveWape": 0.1, "coverage": 0.81}
        days = {"until": "2026-11-29", "error": [70 * wape / 0.07] * 20, "value": [1000] * 20}
        model = {"sha256": sha256, "last7": score, "last28": score, "days": days}
        client = sdk.IoTHubModuleClient.create_from_connection_string(
            local_hub.device_connection_string(device, "forecaster"),
            server_verification_cert=local_hub.ca_file.read_text(),
        )
        quality = {"until": "2026-11-29T13:00:00Z", "models": [model], **more}
        client.patch_twin_reported_properties({"quality": quality})
        client.shutdown()

    return tell


def test_a_ring_waits_for_live_quality_and_shows_it(fleet, report):
    nothing = fleet.edgeops("model", "live")
    assert nothing.code == 0, nothing.err
    assert "No device on hub local reports the quality of a model yet." in nothing.out

    report("c1")
    waits = fleet.edgeops("promote")
    assert waits.code == 5
    assert waits.out.splitlines() == [
        "crowds: all waits for m@1.1.0: 2 of 2 devices in canary must be healthy with it for 24 h,"
        " and have scored 48 h with a live WAPE of at most 9.00%",
        "  c2   Converged: has scored 0 h of 48 h",
    ]
    report("c2", wape=0.08)
    report("rest", OLD, wape=0.085)
    shown = fleet.edgeops("model", "live", "m", "-o", "json")
    releases = json.loads(shown.out)["releases"]
    assert [(one["release"], one["ring"], one["scored"]) for one in releases] == [
        ("m@1.1.0", "canary", 2),
        ("m@1.0.0", "all", 1),
    ]
    assert releases[0]["score"]["wape"] == pytest.approx(0.075)
    assert (releases[0]["worst"], releases[0]["published"]) == (
        {"device": "c2", "wape": 0.08},
        0.0745,
    )
    listed = fleet.edgeops("device", "list", "--columns", "device,wape,ratio", "-o", "csv")
    assert listed.out.splitlines() == [
        "device,wape,ratio",
        "c1,crowds 7.00%,crowds 0.70",
        "c2,crowds 8.00%,crowds 0.80",
        "rest,crowds 8.50%,crowds 0.85",
    ]
    page = fleet.edgeops("status", "-o", "html").out
    row = "<td>m@1.1.0</td><td>crowds</td><td>canary</td>"
    assert row in page[page.index("Live quality") :]
    done = fleet.edgeops("model", "promote", "--next")
    assert done.code == 0, done.err
    assert "; live WAPE 7.50%, seasonal naive forecast 10.00%" in done.out.splitlines()[0]


def test_a_release_with_a_wape_waits_for_it_whoever_runs_the_model(fleet):
    fleet.edit("fleet/fleet.yaml", "edgeops-forecaster:1", "own-forecaster:1")
    fleet.commit()
    assert fleet.edgeops("sync").code == 0
    waits = fleet.edgeops("promote")
    assert (waits.code, "c1   Converged: has scored 0 h of 48 h" in waits.out) == (5, True)


def test_a_release_that_is_worse_live_goes_back(fleet, report):
    report("c1", wape=0.12)
    report("c2")
    back = fleet.edgeops("promote", "--revert-degraded", "--dry-run", "-o", "json")
    assert back.code == 0, back.err
    (decision,) = json.loads(back.out)["decisions"]
    assert (decision["step"], decision["backTo"]) == ("degraded", "m@1.0.0")
    assert decision["reasons"][0]["quality"] == {"lacking": "wape", "figure": 0.12, "bound": 0.09}

    before = {"sha256": OLD, "hours": 400, "wape": 0.08, "beforeWape": 0.07, "difference": 0.01}
    for device in ("c1", "c2"):
        report(device, before={**before, "low": 0.002, "high": 0.02})
    worse = fleet.edgeops("promote")
    assert (worse.code, "m@1.1.0 is worse than the release before in canary" in worse.out) == (
        5,
        True,
    )


def test_a_model_that_has_decayed_is_told(fleet, report):
    missing = fleet.edgeops("model", "decayed", "m")
    assert (missing.code, "there is no models/m/model.yaml" in missing.err) == (64, True)
    small = (Path(__file__).parents[1] / SMALL).read_text()
    fleet.write("models/m/model.yaml", small.replace("name: small", "name: m"))
    without = fleet.edgeops("model", "decayed", "m")
    assert (without.code, "add `retraining: {decay: 1.15}`" in without.err) == (1, True)
    assert "no model.yaml has `retraining`" in fleet.edgeops("model", "decayed").out

    fleet.edit("models/m/model.yaml", "  notes:", "  retraining: {decay: 1.2}\n  notes:")
    report("c1", hours=100)
    early = fleet.edgeops("model", "decayed", "--detailed-exitcode")
    assert early.code == 0, early.err
    assert early.out == "m@1.1.0: too early: 100 h and 20 days are scored on 1 device\n"

    report("c1", wape=0.1, hours=480)
    report("c2", wape=0.12, hours=480)
    told = fleet.edgeops("model", "decayed", "-o", "json", "--detailed-exitcode")
    document = json.loads(told.out)
    assert (told.code, document["decayed"]) == (2, ["m"])
    assert document["models"][0]["wape"] == pytest.approx(0.11)
    assert document["models"][0]["worseThanNaive"] is True
