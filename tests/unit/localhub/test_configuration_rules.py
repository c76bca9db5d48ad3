"""Configurations: what their queries may cost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edgeops.localhub.state import configurations
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.moment import Moment

MOMENT = Moment(datetime(2026, 1, 2, tzinfo=UTC), new_key=lambda: "key")
QUERY = "SELECT deviceId FROM devices"


@pytest.mark.parametrize(
    "queries",
    [
        {f"m{number}": QUERY for number in range(21)},
        {f"m{number}": QUERY + " " * 6_000 for number in range(3)},
    ],
)
def test_too_many_metrics_are_refused(queries):
    body = {"content": {"deviceContent": {}}, "metrics": {"queries": queries}}
    with pytest.raises(HubFault) as caught:
        configurations.created("c1", body, MOMENT, ())
    assert caught.value.code == "InvalidConfigurationCustomMetricsQuery"
    with pytest.raises(HubFault):
        configurations.query_errors({"customMetricQueries": queries})


def test_each_kind_has_room_for_a_hundred():
    body = {"content": {"deviceContent": {}}}
    assert configurations.created("c1", body, MOMENT, [True] * 100 + [False] * 99)
    with pytest.raises(HubFault, match="at most 100 configurations"):
        configurations.created("c1", body, MOMENT, [False] * 100)
