"""Whatever a Group looks like: an edit of any value changes that one alone, or is refused."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.fleet.yaml import load
from edgeops.jsonvalue import same
from edgeops.promotion.edit import set_value
from edgeops.promotion.value import Absent, value_in

KEYS = st.sampled_from(["a", "b", "a.b", "on", "1.10", "-", "x y", "é", "image", "#", "a: b"])
TEXTS = st.one_of(
    st.sampled_from(
        ["1.10", "on", "0612", "null", "~", "a: b", "a #b", "- a", "", "'", '"', "opc:2"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6),
    st.sampled_from(
        ["two\nlines", "end\n", "\ttab", "a, b", "{x}", "[y", "*z", "&z", "!z", "%", "@"]
    ),
)
SCALARS = st.one_of(
    TEXTS, st.integers(-9, 10**9), st.booleans(), st.none(), st.sampled_from([0.5, 1e20])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
LAYERS = st.dictionaries(
    st.sampled_from(["desired", "tags", "modules"]),
    st.dictionaries(KEYS, VALUES, max_size=3),
    max_size=3,
)
COMMENTS = st.sampled_from(["", "  # why", " #"])
GAPS = st.sampled_from(["", "\n", "# at the margin\n"])


def scalar(draw, value):
    if isinstance(value, str) and value in ("image", "opc:2", "é") and draw(st.booleans()):
        return value
    if isinstance(value, str) and "\n" not in value and draw(st.booleans()):
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value, ensure_ascii=False)


def flow(draw, value):
    if isinstance(value, dict) and value:
        return "{" + ", ".join(f"{json.dumps(k)}: {flow(draw, v)}" for k, v in value.items()) + "}"
    if isinstance(value, list) and value:
        return "[ " + ", ".join(flow(draw, item) for item in value) + " ]"
    return scalar(draw, value)


def lines(draw, value, pad):
    """A value after its key, in any style."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 3)) == 0:
        return f" {flow(draw, value)}{draw(COMMENTS)}\n{draw(GAPS)}"
    text = f"{draw(COMMENTS)}\n{draw(GAPS)}"
    if isinstance(value, list):
        deep = pad + " " * draw(st.integers(0, 2))
        return text + "".join(f"{deep}- {flow(draw, item)}\n" for item in value)
    deep = pad + " " * draw(st.integers(1, 3))
    return text + "".join(
        f"{deep}{json.dumps(key)}:{lines(draw, item, deep)}" for key, item in value.items()
    )


@st.composite
def manifests(draw):
    """The text of a file with two groups, and the layer of `canary`."""
    layer = draw(LAYERS)
    pad = " " * draw(st.integers(1, 3))
    texts = []
    for name, value in (("canary", layer), ("half", draw(LAYERS))):
        body = "".join(f"{pad}{key}:{lines(draw, part, pad)}" for key, part in value.items())
        texts.append(f"kind: Group\nmetadata: {{name: {name}}}\nspec:\n{pad}selector: {{}}\n{body}")
    return "---\n".join(texts), layer


PATHS = st.builds(
    lambda part, keys: (part, *keys),
    st.sampled_from(["desired", "tags", "modules"]),
    st.lists(KEYS, min_size=1, max_size=3),
)


@given(manifests(), PATHS, VALUES, st.sampled_from(["\n", "\r\n"]))
def test_one_value_changes_and_no_line_of_another_does(manifest, path, value, line_break):
    text = manifest[0].replace("\n", line_break)
    documents, problems = load("a", text.encode())
    assume(not problems)
    expected = [json.loads(json.dumps(document.value)) for document in documents]
    spec = expected[0]["spec"]
    before = value_in(spec, path)
    try:
        after = set_value(text, "canary", path, value)
    except EdgeOpsError:
        assert before is Absent.REMOVED  # a parent is not an object
        return
    for key in path[:-1]:
        spec = spec.setdefault(key, {})
    spec[path[-1]] = value
    done = [document.value for document in load("a", after.encode())[0]]
    assert same(done, expected)
    if same(before, value):
        assert after == text
    head, tail = text.split("---", 1)
    assert after.endswith(f"---{tail}")  # the other group
    kept = [line for line in head.split(line_break) if line and "#" not in line]
    if not isinstance(before, dict | list):
        lost = [line for line in kept if line not in after]
        assert len(lost) <= 1
    assert set_value(after, "canary", path, value) == after


def test_a_list_may_stand_below_its_key_in_the_same_column():
    head = "kind: Group\nmetadata: {name: canary}\nspec:\n  selector: {}\n"
    text = f"{head}  desired:\n    a:\n    - 1\n"
    assert set_value(text, "canary", ("desired", "a"), [2]) == text.replace("- 1", "- 2")
    with pytest.raises(EdgeOpsError):
        set_value(text, "canary", ("desired", "a", "b"), 2)
