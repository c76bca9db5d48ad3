"""When the values of a twin were last written, from whatever a hub answers."""

import pytest

from edgeops.hub.times import updated_of

AT = {"$lastUpdated": "2026-11-23T22:15:00.0000000Z", "$lastUpdatedVersion": 3}


def test_objects_and_values_have_times_and_arrays_have_one():
    desired = {
        "lamp": {"on": True},
        "hosts": [1],
        "$metadata": {**AT, "lamp": {**AT, "on": AT}, "hosts": AT},
        "$version": 3,
    }
    times = updated_of({"desired": desired, "reported": {"$metadata": {"$lastUpdated": "t"}}})
    assert times == {
        ("desired",): AT["$lastUpdated"],
        ("desired", "lamp"): AT["$lastUpdated"],
        ("desired", "lamp", "on"): AT["$lastUpdated"],
        ("desired", "hosts"): AT["$lastUpdated"],
        ("reported",): "t",
    }


@pytest.mark.parametrize(
    "properties",
    [
        None,
        [],
        "x",
        {},
        {"desired": None, "reported": []},
        {"desired": {"$metadata": None}, "reported": {"$metadata": [AT]}},
        {"desired": {"$metadata": {"$lastUpdated": 7, "a": "x", "b": [AT], "c": None}}},
        {"tags": {"$metadata": AT}},
    ],
)
def test_what_has_another_form_has_no_times(properties):
    assert updated_of(properties) == {}
