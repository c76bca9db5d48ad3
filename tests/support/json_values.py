"""Strategies for small JSON values: few keys, so that two of them meet."""

from hypothesis import strategies as st

keys = st.sampled_from(["a", "b", "c", "d"])
scalars = st.booleans() | st.integers(0, 2) | st.sampled_from(["", "x", 1.0, 0.5])
values = st.recursive(
    scalars | st.lists(scalars, max_size=2),
    lambda inner: st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
sections = st.dictionaries(keys, values, max_size=4)
patches = st.dictionaries(
    keys,
    st.recursive(
        st.none() | scalars, lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=6
    ),
    max_size=4,
)
