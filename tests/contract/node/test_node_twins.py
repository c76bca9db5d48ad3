"""Microsoft's service SDK for Node: twins, and queries page by page."""

from __future__ import annotations

import pytest

STALE = ["InvalidEtagError", 412, "PreconditionFailed"]
BAD = ["ArgumentError", 400, "ArgumentInvalid"]


@pytest.fixture(scope="module")
def saw(run_script):
    return run_script("twins.mjs")


def test_a_twin_is_updated(saw):
    assert saw["fresh"] == ["d1", {}, 1]
    assert saw["updated"] == [{"site": "harbour", "old": True}, 5, [1, {"a": 2}]]
    assert saw["version"] == [2, True]
    assert saw["merged"] == {"site": "harbour"}
    assert saw["too big"] == BAD
    assert saw["nobody"] == ["DeviceNotFoundError", 404, "DeviceNotFound"]


def test_etags_guard_twins(saw):
    assert saw["stale"] == saw["module, stale"] == STALE
    assert saw["forced"] == {"site": "harbour", "forced": 1}


def test_the_twin_of_a_module(saw):
    assert saw["module"] == ["m1", 7]
    assert saw["no module"] == ["Error", 404, "ModuleNotFound"]


def test_queries(saw):
    assert saw["pages"] == [["q0", "q1"], ["q2", "q3"], ["q4"]]
    assert saw["updated as found"] is True
    assert saw["modules"] == [["d1", "m1"]]
    assert saw["counted"] == [{"n": 6}]
    assert saw["none"] == [[], False]
    assert saw["bad query"] == BAD
