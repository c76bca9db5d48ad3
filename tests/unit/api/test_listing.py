"""Devices are listed with a filter, once or again and again."""

import asyncio

import pytest

from edgeops.api import DeviceFilter, list_devices, sync, watch_devices
from edgeops.api.listing import at_once
from edgeops.api.session import on_hub
from edgeops.errors import Interrupted, UsageError
from edgeops.health.device import HealthState
from edgeops.health.seen import Standing
from edgeops.hub.port import HubError

THIRD = """\
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: c, labels: {ring: canary}}
spec: {}
"""


def names(fleet):
    return [device.name for device in fleet.devices]


@pytest.fixture
def synced(with_hub):
    sync(with_hub)
    return with_hub


def change(workspace, work):
    """What somebody else does on the hub."""
    return on_hub(workspace, workspace.at().fleet, work)


def test_devices_match_all_parts_of_a_filter(synced):
    assert names(list_devices(synced)) == ["a", "b"]
    assert names(list_devices(synced, DeviceFilter(("ring=canary",)))) == ["b"]
    assert names(list_devices(synced, DeviceFilter(("a", "ring=canary"), group="all"))) == [
        "a",
        "b",
    ]
    unknown = DeviceFilter(health=frozenset({HealthState.UNKNOWN}))
    assert names(list_devices(synced, unknown)) == ["a", "b"]
    assert names(list_devices(synced, DeviceFilter(health=frozenset({HealthState.OFFLINE})))) == []


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (DeviceFilter(("ring=canery",)), "no device matches the target 'ring=canery'"),
        (DeviceFilter(("nobody",)), "no device matches the target 'nobody'"),
        (DeviceFilter(group="non"), "no device is in a group `non`"),
    ],
)
def test_a_filter_that_no_device_can_match(workspace, chosen, message):
    with pytest.raises(UsageError, match=message):
        list_devices(workspace, chosen)


def test_a_device_has_the_commit_of_its_last_sync_and_its_drift(synced, git):
    first = git("rev-parse", "HEAD")

    async def drift(hub):
        twin = await hub.twin("a")
        await hub.patch_twin("a", None, tags={}, desired={"interval": 5}, etag=twin.etag)

    change(synced, drift)
    git("commit", "--quiet", "--allow-empty", "--message", "later")
    a, b = list_devices(synced).devices
    assert (a.commit, a.drift, a.status.in_sync) == (first, True, False)
    assert (b.commit, b.drift, b.status.in_sync) == (first, False, True)


def test_a_change_in_git_is_not_drift(synced, root, git):
    text = (root / "fleet/fleet.yaml").read_text()
    (root / "fleet/fleet.yaml").write_text(text.replace("interval: 60", "interval: 61"))
    git("commit", "--quiet", "--all", "--message", "slower")
    assert [(d.status.in_sync, d.drift) for d in list_devices(synced).devices] == [
        (False, False)
    ] * 2


def test_devices_that_git_does_not_have(synced, root, git):
    async def add(hub):
        for name, fleet in (("theirs", "another"), ("bare", None)):
            await hub.create_device(name, edge=False, authentication="sas")
            if fleet:
                tags = {"edgeops": {"fleet": fleet, "digest": ""}}
                twin = await hub.twin(name)
                await hub.patch_twin(name, None, tags=tags, desired={}, etag=twin.etag)

    change(synced, add)
    text = (root / "fleet/fleet.yaml").read_text()
    (root / "fleet/fleet.yaml").write_text(text.replace("{name: a}, ", ""))
    git("commit", "--quiet", "--all", "--message", "without a")
    fleet = list_devices(synced)
    assert (names(fleet), [device.name for device in fleet.gone]) == (["b"], ["a"])
    listed = list_devices(synced, DeviceFilter(not_in_git=True))
    assert [(device.name, device.standing) for device in listed.devices] == [
        ("a", Standing.GONE),
        ("bare", Standing.FOREIGN),
        ("theirs", Standing.FOREIGN),
    ]
    assert names(list_devices(synced, DeviceFilter(("bare",), not_in_git=True))) == ["bare"]
    assert list_devices(synced, DeviceFilter(("b",))).gone is not None  # it is all that git has


def test_who_left_is_not_looked_up_where_only_some_devices_are_asked_for(synced):
    assert list_devices(synced, DeviceFilter(("b",))).gone is None
    assert list_devices(synced, DeviceFilter(group="all")).gone == ()


def test_of_two_reads_the_one_that_fails_is_the_error():
    async def fails():
        raise HubError("hub production did not answer")

    async def for_ever():
        await asyncio.Event().wait()

    with pytest.raises(HubError, match="did not answer"):
        asyncio.run(at_once(for_ever(), fails()))


def test_watching_sees_new_commits(synced, root, git):
    class Enough(Exception):
        """Ends the watching."""

    seen = []

    def shown(fleet):
        seen.append(names(fleet))
        if len(seen) == 1:
            with (root / "fleet/fleet.yaml").open("a") as file:
                file.write(THIRD)
            git("commit", "--quiet", "--all", "--message", "a third device")
        else:
            raise Enough

    with pytest.raises(Enough):
        watch_devices(synced, shown, every=0)
    assert seen == [["a", "b"], ["a", "b", "c"]]


def test_watching_is_interrupted_without_advice_to_sync(synced):
    def shown(_):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        watch_devices(synced, shown, every=0)
    assert stopped.value.hint == ""


def test_it_works_inside_a_running_loop(synced):
    async def notebook():
        return names(list_devices(synced))

    assert asyncio.run(notebook()) == ["a", "b"]
