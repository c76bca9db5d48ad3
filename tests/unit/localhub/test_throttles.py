"""Throttles as those of a real hub: a burst, then delays, then refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops import limits
from edgeops.localhub.conditions import Conditions, parse_conditions
from edgeops.localhub.service.admission import Admission
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.throttles import SKUS, OperationKind, Throttle, rates


# "IoT Hub quotas and throttling", Microsoft Learn: per second.
@pytest.mark.parametrize(
    ("kind", "s1", "s1_of_9", "s2_of_20", "s3"),
    [
        ("registry", 100 / 60, 900 / 60, 2000 / 60, 5000 / 60),
        ("query", 20 / 60, 180 / 60, 400 / 60, 1000 / 60),
        ("twin-read", 100, 100, 200, 500),
        ("twin-write", 50, 50, 100, 250),
        ("jobs", 100 / 60, 900 / 60, 2000 / 60, 5000 / 60),
        ("configurations", 20 / 60, 180 / 60, 400 / 60, 20 / 60),
        ("methods", 40, 360, 2400, 6144),
        ("connect", 100, 108, 2400, 6000),
        ("telemetry", 100, 108, 2400, 6000),
        ("send", 100 / 60, 900 / 60, 2000 / 60, 5000 / 60),
        ("receive", 1000 / 60, 9000 / 60, 20_000 / 60, 50_000 / 60),
    ],
)
def test_the_documented_rates(kind, s1, s1_of_9, s2_of_20, s3):
    found = [
        rates(sku, units)[OperationKind(kind)]
        for sku, units in (("S1", 1), ("S1", 9), ("S2", 20), ("S3", 1), ("F1", 1))
    ]
    assert found == pytest.approx([s1, s1_of_9, s2_of_20, s3, s1])


@pytest.mark.parametrize("sku", SKUS)
@pytest.mark.parametrize("operation", limits.Operation)
def test_the_product_and_the_emulator_agree(sku, operation):
    assert limits.rate(operation, sku, 3) == pytest.approx(
        rates(sku, 3)[OperationKind(operation.value)]
    )


def test_a_burst_passes_then_operations_wait_for_their_turn_then_are_refused():
    throttle = Throttle(rate=10, burst=1, queue=2)
    waits = [throttle.admit(100.0) for _ in range(31)]
    assert waits[:10] == pytest.approx([0] * 10)
    assert waits[10:30] == pytest.approx([n / 10 for n in range(1, 21)])
    assert waits[30] is None
    assert throttle.admit(100.2) == pytest.approx(1.9)  # two turns have passed, one is taken
    assert throttle.admit(200.0) == 0  # and all is quiet again


def test_an_operation_of_a_low_rate_passes_and_some_wait():
    throttle = Throttle(rate=1 / 3)
    assert [throttle.admit(0.0) for _ in range(6)] == pytest.approx([0, 3, 6, 9, None, None])


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 20)), max_size=40))
def test_no_more_passes_than_the_rate_and_one_burst_allow(arrivals):
    throttle, now, through = Throttle(rate=10, burst=1, queue=5), 0.0, []
    for pause, count in arrivals:
        now += pause
        wait = throttle.admit(now, count)
        if wait is not None:
            through.append((now + wait, count))
    for index, (first, _) in enumerate(through):
        counts = 0
        for last, count in through[index:]:
            # what is let in together starts together
            assert counts <= 10 * (last - first) + 10 + 1e-6
            counts += count


def test_conditions_survive_a_round_trip():
    document = {
        "sku": "S1",
        "units": 2,
        "retryAfter": 1.5,
        "queryDelay": 60.0,
        "latency": 0.1,
        "faults": ["twin-write=500@10%", "*=drop", "query=slow:2", "twin-read=cut@0.5%"],
    }
    conditions = parse_conditions(document)
    assert conditions.document() == document
    assert [fault.share for fault in conditions.faults] == [0.1, 1, 1, 0.005]
    assert parse_conditions({}) == Conditions()


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"sky": "S1"}, "there is no condition 'sky'"),
        ({"sku": "S4"}, "there is no SKU 'S4'"),
        ({"units": 0}, "the units must be a whole number from 1 to 200"),
        ({"units": 2}, "units need a SKU"),
        ({"units": True}, "the units must be a whole number from 1 to 200"),
        ({"latency": -1}, "latency must be from 0 to 3600 seconds"),
        ({"queryDelay": "1"}, "queryDelay must be from 0 to 3600 seconds"),
        ({"faults": "x"}, "the faults must be a list of at most 100"),
        ({"faults": ["twin-write"]}, "'twin-write' is not a fault"),
        ({"faults": ["twins=500"]}, "'twins=500' is not a fault"),
        ({"faults": ["query=200"]}, "'query=200' is not a fault"),
        ({"faults": ["query=drop@101%"]}, "'query=drop@101%' is not a fault"),
        ({"faults": [7]}, "'7' is not a fault"),
    ],
)
def test_conditions_that_nobody_can_have(document, problem):
    with pytest.raises(Exception, match=problem.replace("*", r"\*")):
        parse_conditions(document)


def test_admission_counts_what_it_did():
    admission = Admission(
        parse_conditions(
            {"sku": "S1", "retryAfter": 3, "latency": 0.5, "faults": ["query=503@40%"]}
        ),
        clock=lambda: 7.0,
        chance=iter([0.5, 0.3]).__next__,
    )
    kind = OperationKind.QUERY
    assert [admission.wait(kind) for _ in range(4)] == pytest.approx([0.5, 3.5, 6.5, 9.5])
    with pytest.raises(HubFault) as caught:
        admission.wait(kind)
    assert (caught.value.status, caught.value.retry_after) == (429, 3)
    assert admission.fault(kind) is None
    assert admission.fault(kind).status == 503
    assert admission.fault(OperationKind.REGISTRY) is None
    assert admission.wait(OperationKind.EVENTS) == 0.5
    assert admission.document()["counts"] == {"query": {"delayed": 3, "refused": 1, "faults": 1}}

    admission.change(Conditions())
    assert [admission.wait(kind), admission.fault(kind)] == [0, None]
    assert admission.document()["counts"] == {}
