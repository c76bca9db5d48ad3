"""createOptions are joined from their chunks and parsed as IoT Edge parses them."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.adopt.options import BadOptions, joined, kept

OPTIONS = {"HostConfig": {"Binds": ["/a:/b"], "Memory": 5}, "Env": ['A="x"', "B={}"]}


@given(st.lists(st.integers(0, 80), max_size=12), st.booleans())
def test_chunks_are_joined(cuts, upper):
    text = json.dumps(OPTIONS)
    parts = [text[start:end] for start, end in pairwise([0, *sorted(cuts), len(text)])]
    name = "CREATEOPTIONS" if upper else "createOptions"
    settings = {f"{name}{i:02}" if i else name: part for i, part in enumerate(parts)}
    shuffled = dict(sorted(settings.items(), reverse=True))
    assert joined({"image": "x", **shuffled}) == {"image": "x", "createOptions": OPTIONS}


@pytest.mark.parametrize("options", ["", "  ", "{}", "null", None, {}])
def test_nothing_is_an_empty_object(options):
    assert joined({"createOptions": options}) == {"createOptions": {}}


def test_settings_without_create_options_stay():
    assert joined({"image": "x"}) == {"image": "x"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"createOptions": "[1]"}, "are not a JSON object"),
        ({"createOptions": "{"}, "(line 1, column 2 of the text)"),
        ({"createOptions": "{", "createOptions02": "}"}, "have the part `createOptions02`"),
        ({"createOptions01": "{}"}, "have the part `createOptions01`"),
        ({"createOptions": "{", "createOptions01": 5}, "that is not a text"),
    ],
)
def test_what_iot_edge_refuses_is_told_and_kept(settings, message):
    with pytest.raises(BadOptions) as error:
        joined(settings)
    assert message in str(error.value)
    text = "".join(part for part in settings.values() if isinstance(part, str))
    assert kept({"image": "x", **settings}) == {"image": "x", "createOptionsText": text}
