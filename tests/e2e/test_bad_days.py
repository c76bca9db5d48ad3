"""edgeops against a hub on a bad day: throttled, slow, or failing now and then."""

from __future__ import annotations

import time

import pytest

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: big}
spec:
  hubs:
    production:
      hostname: "localhost:%d"
      sku: %s
      connectionStringEnv: HUB
      createDevices: true
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: all}
spec:
  devices: [%s]
  template: {spec: {tags: {floor: 1}}}
"""
READS_PER_SECOND = 100  # of a hub S1


@pytest.fixture
def production(empty_repo, local_hub, monkeypatch):
    """A fleet of so many devices, whose hub `production` is a local hub."""

    def fill(count, sku="S1"):
        names = ", ".join(f"{{name: d{number:04}}}" for number in range(count))
        empty_repo.write("fleet/fleet.yaml", FLEET % (local_hub.port, sku, names))
        empty_repo.commit()
        monkeypatch.setenv("HUB", local_hub.connection_string)
        monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
        return empty_repo

    return fill


def refused(hub):
    return sum(counts.get("refused", 0) for counts in hub.counts().values())


def seconds_of(run):
    started = time.monotonic()
    result = run()
    assert result.code == 0, result.out + result.err
    return time.monotonic() - started


@pytest.mark.slow
def test_a_plan_takes_as_long_as_the_throttles_of_the_hub_demand_and_is_never_refused(
    production, local_hub
):
    repo = production(1000)
    local_hub.set_conditions(sku="S1")
    before_the_hub = seconds_of(lambda: repo.edgeops("validate"))
    seconds = seconds_of(lambda: repo.edgeops("sync", "--hub", "production", "--dry-run"))
    assert local_hub.counts()["twin-read"]["delayed"] > 0
    assert refused(local_hub) == 0
    assert seconds - before_the_hub <= 1.1 * 1000 / READS_PER_SECOND


def test_a_sync_gets_through_when_the_hub_fails_now_and_then(production, local_hub):
    repo = production(60, sku="S3")
    local_hub.set_conditions(
        faults=["twin-write=503@4%", "twin-write=cut@4%", "twin-read=drop@4%", "registry=500@4%"],
        latency=0.01,
    )
    assert repo.edgeops("sync", "--hub", "production").code == 0
    local_hub.set_conditions()
    again = repo.edgeops("sync", "--hub", "production", "--dry-run", "--detailed-exitcode")
    assert again.code == 0, again.out
