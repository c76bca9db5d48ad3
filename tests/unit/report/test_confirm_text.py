"""The questions before a hub is written."""

from edgeops.plan.model import Action, Change, Plan, Reason
from edgeops.report.confirm_text import of_forgetting, of_plan


def plan(*changes):
    return Plan("f", "production", None, "2026-01-01T00:00:00Z", 5, changes, (), "")


def change(device, action, module=None):
    return Change(device, action, Reason.CHANGED, module)


def test_a_plan_without_changes_needs_no_answer():
    assert of_plan(plan()) is None


def test_changes_need_a_yes():
    question = of_plan(plan(change("a", Action.PATCH_DEVICE)))
    assert (question.text, question.lines, question.answer) == (
        "Write these changes to hub production?",
        (),
        "",
    )
    assert question.summary.startswith("hub production: 0 devices to create, 1 to change,")


def test_deleted_identities_are_named_and_need_the_name_of_the_hub():
    question = of_plan(
        plan(
            change("stays", Action.DELETE_MODULE, "m"),
            change("goes", Action.DELETE_MODULE, "m"),
            change("goes", Action.DELETE_DEVICE),
        )
    )
    asked = "Type the name of the hub (production) to delete 1 device and 1 module:"
    assert (question.text, question.answer) == (asked, "production")
    assert question.lines[1:] == ("    goes, stays/m",)


def test_of_many_deletions_the_first_twenty_are_named():
    many = [change(f"d{number:02}", Action.DELETE_DEVICE) for number in range(30)]
    question = of_plan(plan(*many))
    named = " ".join(question.lines)
    assert "d19" in named
    assert "d20" not in named
    assert named.endswith("and 10 more")
    assert "delete 30 devices:" in question.text


def test_forgetting_names_the_devices():
    question = of_forgetting(["b", "a"], "production")
    assert question.lines == ("    a, b",)
    assert "2 devices on hub production" in question.text
