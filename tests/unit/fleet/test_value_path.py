"""Paths of values as people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import UsageError
from edgeops.fleet.value_path import read_path, show_path
from edgeops.jsonvalue import pointer


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("modules.opc.image", ("modules", "opc", "image")),
        ("/modules/opc/image", ("modules", "opc", "image")),
        ('desired."a.b"', ("desired", "a.b")),
        ('desired."a.b".c', ("desired", "a.b", "c")),
        (r'desired."a\"b"', ("desired", 'a"b')),
        ("desired.a b", ("desired", "a b")),
        ("edge.agentImage", ("edge", "agent", "image")),  # its old name
        ("/edge/hubImage", ("edge", "hub", "image")),
        ("/desired/a~1b", ("desired", "a/b")),
    ],
)
def test_both_ways_to_write_a_path(text, path):
    assert read_path(text) == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, "is not a path") for text in ("", ".", "/", "desired.", ".desired", "desired..a")),
        *((text, "is not a path") for text in ('desired."a', 'desired."a"b', 'a"b"', '"".a', "//")),
        ("module.opc.image", "is not a path of a value that a Group sets"),
        ("selector.matchLabels", "is not a path of a value that a Group sets"),
        ("rollout.ring", "is not a path of a value that a Group sets"),
        ("desired", "is not a single value"),
        ("/modules", "is not a single value"),
    ],
)
def test_what_is_not_a_path_says_so(text, message):
    with pytest.raises(UsageError, match=message) as error:
        read_path(text)
    assert error.value.hint


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_every_path_that_is_shown_can_be_given(keys):
    path = ("desired", *keys)
    assert read_path(show_path(path)) == path
    assert read_path(pointer(*path)) == path


@given(st.text() | st.text('".[]/~ad', max_size=12).map("desired{}".format))
def test_any_text_is_a_path_or_an_error(text):
    with contextlib.suppress(UsageError):
        assert len(read_path(text)) > 1
