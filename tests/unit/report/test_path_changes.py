"""What a merge patch changes, path by path: never two lines that look alike."""

import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgeops.fleet.create_options import chunks
from edgeops.jsonvalue import merge_patch, same
from edgeops.plan.edge import content_patch
from edgeops.plan.model import Action, Change, Plan, Reason
from edgeops.report.path_changes import Op, path_changes
from edgeops.report.plan_markdown import markdown
from edgeops.report.plan_text import text
from edgeops.twin import EDGE_AGENT, diff

SETTINGS = "$edgeAgent.modules.m.settings"


def deployment(old, new):
    """The change of one module from settings to others, as a plan has it."""
    live, want = ({"modules": {"m": {"settings": each}}} for each in (old, new))
    owned = {("modules", "m", "settings", key) for key in old}
    patch = content_patch(live, want, {}, owned, EDGE_AGENT, new=False)
    return of(Action.DEPLOY, {EDGE_AGENT: patch}, {EDGE_AGENT: before(live, patch)})


def before(live, patch):
    return {
        key: before(live[key], item)
        if isinstance(item, dict) and isinstance(live[key], dict)
        else live[key]
        for key, item in patch.items()
        if key in live
    }


def of(action, patch, before):
    change = Change("d", action, Reason.CHANGED, patch=patch, before=before)
    return Plan("f", "local", "c0ffee", "2026", 1, (change,), (), "d")


def desired(old, new):
    patch = diff({"x": old}, {"x": new})
    return of(Action.PATCH_DEVICE, {"desired": patch}, {"desired": before({"x": old}, patch)})


def lines(plan):
    """The lines of the diff in Markdown."""
    body = markdown(plan).partition("```diff\n")[2].partition("\n```")[0]
    return body.splitlines()[1:]


def options(**host):
    return {"createOptions": json.dumps({"Cmd": ["--a"] * 40, "HostConfig": host})}


def test_create_options_are_compared_by_path():
    plan = deployment(options(Memory=1, CapAdd=["A"]), options(Privileged=True, CapAdd=["A", "B"]))
    assert lines(plan) == [
        f'+ {SETTINGS}.createOptions.HostConfig.CapAdd[1]: "B"',
        f"- {SETTINGS}.createOptions.HostConfig.Memory: 1",
        f"+ {SETTINGS}.createOptions.HostConfig.Privileged: true",
    ]
    assert f"    + {SETTINGS}.createOptions.HostConfig.Privileged: true\n" in text(plan)


@pytest.mark.parametrize("number", [0, 3, 20, 300])
def test_create_options_in_chunks_are_read_as_one_text(number):
    def settings(memory):
        env = [f"VARIABLE_{n:03}=some text" for n in range(number)]
        return chunks({"Env": env, "HostConfig": {"Memory": memory}})

    shown = lines(deployment(settings(111), settings(222)))
    path = f"{SETTINGS}.createOptions.HostConfig.Memory"
    assert shown == [f"- {path}: 111", f"+ {path}: 222"]


def test_create_options_that_are_not_json_are_cut_around_the_difference():
    old, new = ({"createOptions": "{" + "x" * 900 + word + "y" * 900} for word in ("old", "new"))
    removed, added = lines(deployment(old, new))
    assert ("xxxoldyyy" in removed, "xxxnewyyy" in added) == (True, True)


@pytest.mark.parametrize("levels", [60, 900])
def test_create_options_that_are_nested_too_deeply_are_shown_as_text(levels):
    old, new = (
        {"createOptions": '{"a":' * levels + value + "}" * levels, "image": value}
        for value in ("1", "2")
    )
    shown = [line for line in lines(deployment(old, new)) if "createOptions" in line]
    assert len(set(shown)) == 2


def test_elements_of_lists_are_added_and_removed():
    assert lines(desired(["a", "b", "c"], ["a", "c", "d"])) == [
        '- desired.x[1]: "b"',
        '+ desired.x[2]: "d"',
    ]
    assert lines(desired([{"host": "a", "port": 1}], [{"host": "a", "port": 2}])) == [
        "- desired.x[0].port: 1",
        "+ desired.x[0].port: 2",
    ]


def test_a_long_element_that_moved_is_compared_with_itself():
    long, moved = ({"a": "x" * 900, "privileged": value} for value in (False, True))
    assert lines(desired([long, "a"], ["a", moved])) == [
        "- desired.x[1].privileged: false",
        "+ desired.x[1].privileged: true",
    ]


