"""Creating and updating identities: scopes, keys, and the spelling of values."""

from datetime import UTC, datetime
from itertools import count

import pytest

from edgeops.localhub.state import identities
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.moment import Moment

numbers = count()
MOMENT = Moment(datetime(2026, 1, 2, tzinfo=UTC), lambda: f"key-{next(numbers)}")
FIRST, SECOND = "ms-azure-iot-edge://gw1-1", "ms-azure-iot-edge://gw2-2"
EDGE = {"capabilities": {"iotEdge": True}}


def created(body, known=(FIRST, SECOND)):
    return identities.device_created("d1", body, MOMENT, known).save[0]


def updated(entry, body, known=(FIRST, SECOND)):
    return identities.device_updated(entry, body, MOMENT, known).save[0]


def scopes(entry):
    return entry.identity.scope, entry.identity.parents


OWN = created(EDGE).identity.scope


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({}, {}, (None, ())),
        ({}, {"deviceScope": FIRST}, (FIRST, (FIRST,))),
        ({"deviceScope": FIRST}, {}, (FIRST, (FIRST,))),
        (
            {"deviceScope": FIRST},
            {"deviceScope": SECOND, "parentScopes": [FIRST]},
            (SECOND, (SECOND,)),
        ),
        ({"deviceScope": FIRST}, {"deviceScope": "", "parentScopes": [FIRST]}, (None, ())),
        ({"deviceScope": FIRST}, {"deviceScope": FIRST, "parentScopes": []}, (FIRST, (FIRST,))),
        ({}, EDGE, (OWN, ())),
        ({"deviceScope": FIRST}, EDGE | {"deviceScope": FIRST}, (OWN, (FIRST,))),
        (EDGE, {"parentScopes": [FIRST]}, (OWN, (FIRST,))),
        (EDGE, {"deviceScope": OWN, "parentScopes": [SECOND]}, (OWN, (SECOND,))),
        (EDGE | {"parentScopes": [FIRST]}, {"parentScopes": []}, (OWN, ())),
        (EDGE | {"parentScopes": [FIRST]}, {"parentScopes": None}, (OWN, (FIRST,))),
        (
            EDGE | {"parentScopes": [FIRST]},
            {"capabilities": {"iotEdge": False}, "deviceScope": OWN, "parentScopes": [FIRST]},
            (None, ()),
        ),
        (EDGE, {"capabilities": {"iotEdge": False}, "deviceScope": SECOND}, (SECOND, (SECOND,))),
    ],
)
def test_scopes_and_parents(before, change, after):
    assert scopes(updated(created(before), change)) == after


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ({"deviceScope": FIRST}, {"deviceScope": FIRST, "parentScopes": [FIRST]}),
        (EDGE | {"parentScopes": [FIRST]}, {"deviceScope": OWN, "parentScopes": [FIRST]}),
    ],
)
def test_scopes_that_stay_may_be_of_a_device_that_is_gone(before, body):
    entry = created(before)
    assert scopes(updated(entry, body, known=())) == scopes(entry)


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ({}, {"deviceScope": SECOND}),
        ({"deviceScope": FIRST}, {"deviceScope": SECOND}),
        (EDGE, {"parentScopes": [SECOND]}),
        (EDGE, {"parentScopes": [OWN]}),
        (EDGE, {"deviceScope": FIRST}),
        (EDGE, {"parentScopes": [FIRST, FIRST]}),
    ],
)
def test_scopes_that_are_refused(before, body):
    with pytest.raises(HubFault, match=r"[sS]cope"):
        updated(created(before), body, known=(FIRST, OWN))


@pytest.mark.parametrize(
    ("body", "type_", "status"),
    [
        ({"status": "Disabled"}, "sas", "disabled"),
        ({"authentication": {"type": "SAS"}, "status": "ENABLED"}, "sas", "enabled"),
        ({"authentication": {"type": "selfsigned"}}, "selfSigned", "enabled"),
        ({"authentication": {"type": "CertificateAuthority"}}, "certificateAuthority", "enabled"),
        ({"authentication": {"type": "None"}}, "none", "enabled"),
    ],
)
def test_values_are_stored_as_azure_spells_them(body, type_, status):
    identity = created(body).identity
    assert (identity.authentication.type, identity.status) == (type_, status)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "en\u0000abled"},
        {"status": 1},
        {"status": ["enabled"]},
        {"authentication": {"type": "x509"}},
        {"authentication": {"type": True}},
        {"authentication": {"type": {"sas": 1}}},
    ],
)
def test_other_values_are_refused(body):
    with pytest.raises(HubFault, match="must be"):
        created(body)


@pytest.mark.parametrize(("primary", "secondary"), [(True, False), (False, True), (True, True)])
def test_new_keys(primary, secondary):
    entry = created({})
    before = entry.identity.authentication
    rotated = identities.keys_regenerated(entry, MOMENT, primary=primary, secondary=secondary)
    after = rotated.identity.authentication
    assert (after.primary_key != before.primary_key) is primary
    assert (after.secondary_key != before.secondary_key) is secondary
    assert rotated.identity.revision == entry.identity.revision + 1
    assert rotated.twin == entry.twin


def test_only_symmetric_keys_are_made_anew():
    entry = created({"authentication": {"type": "selfSigned"}})
    with pytest.raises(HubFault, match="symmetric keys"):
        identities.keys_regenerated(entry, MOMENT, primary=True, secondary=True)
