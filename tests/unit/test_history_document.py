"""Histories in a twin: they fit, and what others wrote there does no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.history import (
    MOST_DEVICES,
    MOST_LEFT,
    MOST_LEFT_CHARACTERS,
    MOST_TARGETS,
    MOST_TOUCHED,
    ApplyHistory,
    ApplyRecord,
    ApplyResult,
    ApplyScope,
    CompleteApply,
)
from edgeops.history_document import KEY, MOST_BYTES, decode, encode, plain_text
from edgeops.limits import DESIRED_BYTES, check_section, size

COMMIT = "0123456789abcdef" * 2 + "01234567"
WHEN = "2026-01-01T00:00:00Z"
FULL = ApplyRecord(
    "20260101T000000Z-1f",
    COMMIT,
    WHEN,
    who="Ada",
    run="https://github.com/o/r/actions/runs/1",
    scope=ApplyScope(("ring=canary",), prune=True, drift_only=True, limited=True, since=COMMIT),
    result=ApplyResult.PARTLY,
    counts={"change": 2, "failed": 1},
    devices=("a", "b"),
)
COMPLETE = CompleteApply(COMMIT, WHEN, "hub.example", "1.0.0", pruned=True, left=("a",))

commits = st.text("0123456789abcdef", min_size=40, max_size=64)
ids = st.text("abcXYZ019-._'$", min_size=1, max_size=128).filter(lambda name: name.strip("."))
texts = st.text(max_size=300).map(plain_text)
scopes = st.builds(
    ApplyScope,
    st.lists(texts, max_size=MOST_TARGETS).map(tuple),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | commits,
)
records = st.builds(
    ApplyRecord,
    st.text("0123456789abcdefTZ-", min_size=1, max_size=40),
    commits,
    st.datetimes().map(lambda when: f"{when:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")),
    texts,
    texts,
    scopes,
    st.sampled_from(ApplyResult),
    st.dictionaries(st.text("abc", min_size=1, max_size=20), st.integers(1, 10**9), max_size=20),
    st.none() | st.lists(ids, max_size=MOST_DEVICES).map(tuple),
)
completes = st.builds(
    CompleteApply,
    commits,
    st.just(WHEN),
    texts,
    texts,
    st.booleans(),
    st.lists(ids, max_size=MOST_LEFT)
    .filter(lambda names: sum(map(len, names)) <= MOST_LEFT_CHARACTERS)
    .map(tuple),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


def history_of(listed, complete=None, touched=()):
    ordered = sorted({record.id: record for record in listed}.values(), key=lambda each: each.id)
    return ApplyHistory("uid", complete, touched if complete else (), tuple(ordered))


def test_everything_comes_back():
    history = history_of([FULL], COMPLETE, (COMMIT,))
    assert decode(encode(history)) == history
    assert decode(encode(ApplyHistory())) == ApplyHistory()
    assert decode({"interval": 60}) is None


@given(
    st.lists(records, min_size=1, max_size=40),
    st.none() | completes,
    st.lists(commits, max_size=MOST_TOUCHED).map(tuple),
)
def test_it_always_fits_and_the_newest_record_stays(listed, complete, touched):
    history = history_of(listed, complete, touched)
    value = encode(history)
    assert size(value) <= MOST_BYTES
    assert list(check_section(value, DESIRED_BYTES)) == []
    kept = decode(value)
    assert kept.records[-1] == history.records[-1]
    assert [each for each in history.records if each in kept.records] == list(kept.records)
    if kept.complete is None:
        assert kept.touched == ()
    else:
        assert (kept.complete, kept.touched) == (history.complete, history.touched)


def test_the_oldest_records_go_and_those_of_running_applies_last():
    listed = [
        ApplyRecord(f"{number:04}", COMMIT, WHEN, who="x" * 80, result=ApplyResult.APPLIED)
        for number in range(200)
    ]
    listed[3] = ApplyRecord("0003", COMMIT, WHEN)
    kept = decode(encode(history_of(listed, COMPLETE)))
    names = [each.id for each in kept.records]
    assert names == ["0003", *(f"{n:04}" for n in range(201 - len(names), 200))]
    assert len(names) > 50
    assert kept.complete == COMPLETE


def test_what_is_not_known_of_running_applies_is_known_of_no_device():
    running = [ApplyRecord(f"{n:04}", COMMIT, WHEN, who="x" * 80) for n in range(200)]
    kept = decode(encode(history_of(running, COMPLETE)))
    assert [each.id for each in kept.records] == ["0199"]
    assert kept.complete is None


@given(anything)
def test_anything_can_be_read(value):
    decode({KEY: value})
    decode({KEY: {"records": value, "complete": value, "uid": value}})
    decode({KEY: {"records": {"1": value}}})


@given(st.data())
def test_one_odd_value_spoils_one_part(data):
    value = encode(history_of([FULL], COMPLETE, (COMMIT,)))
    record, complete = value[KEY]["records"][FULL.id], value[KEY]["complete"]
    part = data.draw(st.sampled_from([record, complete]))
    part[data.draw(st.sampled_from(sorted(part)))] = data.draw(anything)
    found = decode(value)
    encode(found)
    assert found.complete == COMPLETE if part is record else found.records == (FULL,)


@pytest.mark.parametrize(
    "change",
    [
        {"commit": "HEAD"},
        {"commit": "--output=x"},
        {"left": ["a"] * (MOST_LEFT + 1)},
        {"left": ["no/id"]},
        {"touched": None},
        {"touched": [COMMIT, "main"]},
        {"when": "yesterday"},
        {"when": "2026-01-01T00:00:00"},
    ],
)
def test_a_complete_apply_is_taken_as_a_whole_or_not_at_all(change):
    value = encode(history_of([FULL], COMPLETE))
    value[KEY]["complete"] |= change
    assert decode(value).complete is None


def test_text_is_on_one_line_and_short():
    assert plain_text(" Ada\n\x1b[31mLovelace\ud800 ") == "Ada [31mLovelace"
    assert len(plain_text("x" * 1000)) == 300
