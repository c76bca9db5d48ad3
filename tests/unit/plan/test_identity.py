"""Identities: what git says of one is compared, and only what differs is written."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.model import DesiredDevice
from edgeops.plan.device import plan_device
from edgeops.plan.identity import consequences, identity_of, identity_patch, new_twin
from edgeops.plan.model import Action, Reason, Refusal
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.twin import LiveDevice, Twin

A, B, C = "A" * 40, "B" * 40, "C" * 64


def device(**fields):
    plain = DesiredDevice(
        name="d1",
        labels={},
        groups=(),
        edge=False,
        authentication=None,
        protect=False,
        tags={"site": "cbd"},
        desired={},
        modules={},
        models={},
        edge_content={},
    )
    return replace(plain, **fields)


def by_certificate(**thumbprints):
    return device(authentication="selfSigned", thumbprints=thumbprints)


def plan(want, live, commit="c1", create=True):
    return plan_device(want, live, Owner("f", commit=commit), create=create)


def synced(want, **identity):
    """The device on a hub that is in sync, with another identity then."""
    live = LiveDevice(new_twin(want))
    live = carried_out(live, plan(want, live))
    return replace(live, twin=replace(live.twin, **identity))


def update(want, live):
    """The change of the identity, which must be the first one."""
    first = plan(want, live)[0]
    assert first.action is Action.UPDATE_IDENTITY
    return first.patch["identity"], first.before.get("identity"), list(consequences(first))


@pytest.mark.parametrize(
    "identity",
    [
        {"authentication": "x509CA"},
        {"authentication": "selfSigned", "thumbprints": {"primary": A}},
        {"status": "disabled", "parent": "gateway"},
    ],
)
def test_an_identity_that_git_says_nothing_of_is_left_alone(identity):
    assert plan(device(), synced(device(), **identity)) == ()


def test_a_new_device_has_keys_unless_git_says_otherwise():
    new, *_ = plan(device(), None)
    assert new.patch["identity"] == {"authentication": "sas", "edge": False}
    new, *rest = plan(replace(by_certificate(primary=A), status="disabled", parent="g"), None)
    assert new.patch["identity"] == {
        "authentication": "selfSigned",
        "thumbprints": {"primary": A},
        "status": "disabled",
        "parent": "g",
        "edge": False,
    }
    assert [change.action for change in rest] == [Action.PATCH_DEVICE]


def test_a_new_device_without_parent_says_nothing_of_one():
    new, *_ = plan(device(parent=""), None)
    assert "parent" not in new.patch["identity"]


@pytest.mark.parametrize("live", [None, synced(device())])
def test_thumbprints_cannot_be_guessed(live):
    refusal = plan(device(authentication="selfSigned"), live)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "has no thumbprints in git, which selfSigned authentication needs"


def test_thumbprints_are_compared_where_git_has_them_and_without_case():
    live = synced(device(), authentication="selfSigned", thumbprints={"primary": A.lower()})
    for want in (device(authentication="selfSigned"), by_certificate(primary=A)):
        assert identity_patch(live.twin, want) == {}
    patch, before, (note,) = update(by_certificate(primary=B, secondary=A), live)
    assert patch == {"thumbprints": {"primary": B, "secondary": A}}
    assert before == {"thumbprints": {"primary": A.lower()}}
    assert note == "a certificate with a thumbprint that is replaced can no longer connect"


def test_the_second_thumbprint_of_others_stays():
    live = synced(device(), authentication="selfSigned", thumbprints={"primary": A, "secondary": C})
    assert identity_patch(live.twin, by_certificate(primary=A)) == {}
    patch, _, _ = update(by_certificate(primary=B), live)
    assert patch == {"thumbprints": {"primary": B}}


@pytest.mark.parametrize(
    ("want", "live", "note"),
    [
        (device(authentication="x509CA"), "sas",
         "its keys are deleted: the device can connect only with its certificate"),
        (by_certificate(primary=A), "sas",
         "its keys are deleted: the device can connect only with its certificate"),
        (by_certificate(primary=A), "x509CA", "the device can connect only with its certificate"),
        (device(authentication="sas"), "x509CA",
         "the hub generates keys: the device cannot connect until it has one of them"),
        (device(authentication="sas"), "selfSigned",
         "the hub generates keys: the device cannot connect until it has one of them"),
    ],
)  # fmt: skip
def test_another_authentication_says_what_becomes_of_the_connection(want, live, note):
    patch, before, notes = update(want, synced(device(), authentication=live))
    assert patch["authentication"] == want.authentication
    assert (before, notes) == ({"authentication": live}, [note])


def test_status_and_parent():
    live = synced(device(), parent="old")
    patch, before, notes = update(device(status="disabled", parent="new"), live)
    assert patch == {"status": "disabled", "parent": "new"}
    assert before == {"status": "enabled", "parent": "old"}
    assert notes == ["the hub disconnects the device, and refuses it until it is enabled"]
    assert update(device(parent=""), live) == ({"parent": ""}, {"parent": "old"}, [])
    assert plan(device(parent=""), synced(device(parent=""))) == ()


def test_a_changed_identity_is_a_change_in_git_and_others_are_drift():
    want = device(status="enabled")
    assert plan(device(status="disabled"), synced(want))[0].reason is Reason.CHANGED
    drifted = synced(want, status="disabled")
    (change,) = plan(want, drifted, commit="c2")
    assert (change.reason, change.stamp) == (Reason.DRIFT, {})


def test_the_edge_capability_cannot_be_changed():
    refusal = plan(device(edge=True), synced(device()))
    assert refusal.reason == "is not an edge device on the hub, an edge device in git"


KINDS = st.sampled_from(["sas", "x509CA", "selfSigned"])
THUMBPRINTS = st.fixed_dictionaries({"primary": st.sampled_from([A, B, C])}, optional={
    "secondary": st.sampled_from([A, B, C])})  # fmt: skip


@st.composite
def wanted(draw):
    kind = draw(st.none() | KINDS)
    return device(
        authentication=kind,
        thumbprints=draw(THUMBPRINTS) if kind == "selfSigned" else {},
        status=draw(st.sampled_from([None, "enabled", "disabled"])),
        parent=draw(st.sampled_from([None, "", "g1", "g2"])),
    )


@st.composite
def on_a_hub(draw):
    kind = draw(KINDS)
    thumbprints = draw(THUMBPRINTS) if kind == "selfSigned" else {}
    return Twin(
        "d1",
        authentication=kind,
        thumbprints={name: value.lower() for name, value in thumbprints.items()},
        status=draw(st.sampled_from(["enabled", "disabled"])),
        parent=draw(st.sampled_from(["", "g1", "g2"])),
    )


@given(wanted(), on_a_hub())
def test_an_identity_is_in_sync_once_it_is_written_and_the_rest_stays(want, twin):
    live = LiveDevice(twin)
    after = carried_out(live, plan(want, live))
    assert plan(want, after) == ()
    said, before = want.identity, identity_of(twin)
    kept = {key for key in before if key not in said}
    kept -= {"thumbprints"} if "authentication" in said else set()
    assert {key: identity_of(after.twin).get(key) for key in kept} == {
        key: before[key] for key in kept
    }