def test_secrets_stay_masked_and_their_change_is_seen():
    def secret(value):
        env = ["MODE=fast", f"DB_PASSWORD={value}"]
        headers = {"Authorization": value, "apiToken": value, "sharedAccessSignature": value}
        return {"createOptions": json.dumps({"Env": env, "Labels": headers})}

    plan = deployment(secret("hunter2hunter2"), secret("swordfish-99"))
    shown = lines(plan)
    for secret_text in ("hunter2", "swordfish"):
        assert secret_text not in "\n".join(shown) + text(plan) + text(plan, verbose=True)
    assert f'- {SETTINGS}.createOptions.Env[1]: "DB_PASSWORD=***"' in shown
    assert f'+ {SETTINGS}.createOptions.Env[1]: "DB_PASSWORD=***" (another value)' in shown
    assert len(shown) == len(set(shown)) == 8


def secret(version):
    return {"fromEnv": "EDGEOPS_SECRET_ACR", "version": version}


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("***", secret(3), "*** -> secret EDGEOPS_SECRET_ACR (version 3)"),
        (
            secret(2),
            secret(3),
            "secret EDGEOPS_SECRET_ACR (version 2) -> secret EDGEOPS_SECRET_ACR (version 3)",
        ),
        (
            {"user": "u", "fromEnv": "x"},
            secret(1),
            '{"user": "u", "fromEnv": "x"} -> secret EDGEOPS_SECRET_ACR (version 1)',
        ),
        (secret(1), {"user": "u"}, 'secret EDGEOPS_SECRET_ACR (version 1) -> {"user": "u"}'),
    ],
)
def test_a_reference_to_a_secret_is_one_value_shown_in_words(old, new, shown):
    before, patch = {"desired": {"login": old}}, {"desired": {"login": new}}
    written = text(of(Action.PATCH_DEVICE, patch, before))
    assert f"desired.login: {shown} 0 devices" in " ".join(written.split())
    (change,) = path_changes(patch, before, brief=False)
    assert (change.old, change.new) == (old, new)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab\"'\\🙂\u202e", max_size=3)
    | st.sampled_from(["x" * 400 + "1", "x" * 400 + "2", "PASSWORD=hunter22", "PASSWORD=other222"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["a", "b", "password", "c d"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
NO_NULLS = JSON.map(lambda value: merge_patch(None, value)).filter(lambda v: v is not None)
OBJECTS = st.dictionaries(st.sampled_from(["Env", "HostConfig", "a"]), JSON, max_size=3)


@given(OBJECTS, OBJECTS)
@example({"Env": ["x" * 400], "HostConfig": {}}, {"Env": {}, "HostConfig": "x" * 400})
def test_no_two_lines_of_create_options_look_alike(old, new):
    old, new = ({"createOptions": json.dumps(each), "image": "i"} for each in (old, new))
    distinct(deployment(old, new))


@given(NO_NULLS, NO_NULLS)
def test_no_two_lines_of_a_twin_look_alike(old, new):
    if not same(old, new):
        distinct(desired(old, new))


def distinct(plan):
    change = plan.changes[0]
    found = list(path_changes(change.patch, change.before, brief=False))
    assert bool(found) == bool(change.patch.get("desired") or change.patch.get(EDGE_AGENT))
    for shown in (lines(plan), text(plan).splitlines()):
        # Each value has a heading `~`: lines of different values may look alike.
        changed = [line.strip() for line in shown if line.strip()[:1] in {"+", "-", "~"}]
        for one, other in pairwise(changed):
            assert one[0] == other[0] or one[1:] != other[1:]
    assert all(entry.op in Op for entry in found)


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("proxyAuthorization", "12345", "67890"),
        ("key", "-----BEGIN PRIVATE KEY-----\nAAAA", "-----BEGIN PRIVATE KEY-----\nBBBB"),
        ("image", "ghcr.io/example/a:1", "ghcr.io/ex\u0430mple/a:1"),
        ("name", "caf\u00e9", "cafe\u0301"),
        ("name", "\u0430" * 900, "\u0430" * 800 + "a" * 100),
        ("url", "https://u:secret1@h/x", "https://u:secret2@h/x"),
    ],
)
def test_what_is_masked_or_looks_the_same_is_told_apart(key, old, new):
    plan = desired({key: old}, {key: new})
    distinct(plan)
    for shown in ("\n".join(lines(plan)), text(plan)):
        assert shown.count("(another value)") == ("***" in shown)
        assert "\u0430" not in shown
    assert not any(secret in text(plan) for secret in ("12345", "AAAA", "secret1"))
