"""Semantic versions: their order, and the next one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.artifacts.version import next_version, precedence
from edgeops.errors import UsageError

# The example of semver.org, section 11, and more.
IN_ORDER = [
    "0.9.10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.10",
    "1.2.0",
    "1.10.0-0",
    "1.10.0",
    "10.0.0",
]


@given(st.permutations(IN_ORDER))
def test_versions_sort_as_semver_says(versions):
    assert sorted(versions, key=precedence) == IN_ORDER


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0 ", "1.0.0\n", "latest"]
)
def test_texts_that_are_not_versions_are_refused(text):
    with pytest.raises(UsageError, match="is not a version"):
        precedence(text)


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        ([], "1.0.0"),
        (["1.0.0"], "1.1.0"),
        (["1.9.3", "1.10.1", "0.1.0"], "1.11.0"),
        (["1.0.0", "1.1.0-rc.1"], "1.1.0"),
        (["2.0.0", "2.0.0-rc.1"], "2.1.0"),
    ],
)
def test_the_next_version(existing, expected):
    assert next_version(existing) == expected
