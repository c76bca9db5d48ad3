"""What a write does to a twin: versions, metadata, and limits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.jsonvalue import merge_patch
from edgeops.localhub.state import twins
from edgeops.localhub.state.documents import twin_document
from edgeops.localhub.state.entry import Authentication, RegistryEntry, RegistryIdentity
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.moment import Moment

MOMENT = Moment(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), new_key=lambda: "key")
FRESH = RegistryEntry(
    RegistryIdentity("d1", "", "1", Authentication("sas")), twins.fresh_twin(MOMENT)
)

scalars = st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2)
members = st.none() | scalars
keys = st.sampled_from("abc")
objects = st.recursive(
    st.dictionaries(keys, members, max_size=3),
    lambda inner: st.dictionaries(keys, members | inner | st.lists(scalars), max_size=3),
    max_leaves=8,
)
writes = st.lists(st.tuples(st.booleans(), objects), max_size=6)


def written(writes):
    """The fresh entry after some writes of desired properties, and what the device was told."""
    entry, changes = FRESH, []
    for replacing, value in writes:
        write = twins.replaced if replacing else twins.patched
        result = write(entry, {"desired": value}, MOMENT)
        entry = result.entry
        changes.append(result.change)
    return entry, changes


@given(writes)
def test_a_device_that_merges_all_patches_has_the_desired_properties(writes):
    entry, changes = written(writes)

    held = {}
    for change in changes:
        held = merge_patch(held, change.patch)

    assert held == entry.twin.desired.values
    assert [change.version for change in changes] == list(range(2, len(changes) + 2))


@given(writes)
def test_every_object_and_value_has_its_metadata_and_nothing_else_has(writes):
    entry, _ = written(writes)

    def check(value, metadata):
        assert {"$lastUpdated"} <= metadata.keys()
        below = {key for key in metadata if not key.startswith("$")}
        assert below == (value.keys() if isinstance(value, dict) else set())
        for key in below:
            check(value[key], metadata[key])

    check(entry.twin.desired.values, entry.twin.desired.metadata)


@given(writes)
def test_no_write_changes_what_was_before(writes):
    before = twin_document(FRESH)
    written(writes)
    assert twin_document(FRESH) == before


def test_clearing_desired_properties_tells_the_device_of_each():
    entry = twins.patched(FRESH, {"desired": {"a": 1, "b": {"c": 2}}}, MOMENT).entry

    cleared = twins.patched(entry, {"desired": None}, MOMENT)

    assert cleared.entry.twin.desired.values == {}
    assert cleared.change == twins.DesiredChange("d1", "", 3, {"a": None, "b": None})


def test_a_section_that_is_not_named_is_not_written():
    unchanged = twins.patched(FRESH, {}, MOMENT)
    assert (unchanged.entry, unchanged.change) == (FRESH, None)

    tagged = twins.patched(FRESH, {"tags": {"a": 1}}, MOMENT)
    assert tagged.change is None
    assert tagged.entry.twin.desired == FRESH.twin.desired


def test_reported_properties_notify_nobody_and_leave_the_etag_alone():
    reported = twins.patched(FRESH, {"reported": {"a": 1}}, MOMENT)

    assert reported.change is None
    assert reported.entry.twin.revision == FRESH.twin.revision
    assert reported.entry.twin.reported.version == 2
    assert "$lastUpdatedVersion" not in reported.entry.twin.reported.metadata["a"]


def test_timestamps_look_like_azures():
    assert MOMENT.timestamp == "2026-01-02T03:04:05.0006780Z"


@pytest.mark.parametrize(
    "body",
    [None, [], "x", {"tags": 1}, {"properties": []}, {"properties": {"desired": "x"}}],
)
def test_a_body_that_is_not_a_twin_is_refused(body):
    with pytest.raises(HubFault) as caught:
        twins.sections_of(body)
    assert caught.value.status == 400


def test_the_hubs_own_keys_are_dropped_from_a_body():
    body = {"properties": {"desired": {"$version": 9, "$metadata": {}, "a": 1}}, "etag": "x"}
    assert twins.sections_of(body) == {"desired": {"a": 1}}


def test_too_much_of_a_section_is_403_and_says_which():
    big = {f"k{n}": "x" * 4000 for n in range(9)}
    for name, section in (("tags", "Tags"), ("desired", "Properties.Desired")):
        with pytest.raises(HubFault, match=f"'{section}' size should be less than") as caught:
            twins.patched(FRESH, {name: big}, MOMENT)
        assert (caught.value.status, caught.value.code) == (403, "DeviceModelMaxPropertiesExceeded")


@pytest.mark.parametrize("section", ["tags", "desired", "reported"])
@pytest.mark.parametrize(
    "value",
    [
        {"a": [""] * 5_001},  # no bytes at all, as Azure counts
        {"a": [[]] * 5_001},
        {f"k{number}": {} for number in range(5_001)},
        {f"k{number}": ["\u0001" * 4_000] * 3 for number in range(9)},
    ],
)
def test_values_that_cost_much_and_count_little_are_refused(section, value):
    with pytest.raises(HubFault) as caught:
        twins.patched(FRESH, {section: value}, MOMENT)
    assert (caught.value.status, caught.value.code) == (403, "DeviceModelMaxPropertiesExceeded")


def test_a_section_as_large_as_azure_takes_is_taken():
    desired = {f"key{number:04}": 4503599627370495 for number in range(2_100)}
    assert twins.patched(FRESH, {"desired": desired}, MOMENT).entry.twin.desired.version == 2
