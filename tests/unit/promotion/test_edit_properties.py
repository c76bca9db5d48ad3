"""Whatever a manifest looks like, an edit changes one line of it and one value in it."""

from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.yaml import load
from edgeops.promotion.edit import set_value

NAMES = ("crowds", "total", "lunch")
GAPS = st.sampled_from(["", "\n", "# a comment\n", "  # an indented comment\n", "\n\n# ünïcode\n"])
ENDS = st.sampled_from(["", "  # why", " #", "   "])
RELEASES = st.sampled_from(["m@1.0.0", "'m@1.0.0'", '"n@2.0.0-rc.1"', "null", "~", ""])


@st.composite
def models(draw, indent):
    """The models of a group, in any style, or nothing."""
    slots = draw(st.lists(st.sampled_from(NAMES), unique=True))
    style = draw(st.sampled_from(["block", "flow", "lines", "none"]))
    pad = " " * indent
    if style == "none" or (style == "block" and not slots):
        return ""
    pairs = [(slot, draw(RELEASES)) for slot in slots]
    if style == "block":
        deep = pad + " " * draw(st.integers(1, 5))
        lines = [f"{deep}{slot}: {release}{draw(ENDS)}\n{draw(GAPS)}" for slot, release in pairs]
        return f"{pad}models:{draw(ENDS)}\n{draw(GAPS)}{''.join(lines)}"
    entries = [f"{slot}: {release or 'null'}" for slot, release in pairs]
    if style == "flow":
        return f"{pad}models: {{ {', '.join(entries)} }}{draw(ENDS)}\n"
    inside = "".join(f"{pad}  {entry},\n" for entry in entries)
    return f"{pad}models: {{\n{inside}{pad}}}\n"


@st.composite
def groups(draw, name):
    indent = draw(st.integers(1, 4))
    pad = " " * indent
    parts = [
        f"{pad}selector: {{matchLabels: {{ring: {name}}}}}{draw(ENDS)}\n",
        f"{pad}tags:\n{pad}  note: |\n{pad}    one\n\n{pad}    two\n"
        if draw(st.booleans())
        else "",
        draw(models(indent)),
        f"{pad}desired:\n{pad}- 1\n".replace("- 1", "  list:\n" + pad + "  - 1") + draw(GAPS),
    ]
    body = "".join(draw(st.permutations(parts)))
    return f"{draw(GAPS)}kind: Group\nmetadata: {{name: {name}}}\n{draw(GAPS)}spec:\n{body}"


@given(
    st.tuples(groups("canary"), groups("half"), groups("all")),
    st.sampled_from(["canary", "half", "all"]),
    st.sampled_from(NAMES),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_one_value_and_one_line_change(documents, group, slot, line_break, ends):
    text = "---\n".join(documents).replace("\n", line_break)
    if not ends and not text.endswith(
        f"two{line_break}"
    ):  # a block of text needs its last line break
        text = text.rstrip()
    after = set_value(text, group, ("models", slot), "m@9.9.9")

    expected = [document.value for document in load("a", text.encode())[0]]
    (wanted,) = [document for document in expected if document["metadata"]["name"] == group]
    wanted["spec"].setdefault("models", {})[slot] = "m@9.9.9"
    assert [document.value for document in load("a", after.encode())[0]] == expected

    pair = (text.splitlines(), after.splitlines())
    edits = [
        (old_end - old, new_end - new)
        for tag, old, old_end, new, new_end in SequenceMatcher(None, *pair, False).get_opcodes()
        if tag != "equal"
    ]
    assert edits in ([(1, 1)], [(0, 1)])
    assert set_value(after, group, ("models", slot), "m@9.9.9") == after
