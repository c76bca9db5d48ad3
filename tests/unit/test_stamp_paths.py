"""Owned paths as a short text: what is read back, what is hashed, and what damage costs."""

import base64
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.jsonvalue import leaves
from edgeops.stamp_paths import pack, resolved, shortened, united, unpack

keys = st.text(st.sampled_from("a\t\n\\n~/ é$"), max_size=4)
trees = st.recursive(
    st.just(0), lambda inner: st.dictionaries(keys, inner, min_size=1, max_size=4), max_leaves=12
)
ENV = ("$edgeAgent", "modules", "m", "env")


def paths_of(tree):
    return frozenset(path for path, _ in leaves(tree) if path)


def environment(names):
    return frozenset((*ENV, name, "value") for name in names)


def names(count, seed=1):
    noise = random.Random(seed)
    return [f"{noise.getrandbits(96):X}" for _ in range(count)]


def live_of(names):
    return {"$edgeAgent": {"modules": {"m": {"env": {name: {"value": 1} for name in names}}}}}


@given(trees)
def test_any_keys_are_read_back(tree):
    assert unpack(pack(paths_of(tree))) == paths_of(tree)


@given(st.lists(trees, min_size=2, max_size=3))
def test_paths_that_are_also_parents_of_others_are_read_back(several):
    paths = frozenset().union(*map(paths_of, several))
    assert unpack(pack(paths)) == paths


@pytest.mark.parametrize(
    "key", ["\t", "\n", "\\", "\\n", "\\\n", "\\\\t", "a\tb\nc\\d", "", "\\\\"]
)
def test_a_key_with_signs_of_the_text_itself(key):
    paths = frozenset({("tags", key), ("tags", "z", key), (key, "a"), (key, "b")})
    assert unpack(pack(paths)) == paths


def packed(text):
    return base64.b64encode(zlib.compress(text)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "?",
        "AAAA",
        "é",
        packed(b"tags\n\ta")[:-8],
        packed(b"\xff"),
        packed(b"tags\n\t\ta"),
        packed(b"a\n" * 10_000_000),
    ],
)
def test_a_damaged_text_owns_nothing(text):
    assert unpack(text) == frozenset()


# --- hashes -----------------------------------------------------------------------


def test_short_lists_are_kept_as_they_are():
    paths = environment(names(40))
    assert shortened(paths) == paths


def test_long_lists_are_hashed_and_found_again_among_what_the_device_has():
    ours, theirs = names(400), names(400, seed=2)
    paths = environment(ours) | {("tags", "a")}
    short = shortened(paths)
    assert len(pack(short)) < len(pack(paths)) / 3
    assert resolved(short, live_of([*ours, *theirs])) == paths
    assert resolved(short, live_of([*ours[5:], *theirs])) == environment(ours[5:]) | {("tags", "a")}
    assert resolved(short, {"$edgeAgent": {"modules": {"m": 1}}}) == {("tags", "a")}
    assert unpack(pack(short)) == short


@pytest.mark.parametrize("count", [1, 400])
def test_two_lists_are_united_by_object(count):
    before, after = names(400), [*names(400)[3:], *names(3, seed=3)]
    both = united(shortened(environment(before)), shortened(environment(after)))
    assert resolved(both, live_of([*before, *after])) == environment({*before, *after})
    few = environment(after[-count:])
    assert len(united(shortened(environment(before)), few)) == 1
    assert united(few, shortened(environment(before))) == united(
        shortened(environment(before)), few
    )


@given(trees, trees)
def test_lists_without_hashes_are_simply_united(one, other):
    assert united(paths_of(one), paths_of(other)) == paths_of(one) | paths_of(other)
