"""Values and names that clients write in any case."""

from __future__ import annotations

import pytest

from edgeops.localhub.state.spelling import spelled_as, with_fields_spelled_as


@pytest.mark.parametrize(
    ("value", "spelling"),
    [("updateTwin", "updateTwin"), ("UPDATETWIN", "updateTwin"), ("twin", None), (1, None)],
)
def test_a_value_in_any_case(value, spelling):
    assert spelled_as(("update", "updateTwin"), value) == spelling


@pytest.mark.parametrize(
    ("document", "as_spelled"),
    [
        ({"etag": "x", "Tags": {"etag": 1}}, {"eTag": "x", "Tags": {"etag": 1}}),
        ({"ETAG": "x", "ID": "d"}, {"eTag": "x", "id": "d"}),
        ({"etag": "other", "eTag": "exact"}, {"eTag": "exact"}),
        ({}, {}),
    ],
)
def test_fields_in_any_case(document, as_spelled):
    assert with_fields_spelled_as(("id", "eTag"), document) == as_spelled
