"""What the ownership stamp remembers, and what a damaged one still says."""

import base64
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops import limits
from edgeops.jsonvalue import merge_patch
from edgeops.stamp import (
    Stamp,
    decode,
    digest,
    digest_and_paths,
    encode,
    owned_paths,
    patch,
    same_content,
)

paths = st.frozensets(
    st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=6), min_size=1).map(
        tuple
    ),
    max_size=20,
)
stamps = st.builds(
    Stamp,
    fleet=st.text(max_size=10),
    commit=st.none() | st.text(max_size=40),
    digest=st.text(max_size=10),
    protect=st.booleans(),
    owned=paths,
)


@given(stamps)
def test_decode_is_the_inverse_of_encode(stamp):
    assert decode({"edgeops": encode(stamp)}) == stamp


@given(stamps, stamps)
def test_patching_makes_the_tag_exactly_the_new_stamp(old, new):
    tags = {"edgeops": encode(old) | {"foreign": 1}}
    after = merge_patch(tags["edgeops"], patch(tags, new))
    assert after == encode(new)
    assert patch({"edgeops": after}, new) == {}


def test_a_stamp_is_readable_apart_from_its_paths():
    stamp = Stamp("auckland-cbd", "c0ffee", "d1", True, frozenset({("tags", "a")}))
    value = encode(stamp)
    assert value.pop("paths0")
    assert value == {"fleet": "auckland-cbd", "commit": "c0ffee", "digest": "d1", "protect": True}


def test_an_unprotected_stamp_of_nothing_is_short():
    assert encode(Stamp("f", None, "d")) == {"fleet": "f", "digest": "d"}


def test_many_paths_are_split_so_that_each_value_fits_the_hub():
    noise = random.Random(1)
    owned = frozenset(("desired", f"{noise.getrandbits(128):x}") for _ in range(400))
    value = encode(Stamp("f", "c", "d", owned=owned))
    assert len([key for key in value if key.startswith("paths")]) > 1
    assert all(limits.size(item) <= 4000 for item in value.values())
    assert decode({"edgeops": value}).owned == owned


def test_long_pointers_that_pack_well_are_read_back():
    owned = frozenset(("desired", *(str(n) * 1000 for n in range(9)), f"k{n}") for n in range(150))
    value = encode(Stamp("f", "c", "d", owned=owned))
    assert limits.size(value) < limits.TAGS_BYTES
    assert decode({"edgeops": value}).owned == owned


@pytest.mark.parametrize("tags", [{}, {"edgeops": "x"}, {"edgeops": {}}, {"edgeops": {"fleet": 1}}])
def test_without_a_readable_fleet_there_is_no_stamp(tags):
    assert decode(tags) is None


BOMB = base64.b64encode(zlib.compress(b"/a\n" * 10_000_000)).decode()
CUT = base64.b64encode(zlib.compress(b"/tags/a")[:-4]).decode()
NOT_UTF8 = base64.b64encode(zlib.compress(b"/\xff")).decode()


@pytest.mark.parametrize("owned", ["?", "AAAA", "é", BOMB, CUT, NOT_UTF8, 1, None])
def test_a_damaged_stamp_tells_the_fleet_and_owns_nothing(owned):
    stamp = decode({"edgeops": {"fleet": "f", "commit": 1, "digest": [], "paths0": owned}})
    assert stamp == Stamp("f", None, "")


def test_owned_paths_are_the_leaves_of_each_section():
    owned = owned_paths({"tags": {"a": {"b": 1, "c": {}}}, "desired": {}})
    assert owned == {("tags", "a", "b"), ("tags", "a", "c")}
    assert Stamp("f", None, "d", owned=owned).owned_in("tags") == {("a", "b"), ("a", "c")}


def test_the_commit_does_not_count_as_content():
    old, new = Stamp("f", "c1", "d"), Stamp("f", "c2", "d")
    assert same_content(old, new)
    assert not same_content(None, new)
    assert not same_content(old, Stamp("f", "c2", "other"))


def test_digests_do_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": [True]}) == digest({"b": [True], "a": 1})
    assert digest({"a": 1}) != digest({"a": True})


# --- results are remembered; values that differ never share one ---------------------

keys = st.text(max_size=4)
contents = st.dictionaries(
    keys,
    st.dictionaries(
        keys,
        st.recursive(
            st.booleans() | st.sampled_from([0, 1, 1.0, 0.0, "1", ""]) | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
            max_leaves=5,
        ),
        max_size=3,
    ),
    max_size=3,
)


@given(contents)
def test_digest_and_paths_are_those_of_each_alone(content):
    assert digest_and_paths(content) == (digest(content), owned_paths(content))


def test_values_that_python_calls_equal_have_their_own_digests():
    digests = [digest_and_paths({"desired": {"a": value}})[0] for value in (1, True, 1.0, "1", [1])]
    assert len(set(digests)) == len(digests)


def test_changing_an_encoded_stamp_does_not_change_the_next_one():
    stamp = Stamp("f", "c", "d", owned=frozenset({("tags", "a"), ("tags", "b")}))
    first = encode(stamp)
    expected = dict(first)
    first["paths0"] = "changed"
    assert encode(stamp) == expected


@given(paths, paths)
def test_stamps_keep_their_own_paths(a, b):
    first, second = ({"edgeops": encode(Stamp("f", "c", "d", owned=owned))} for owned in (a, b))
    assert (decode(first).owned, decode(second).owned, decode(first).owned) == (a, b, a)


@given(paths)
def test_each_section_has_its_own_paths(owned):
    stamp = Stamp("f", "c", "d", owned=owned)
    sections = {path[0] for path in owned}
    assert {(key, *path) for key in sections for path in stamp.owned_in(key)} == owned
