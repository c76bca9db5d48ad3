"""The edit of one value in a YAML text: what it changes, what it leaves, when it refuses."""

from difflib import ndiff
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.promotion.edit import set_value

CHECKOUT = Path(__file__).parents[3]
HEAD = "kind: Group\nmetadata: {name: canary}\n"


def set_model(text, group, slot, reference):
    return set_value(text, group, ("models", slot), reference)


def changed(before: str, after: str) -> list[str]:
    """The lines that differ, as `- old` and `+ new`."""
    lines = ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


def lines_of(text: str, slot: str = "crowds", reference: str = "m@1.1.0") -> list[str]:
    return changed(HEAD + text, set_model(HEAD + text, "canary", slot, reference))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("crowds: m@1.0.0", "crowds: m@1.1.0"),
        ("crowds:   m@1.0.0   # the old one", "crowds:   m@1.1.0   # the old one"),
        ("crowds: 'm@1.0.0' #x", "crowds: 'm@1.1.0' #x"),
        ('"crowds" : "m@1.0.0"', '"crowds" : "m@1.1.0"'),
        ("crowds: !!str m@1.0.0", "crowds: !!str m@1.1.0"),
        ("crowds: &now m@1.0.0", "crowds: &now m@1.1.0"),
        ("crowds: null  # emptied", "crowds: m@1.1.0  # emptied"),
        ("crowds:", "crowds: m@1.1.0"),
        ("crowds:  # none", "crowds: m@1.1.0  # none"),
    ],
)
def test_a_value_is_replaced_in_its_style(line, expected):
    text = (
        f"spec:\n  selector: {{}}\n  models:\n    other: n@2.0.0 # kept\n    {line}\n  tags: {{}}\n"
    )
    assert lines_of(text) == [f"-     {line}\n", f"+     {expected}\n"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("models: {crowds: m@1.0.0}", "models: {crowds: m@1.1.0}"),
        ("models: { a: b@1.0.0 ,crowds: m@1.0.0 }", "models: { a: b@1.0.0 ,crowds: m@1.1.0 }"),
        ("models: {a: b@1.0.0}  # one", "models: {a: b@1.0.0, crowds: m@1.1.0}  # one"),
        ("models: {a: b@1.0.0,}", "models: {a: b@1.0.0, crowds: m@1.1.0,}"),
        ("models: {}", "models: {crowds: m@1.1.0}"),
        ("models: &none { }", "models: &none {crowds: m@1.1.0 }"),
    ],
)
def test_a_flow_mapping_stays_on_its_line(line, expected):
    text = f"spec:\n  selector: {{}}\n  {line}\n  tags: {{ring: canary}}\n"
    assert lines_of(text) == [f"-   {line}\n", f"+   {expected}\n"]


def test_a_slot_is_added_after_the_last_one_and_its_comments():
    text = """\
spec:
    models:
        a: >-
            b@1.0.0
        # why b is here

    # why these tags are here
    tags: {ring: canary}
    selector: {}
"""
    after = set_model(HEAD + text, "canary", "crowds", "m@1.1.0")
    where = after.index("        # why b is here\n") + len("        # why b is here\n")
    assert after[where:].startswith("        crowds: m@1.1.0\n\n    # why these")


@pytest.mark.parametrize(
    "end",
    [
        "  desired: {a: 1}\n",
        "  desired:\n    a:\n      b: 1  # deep\n",
        "  desired:\n    a:\n    - 1\n",
    ],
)
def test_models_are_added_at_the_end_of_the_spec(end):
    text = f"spec:\n  selector: {{}}\n{end}# the end\n---\nkind: Device\nmetadata: {{name: d}}\n"
    assert lines_of(text) == ["+   models: {crowds: m@1.1.0}\n"]
    after = set_model(HEAD + text, "canary", "crowds", "m@1.1.0")
    assert f"{end}  models: {{crowds: m@1.1.0}}\n# the end\n---" in after


def test_a_block_of_text_at_the_end_keeps_its_line_breaks():
    text = "spec:\n  selector: {}\n  tags:\n    note: |+\n      two\n\n---\nkind: Fleet\n"
    assert lines_of(text) == ["+   models: {crowds: m@1.1.0}\n"]


