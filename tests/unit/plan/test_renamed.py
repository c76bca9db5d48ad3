"""The note about devices that may have been renamed."""

from edgeops.plan.model import Action, Change, Reason
from edgeops.plan.renamed import rename_notes


def notes(*actions):
    return list(rename_notes([Change("d", action, Reason.NEW) for action in actions]))


def test_a_plan_that_deletes_and_creates_says_what_a_renamed_device_loses():
    (note,) = notes(Action.CREATE_DEVICE, Action.DELETE_DEVICE)
    assert "its keys, reported properties and waiting messages are lost" in note


def test_other_plans_say_nothing():
    assert notes(Action.CREATE_DEVICE, Action.DELETE_MODULE) == []
    assert notes(Action.DELETE_DEVICE, Action.PATCH_DEVICE) == []
