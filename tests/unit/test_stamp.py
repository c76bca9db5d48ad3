"""What the ownership stamp remembers, and what a damaged one still says."""

import base64
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops import limits
from edgeops.stamp import Stamp, decode, digest, encode, owned_paths, patch, same_content
from edgeops.twin import merge_patch

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
    assert value.pop("owned0")
    assert value == {"fleet": "auckland-cbd", "commit": "c0ffee", "digest": "d1", "protect": True}


def test_an_unprotected_stamp_of_nothing_is_short():
    assert encode(Stamp("f", None, "d")) == {"fleet": "f", "digest": "d"}


def test_many_paths_are_split_so_that_each_value_fits_the_hub():
    noise = random.Random(1)
    owned = frozenset(("desired", f"{noise.getrandbits(128):x}") for _ in range(400))
    value = encode(Stamp("f", "c", "d", owned=owned))
    assert len([key for key in value if key.startswith("owned")]) > 1
    assert all(limits.size(item) <= 4000 for item in value.values())
    assert decode({"edgeops": value}).owned == owned


@pytest.mark.parametrize("tags", [{}, {"edgeops": "x"}, {"edgeops": {}}, {"edgeops": {"fleet": 1}}])
def test_without_a_readable_fleet_there_is_no_stamp(tags):
    assert decode(tags) is None


BOMB = base64.b64encode(zlib.compress(b"/a\n" * 10_000_000)).decode()
CUT = base64.b64encode(zlib.compress(b"/tags/a")[:-4]).decode()
NOT_UTF8 = base64.b64encode(zlib.compress(b"/\xff")).decode()


@pytest.mark.parametrize("owned", ["?", "AAAA", "é", BOMB, CUT, NOT_UTF8, 1, None])
def test_a_damaged_stamp_tells_the_fleet_and_owns_nothing(owned):
    stamp = decode({"edgeops": {"fleet": "f", "commit": 1, "digest": [], "owned0": owned}})
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
