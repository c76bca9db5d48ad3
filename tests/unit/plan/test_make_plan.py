"""The plan of a fleet: what it covers, what it prunes, what it refuses."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from edgeops.errors import Refused, UsageError
from edgeops.fleet.model import (
    ArtifactTarget,
    DesiredDevice,
    DesiredFleet,
    DesiredModule,
    HubTarget,
    StoreKind,
)
from edgeops.plan.budget import check_allowed
from edgeops.plan.counts import counts
from edgeops.plan.model import Action, PlanOptions, Reason
from edgeops.plan.offline import offline_live
from edgeops.plan.plan import make_plan
from edgeops.plan.targets import changed_devices
from edgeops.release import ModelRelease
from edgeops.secret_reference import Secret
from edgeops.twin import LiveDevice, Twin

LOCAL = HubTarget("local")


def device(name, **fields):
    plain = DesiredDevice(
        name=name,
        labels={"ring": "canary" if name.endswith("1") else "stable"},
        groups=(),
        edge=False,
        authentication="sas",
        protect=False,
        tags={},
        desired={"interval": 60},
        modules={},
        models={},
        edge_content={},
    )
    return replace(plain, **fields)


def fleet(*devices, commit="c1", max_deletes="10%"):
    return DesiredFleet("f", commit, {}, {each.name: each for each in devices}, max_deletes)


THREE = fleet(device("d1"), device("d2"), device("d3"))


def plan(wanted, live=(), hub=LOCAL, managed=(), labels=MappingProxyType({}), **options):
    return make_plan(
        wanted,
        dict(live),
        hub=hub,
        options=PlanOptions(**{"create": True} | options),
        managed=managed,
        created_at="2026-01-01T00:00:00Z",
        labels=labels,
    )


def changed(made):
    return sorted({change.device for change in made.changes})


def test_a_fleet_in_sync_has_an_empty_plan():
    made = plan(THREE, offline_live(THREE))
    assert (made.changes, made.refusals, made.devices, made.seconds) == ((), (), 3, None)


def test_a_device_that_others_create_is_waited_for_and_the_rest_is_planned():
    live = offline_live(fleet(device("d1")))
    made = plan(fleet(device("d1", desired={}), device("d2"), device("d3")), live, create=False)
    assert (changed(made), made.waiting, made.refusals) == (["d1"], ("d2", "d3"), ())
    assert (made.devices, counts(made).waiting, counts(made).in_sync) == (1, 2, 0)
    assert plan(THREE, live).waiting == ()


def test_a_waiting_device_is_planned_once_it_appears():
    live = offline_live(THREE) | {"d2": LiveDevice(Twin("d2", etag="e"))}
    made = plan(THREE, live, create=False)
    assert (changed(made), made.waiting) == (["d2"], ())
    assert made.changes[0].reason is Reason.ADOPTED


def test_pruning_goes_on_while_devices_are_waited_for():
    live = {name: on_hub for name, on_hub in offline_live(THREE).items() if name != "d2"}
    wanted = fleet(device("d1"), device("d2"), max_deletes=1)
    made = plan(wanted, live, managed=live, prune=True, create=False)
    assert (changed(made), made.waiting) == (["d3"], ("d2",))


def test_a_target_limits_the_devices_that_are_waited_for():
    assert plan(THREE, create=False, targets=("d3",)).waiting == ("d3",)
    assert plan(THREE, create=False, drift_only=True).waiting == ("d1", "d2", "d3")


def test_one_refused_device_does_not_stop_the_others():
    live = offline_live(THREE)
    live["d2"] = replace(live["d2"], twin=Twin("d2", edge=True))
    made = plan(fleet(device("d1", desired={}), device("d2"), device("d3")), live)
    assert changed(made) == ["d1"]
    assert [refusal.device for refusal in made.refusals] == ["d2"]


# --- what it covers -------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "covered"),
    [(["d2"], ["d2"]), (["ring=stable"], ["d2", "d3"]), (["d1", "ring=canary"], ["d1"])],
)
def test_targets_are_devices_or_labels(targets, covered):
    assert changed(plan(THREE, targets=tuple(targets))) == covered


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("ring=canry", "did you mean `ring=canary`?"),
        ("dd1", "did you mean `d1`?"),
        ("zzz", "use a device name or label=value"),
    ],
)
def test_an_unknown_target_is_a_usage_error(target, hint):
    with pytest.raises(UsageError) as error:
        plan(THREE, targets=(target,))
    assert error.value.hint == hint


def test_drift_only_leaves_what_git_changed_since():
    live = offline_live(THREE)
    for name in ("d2", "d3"):
        twin = replace(live[name].twin, desired={"interval": 7})
        live[name] = replace(live[name], twin=twin)
    wanted = fleet(
        device("d1", desired={"interval": 30}), device("d2", desired={"interval": 30}),
        device("d3"), device("d4"),
    )  # fmt: skip
    made = plan(wanted, live, drift_only=True)
    assert changed(made) == ["d3"]
    assert {change.reason for change in made.changes} == {Reason.DRIFT}
    assert made.devices == 1  # the others are not in sync


def test_git_against_git_shows_what_a_commit_changes():
    after = fleet(device("d1", desired={"interval": 30}), device("d2"), device("d4"), commit="c2")
    only = changed_devices(THREE, after)
    assert only == {"d1", "d3", "d4"}
    made = plan(
        after,
        offline_live(THREE),
        only=only,
        prune=True,
        managed=THREE.devices,
    )
    by_device = {change.device: change for change in made.changes}
    assert by_device["d1"].patch == {"desired": {"interval": 30}}
    assert by_device["d3"].action is Action.DELETE_DEVICE
    assert by_device.keys() == {"d1", "d3", "d4"}


def test_a_changed_module_or_identity_changes_the_device():
    for change in (
        {"protect": True},
        {"edge": True},
        {"authentication": "x509CA"},
        {"modules": {"m": DesiredModule("m", {}, {})}},
        {"edge_content": {"$edgeAgent": {}}},
    ):
        assert changed_devices(fleet(device("d1")), fleet(device("d1", **change))) == {"d1"}
    assert changed_devices(THREE, replace(THREE, commit="c2")) == frozenset()


# --- prune ----------------------------------------------------------------------


def prune(wanted, before, **fields):
    return plan(wanted, offline_live(before), managed=before.devices, prune=True, **fields)


def test_prune_deletes_what_the_fleet_manages_and_git_gave_up():
    made = prune(fleet(device("d1"), device("d2")), THREE)
    assert [(c.device, c.action) for c in made.changes] == [("d3", Action.DELETE_DEVICE)]
    assert plan(fleet(device("d1"), device("d2")), offline_live(THREE)).changes == ()


def test_prune_leaves_protected_devices_and_goes_on():
    before = fleet(device("d1"), device("d2"), device("d3", protect=True))
    made = prune(fleet(device("d1"), max_deletes=5), before)
    assert changed(made) == ["d2"]
    assert [refusal.device for refusal in made.refusals] == ["d3"]
    assert made.devices == 2


def test_prune_leaves_what_a_stale_query_still_lists():
    live = offline_live(THREE)
    live["d3"] = replace(live["d3"], twin=Twin("d3", tags={"edgeops": {"fleet": "other"}}))
    made = plan(fleet(device("d1")), live, managed=["d1", "d3", "gone"], prune=True)
    assert made.changes == ()


@pytest.mark.parametrize(("max_deletes", "allowed"), [("10%", 1), ("50%", 2), (0, 0), (2, 2)])
def test_prune_is_blocked_above_its_limit_and_still_planned(max_deletes, allowed):
    four = [device(f"d{number}") for number in range(4)]
    keep = fleet(*four[: 4 - allowed], max_deletes=max_deletes)
    within = prune(keep, fleet(*four))
    assert (len(within.changes), within.blocked) == (allowed, None)
    keep_fewer = fleet(*four[: 3 - allowed], max_deletes=max_deletes)
    beyond = prune(keep_fewer, fleet(*four))
    assert changed(beyond) == [f"d{number}" for number in range(3 - allowed, 4)]
    with pytest.raises(Refused, match=rf"would delete {allowed + 1} of 4 .* allows {allowed}"):
        check_allowed(beyond)


def test_prune_with_an_empty_fleet_is_blocked():
    made = prune(fleet(max_deletes=100), THREE)
    assert changed(made) == ["d1", "d2", "d3"]
    with pytest.raises(Refused, match="git has no device on this hub"):
        check_allowed(made)


def test_a_device_that_git_binds_to_another_hub_is_only_deleted_by_prune():
    wanted = replace(fleet(device("d1"), device("d2")), elsewhere={"d3": ("us", "eu")})
    assert plan(wanted, offline_live(THREE)).changes == ()
    (change,) = prune(wanted, THREE).changes
    assert (change.device, change.reason, change.moved_to) == ("d3", Reason.MOVED, ("us", "eu"))
    protected = fleet(device("d1"), device("d3", protect=True))
    (refusal,) = prune(wanted, protected).refusals
    assert refusal.reason == "is protected and bound to the hubs us, eu in git"


@pytest.mark.parametrize(
    ("targets", "deleted"),
    [
        (["d3"], ["d3"]),
        (["d3", "d4"], ["d3", "d4"]),
        (["ring=stable"], ["d3", "d4"]),
        (["ring=canary"], []),
        (["site=old"], ["d5"]),
        (["d1", "site=old"], ["d5"]),
    ],
)
def test_prune_deletes_devices_by_their_names_and_last_labels(targets, deleted):
    more = device("d4"), device("d5", labels={"site": "old"})
    before = fleet(*THREE.devices.values(), *more)
    labels = {device.name: device.labels for device in before.devices.values()}
    wanted = fleet(device("d1"), device("d2"), max_deletes=5)
    made = prune(wanted, before, targets=tuple(targets), labels=labels)
    assert changed(made) == deleted
    assert made.notes == ()


def test_devices_of_another_repository_are_neither_deleted_nor_counted():
    many = [device(f"d{number}") for number in range(20)]
    theirs = replace(fleet(*many[10:]), uid="theirs")
    ours = replace(fleet(*many[:10]), uid="ours")
    live = {**offline_live(ours), **offline_live(theirs)}
    wanted = replace(fleet(*many[:8]), uid="ours", elsewhere={"d8": ("us",), "d19": ("us",)})
    made = plan(wanted, live, prune=True, managed=tuple(live))
    assert changed(made) == ["d8", "d9"]
    assert "would delete 2 of 10 managed devices" in made.blocked.reason


def test_devices_whose_last_labels_are_unknown_are_left_and_counted():
    wanted = fleet(device("d1"))
    made = prune(wanted, THREE, targets=("ring=canary",))
    assert changed(made) == []
    assert made.notes[0].startswith("2 devices that git no longer has may have had such labels")
    assert prune(wanted, THREE, targets=("d2",)).notes == ()


def test_a_target_must_match_a_device_in_git_or_one_to_delete():
    wanted = replace(fleet(device("d1")), elsewhere={"d2": ("us",)})
    with pytest.raises(UsageError, match="no device matches the target 'd3'"):
        plan(wanted, offline_live(THREE), targets=("d3",), managed=THREE.devices)
    with pytest.raises(UsageError, match="git binds the device `d2` to the hub us") as error:
        plan(wanted, offline_live(THREE), targets=("d2",))
    assert error.value.hint == "add `--hub us`"
    assert changed(prune(wanted, THREE, targets=("d2",))) == ["d2"]


def test_the_most_deletions_are_of_all_managed_devices_whatever_the_targets():
    many = [device(f"d{number}") for number in range(20)]
    wanted = fleet(*many[:10])
    names = tuple(f"d{number}" for number in range(10, 13))
    assert changed(prune(wanted, fleet(*many), targets=names[:2])) == ["d10", "d11"]
    beyond = prune(wanted, fleet(*many), targets=names)
    with pytest.raises(Refused, match="delete 3 of 20 managed devices"):
        check_allowed(beyond)


# --- digest and duration ----------------------------------------------------------


def test_the_digest_is_of_what_is_written():
    live = offline_live(THREE)
    new = fleet(device("d1", desired={"interval": 30}), device("d2"), device("d3"), commit="c2")
    first = plan(new, live)
    touched = {"d1": replace(live["d1"], twin=replace(live["d1"].twin, etag="later"))}
    assert plan(new, live | touched).digest == first.digest
    assert plan(replace(new, commit="c3"), live).digest == first.digest
    other = fleet(device("d1", desired={"interval": 31}), device("d2"), device("d3"))
    assert plan(other, live).digest != first.digest


def test_the_duration_follows_from_the_rates_of_the_hub():
    azure = HubTarget("production", hostname="contoso.azure-devices.net", sku="S1", units=1)
    many = fleet(*(device(f"d{number}") for number in range(100)))
    assert plan(many, offline_live(many), hub=azure).seconds == pytest.approx(1.0)
    created = plan(many, hub=azure)  # 100 identities a minute, far slower than the twins
    assert created.seconds == pytest.approx(1.0 + 60.0)


# --- what it does beside writing twins ------------------------------------------


def digest_of(*devices, hub=LOCAL):
    return plan(fleet(*devices), hub=hub).digest


def test_the_digest_tells_how_a_new_device_is_authenticated_and_protected():
    digests = {
        digest_of(device("d")),
        digest_of(device("d", authentication="x509CA")),
        digest_of(device("d", edge=True)),
        digest_of(device("d", protect=True)),
    }
    assert len(digests) == 4


BLOBS = ArtifactTarget("https://contoso.blob.core.windows.net/models", StoreKind.AZURE_BLOB)
OPEN = ArtifactTarget("https://models.example", None)


def release(**where):
    return ModelRelease.of_file("m", "1.0.0", "m.onnx", 1, "a" * 64, "b" * 32, "onnx", **where)


@pytest.mark.parametrize(
    ("store", "where", "access"),
    [
        (BLOBS, {"path": "m/1.0.0/m.onnx"}, ("azure-blob",)),
        (BLOBS, {"url": "https://elsewhere.example/m.onnx"}, ()),
        (BLOBS, {"url": "https://contoso.blob.core.windows.net/models/m"}, ("azure-blob",)),
        (OPEN, {"path": "m/1.0.0/m.onnx"}, ()),
        (None, {"path": "m/1.0.0/m.onnx"}, ()),
    ],
)
def test_a_plan_says_which_private_stores_it_may_give_access_to(store, where, access):
    hub = HubTarget("production", "h", artifacts=store)
    wanted = fleet(device("d1", models={"slot": release(**where)}), device("d2"))
    in_sync = offline_live(wanted)
    made = plan(wanted, in_sync, hub=hub)
    assert (made.access, made.changes) == (access, ())
    assert (made.digest == plan(THREE, offline_live(THREE), hub=hub).digest) == (not access)
    assert plan(wanted, in_sync, hub=hub, targets=("d2",)).access == ()


def test_secrets_that_devices_have_already_are_not_compared_and_counted():
    def with_pin(name, version):
        pin = {"fromEnv": "EDGEOPS_SECRET_PIN", "version": version}
        module = {"m": DesiredModule("m", {}, {"pin": pin})}
        return device(name, desired={"pin": pin}, modules=module)

    before = fleet(with_pin("d1", 1), with_pin("d2", 1), with_pin("d3", 2))
    after = fleet(with_pin("d1", 1), with_pin("d2", 2), with_pin("d3", 2), with_pin("d4", 2))
    assert plan(before, offline_live(before)).not_compared == (
        (Secret("EDGEOPS_SECRET_PIN", 1), 2),
        (Secret("EDGEOPS_SECRET_PIN", 2), 1),
    )
    made = plan(after, offline_live(before))
    assert changed(made) == ["d2", "d4"]
    assert [count for _, count in made.not_compared] == [1, 1]
