"""The gate that every model has: devices forecast what was judged."""

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.evaluate.gates import check_gates, verdicts
from edgeops.training.evaluate.on_device import OnDevice, with_device
from edgeops.training.evaluate.scorecard import Scorecard

METRICS = {"wape": 0.07}


def card(gates):
    return Scorecard("m", ("total",), 1, (0.5,), {}, {}, METRICS, verdicts(gates, METRICS))


def judged(device, gates):
    return with_device(card(gates), gates, device)


def test_a_model_without_gates_has_this_one():
    scorecard = judged(OnDevice(24, 3e-7), {})
    (verdict,) = scorecard.gates
    assert verdict.passed
    assert verdict.reason == (
        "device_difference is 3e-07, at most 0.0001: 24 forecasts of the modules' own code"
    )
    assert scorecard.metrics == {"wape": 0.07, "device_difference": 3e-7}
    assert "1 forecast of" in judged(OnDevice(1, 3e-7), {}).gates[0].reason


@pytest.mark.parametrize("gate", [{"max": 1e-8}, {"min": 0}, [0, 1e-4], {"max": 1}])
def test_a_gate_of_the_model_is_as_strict_or_stricter(gate):
    scorecard = judged(
        OnDevice(24, 0.3, "step 1 of `total` is 13, evaluated 10"),
        {
            "device_difference": gate,
            "wape": {"max": 0.1},
        },
    )
    of_device = {each.gate: each for each in scorecard.gates}["device_difference"]
    assert not of_device.passed
    assert of_device.reason.endswith(": step 1 of `total` is 13, evaluated 10")
    assert len(scorecard.gates) == 2
    assert not scorecard.passed


def test_a_device_that_makes_no_forecast_says_why():
    scorecard = judged(OnDevice(0, None, "a device refuses the model: it is too new"), {})
    assert scorecard.gates[0].reason == (
        "device_difference has no value: a device refuses the model: it is too new"
    )
    assert scorecard.metrics == METRICS
    assert not scorecard.passed


def test_no_model_can_allow_more():
    check_gates({"device_difference": {"max": 1e-6}}, (), (0.5,), ())
    with pytest.raises(EdgeOpsError, match=r"of every model, it is at most 0\.0001"):
        check_gates({"device_difference": {"max": 0.1}}, (), (0.5,), ())
