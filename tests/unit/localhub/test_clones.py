"""What another hub gives as its twins, when it is staged to become a clone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.localhub.service.clones import staging

AT = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "name", "why"),
    [
        ({"deviceId": "d", "authenticationType": "of the future"}, "'d'", "authentication.type"),
        ({"deviceId": "d", "moduleId": "m", "tags": []}, "'d/m'", "'tags' must be"),
        ({"deviceId": "d", "moduleId": 5}, "'d/5'", "'moduleId' is not an id"),
        ({"deviceId": "\u202e\n" + "x" * 5000}, r"'\u202e\nxxx", "'deviceId' is not an id"),
        ({}, "''", "'deviceId' is not an id"),
    ],
)
def test_a_twin_that_cannot_be_is_named(tmp_path, document, name, why):
    known = {"deviceId": "known"}
    with staging(tmp_path, lambda: AT) as staged, pytest.raises(EdgeOpsError) as caught:
        staged.add_twins([known, document])
    assert f"gave a twin of {name}" in caught.value.message
    assert why in caught.value.message
    assert len(caught.value.message) < 500
    assert not (tmp_path / "clone.db").exists()
