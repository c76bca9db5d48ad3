"""The JSON form of a plan: valid, without secrets, and good to hold against a later one."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from edgeops.errors import EdgeOpsError, Refused
from edgeops.plan.document import check_fresh, read_saved, to_json
from edgeops.plan.model import Action, Blocked, Change, Plan, PlanOptions, Reason, Refusal
from edgeops.plan.plan import changes_digest
from edgeops.secret_reference import Secret

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/plan.schema.json").read_text())

PATCH = Change(
    "d1",
    Action.PATCH_DEVICE,
    Reason.CHANGED,
    patch={"desired": {"interval": 30, "password": "hunter2"}},
    before={"desired": {"interval": 60}},
    stamp={"commit": "c2"},
    etag="AAAA",
)
MODULE = Change("d2", Action.PATCH_MODULE, Reason.DRIFT, module="m", patch={"desired": {"a": 1}})
CREATE = Change("d3", Action.CREATE_DEVICE, Reason.NEW)
DELETE = Change("d4", Action.DELETE_DEVICE, Reason.REMOVED)


def plan(*changes, **fields):
    made = Plan(
        fleet="f",
        hub="local",
        commit="c2",
        created_at="2026-01-01T00:00:00Z",
        devices=9,
        changes=changes,
        refusals=(Refusal("d9", "is not on the hub"),),
        digest=changes_digest(changes),
        options=PlanOptions(targets=("ring=canary",), create=True, only=frozenset({"b", "a"})),
    )
    return replace(made, **fields)


PLAN = plan(PATCH, MODULE, CREATE, DELETE)


def test_the_document_is_as_its_schema_says():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(to_json(PLAN))
    actions = SCHEMA["$defs"]["change"]["properties"]["action"]["enum"]
    reasons = SCHEMA["$defs"]["change"]["properties"]["reason"]["enum"]
    assert (actions, reasons) == (list(Action), list(Reason))


def test_the_summary_counts_devices():
    assert to_json(PLAN)["summary"] == {
        "create": 1,
        "change": 2,
        "delete": 1,
        "refused": 1,
        "inSync": 5,
        "waiting": 0,
        "paused": 0,
    }


def test_secrets_are_masked_and_stamps_left_out():
    change = to_json(PLAN)["changes"][0]
    assert change["patch"] == {"desired": {"interval": 30, "password": "***"}}
    assert "stamp" not in change
    assert "hunter2" not in json.dumps(to_json(PLAN))


def test_a_saved_plan_is_read_back_for_planning_again():
    saved = read_saved(json.dumps(to_json(PLAN)), SCHEMA)
    assert (saved.fleet, saved.hub, saved.commit) == ("f", "local", "c2")
    assert saved.options == PLAN.options
    assert saved.digest == PLAN.digest
    check_fresh(saved, PLAN)


def test_new_etags_and_reasons_do_not_make_a_plan_stale():
    again = plan(replace(PATCH, etag="BBBB", reason=Reason.DRIFT), MODULE, CREATE, DELETE)
    check_fresh(read_saved(json.dumps(to_json(PLAN)), SCHEMA), again)


def test_a_stale_plan_says_what_differs():
    saved = read_saved(json.dumps(to_json(PLAN)), SCHEMA)
    later = plan(
        replace(PATCH, patch={"desired": {"interval": 10}}), CREATE, replace(MODULE, module="n")
    )
    with pytest.raises(Refused) as error:
        check_fresh(saved, later)
    assert error.value.message == (
        "the saved plan is stale: patch-module d2/m is no longer needed;"
        " delete-device d4 is no longer needed; patch-module d2/n is needed now;"
        " patch-device d1 would write other values"
    )


def test_access_to_another_store_makes_a_plan_stale():
    saved = read_saved(json.dumps(to_json(PLAN)), SCHEMA)
    with pytest.raises(Refused, match="artifact stores that devices may get read access to differ"):
        check_fresh(saved, replace(PLAN, access=("azure-blob",)))


def test_a_long_list_of_differences_is_cut():
    saved = read_saved(
        json.dumps(to_json(plan(*(replace(CREATE, device=f"x{n}") for n in range(8))))), SCHEMA
    )
    with pytest.raises(Refused, match="and 3 more"):
        check_fresh(saved, plan())


def test_another_secret_is_found_though_masked():
    saved = read_saved(json.dumps(to_json(plan(PATCH))), SCHEMA)
    other = replace(PATCH, patch={"desired": {"interval": 30, "password": "hunter3"}})
    with pytest.raises(Refused, match="a masked value has changed"):
        check_fresh(saved, plan(other))


def test_a_saved_plan_that_was_edited_is_refused():
    document = to_json(PLAN)
    del document["changes"][3]
    with pytest.raises(Refused, match="delete-device d4 is needed now"):
        check_fresh(read_saved(json.dumps(document), SCHEMA), PLAN)


@pytest.mark.parametrize("field", ["fleet", "hub", "commit"])
def test_a_plan_for_something_else_is_refused(field):
    saved = read_saved(json.dumps(to_json(PLAN)), SCHEMA)
    with pytest.raises(Refused, match=f"is for the {field}"):
        check_fresh(saved, replace(PLAN, **{field: "other"}))


GOOD = to_json(PLAN)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 100_000,
        "[]",
        "{}",
        json.dumps(GOOD | {"apiVersion": "edgeops/v9"}),
        json.dumps(GOOD | {"options": None}),
        json.dumps(GOOD | {"digest": 1}),
        json.dumps({key: value for key, value in GOOD.items() if key != "hub"}),
        json.dumps({key: value for key, value in GOOD.items() if key != "access"}),
        json.dumps(GOOD | {"options": GOOD["options"] | {"targets": [1]}}),
        json.dumps(GOOD | {"changes": [1]}),
        json.dumps(GOOD | {"changes": [{"device": "d"}]}),
    ],
)
def test_a_file_that_is_not_a_saved_plan_is_a_clear_error(text):
    with pytest.raises(EdgeOpsError, match="this is not a saved plan: "):
        read_saved(text, SCHEMA)


def test_a_blocked_plan_is_valid_and_never_written():
    blocked = replace(PLAN, blocked=Blocked("deletes too much", "check the revision"))
    document = to_json(blocked)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    saved = read_saved(json.dumps(document), SCHEMA)
    for now in (blocked, PLAN):  # also where the limit would allow it today
        with pytest.raises(Refused, match="was refused: deletes too much"):
            check_fresh(saved, now)


ACR = {"fromEnv": "EDGEOPS_SECRET_ACR", "version": 3}


def test_a_secret_is_shown_by_its_name_wherever_it_stands():
    nested = replace(PATCH, patch={"desired": {"password": ACR, "login": {"password": ACR}}})
    (change,) = to_json(plan(nested))["changes"]
    words = "secret EDGEOPS_SECRET_ACR (version 3)"
    assert change["patch"] == {"desired": {"password": words, "login": {"password": words}}}


def test_a_saved_plan_with_a_secret_is_fresh_until_its_version_changes():
    then = plan(replace(PATCH, patch={"desired": {"password": ACR}}))
    saved = read_saved(json.dumps(to_json(then)), SCHEMA)
    check_fresh(saved, then)
    newer = {**ACR, "version": 4}
    with pytest.raises(Refused, match="patch-device d1 would write other values"):
        check_fresh(saved, plan(replace(PATCH, patch={"desired": {"password": newer}})))


def test_the_secrets_that_were_not_compared():
    document = to_json(plan(not_compared=((Secret("EDGEOPS_SECRET_ACR", 3), 12),)))
    jsonschema.validate(document, SCHEMA)
    assert document["notCompared"] == [
        {"variable": "EDGEOPS_SECRET_ACR", "version": 3, "devices": 12}
    ]