def test_a_spec_in_flow_style_gets_models():
    assert lines_of("spec: {selector: {}}\n") == [
        "- spec: {selector: {}}\n",
        "+ spec: {selector: {}, models: {crowds: m@1.1.0}}\n",
    ]


def test_line_ends_and_a_missing_last_one_stay():
    dos = (HEAD + "spec:\n  selector: {}\n  models:\n    a: b@1.0.0").replace("\n", "\r\n")
    assert set_model(dos, "canary", "crowds", "m@1.1.0") == dos + "\r\n    crowds: m@1.1.0"
    signed = "\ufeff" + HEAD + "spec: {selector: {}, models: {crowds: m@1.0.0}}"
    assert set_model(signed, "canary", "crowds", "m@1.1.0") == signed.replace("1.0.0", "1.1.0")


def test_letters_beyond_ascii_do_not_move_the_place():
    spec = "spec:\n  tags: {ort: Kölner Straße 🚶}  # 🚶\n  selector: {}\n"
    text = spec + "  models: {crowds: m@1.0.0}\n"
    assert len(lines_of(text)) == 2


def test_only_the_group_of_that_name_changes():
    spec = "spec: {selector: {}, models: {s: m@1.0.0}}\n---\n"
    text = "".join(
        f"kind: {kind}\nmetadata: {{name: {name}}}\n{spec}"
        for kind, name in (("Device", "canary"), ("Group", "half"), ("Group", "canary"))
    )
    after = set_model(text, "canary", "s", "m@1.1.0")
    assert after == "m@1.1.0".join(text.rsplit("m@1.0.0", 1))


def test_an_alias_is_replaced_where_it_stands():
    text = "spec:\n  selector: {}\n  tags: {now: &now m@1.0.0}\n  models: {crowds: *now}\n"
    assert lines_of(text) == ["-   models: {crowds: *now}\n", "+   models: {crowds: m@1.1.0}\n"]


@pytest.mark.parametrize(
    "models",
    [
        "{crowds: &now m@1.0.0, b: *now}",  # the other slot would change, too
        "*all",
        "{crowds}",  # a key without a colon
    ],
)
def test_a_value_that_cannot_be_changed_alone_is_refused(models):
    text = f"spec:\n  selector: {{}}\n  tags: {{a: &all {{}}}}\n  models: {models}\n"
    with pytest.raises(EdgeOpsError, match="cannot be changed alone") as refused:
        lines_of(text)
    assert "write `crowds: m@1.1.0` by hand" in refused.value.hint


def test_an_unchanged_value_leaves_the_text_byte_for_byte():
    text = HEAD + "spec: {selector: {}, models: { crowds:   m@1.1.0 }}"
    assert set_model(text, "canary", "crowds", "m@1.1.0") is text


@pytest.mark.parametrize("slot", ["42", "true", "-", "1e3"])
def test_a_slot_that_looks_like_something_else_is_quoted(slot):
    assert lines_of("spec:\n  selector: {}\n", slot) == [f'+   models: {{"{slot}": m@1.1.0}}\n']


def test_bad_files_say_what_is_wrong():
    with pytest.raises(EdgeOpsError, match="the file has no Group `canary`"):
        set_model("kind: Group\nmetadata: {name: half}\n", "canary", "s", "m@1.0.0")
    with pytest.raises(EdgeOpsError, match="line 2, column 2: is not YAML"):
        set_model("a: [\n]: b", "canary", "s", "m@1.0.0")
    with pytest.raises(EdgeOpsError, match="duplicate key"):
        set_model("a: 1\na: 2\n", "canary", "s", "m@1.0.0")


@pytest.mark.parametrize(
    "file", sorted((CHECKOUT / "fleet/groups").glob("*.yaml")), ids=lambda f: f.stem
)
def test_groups_of_our_fleet_change_by_one_line(file):
    before = file.read_text()
    after = set_model(before, file.stem, "a-new-slot", "m@1.1.0")
    assert [line[0] for line in changed(before, after) if "a-new-slot" not in line] in ([], ["-"])
    assert sum("a-new-slot: m@1.1.0" in line for line in after.splitlines()) == 1
    again = set_model(after, file.stem, "a-new-slot", "m@1.2.0")
    assert again == after.replace("a-new-slot: m@1.1.0", "a-new-slot: m@1.2.0")
