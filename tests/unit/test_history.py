"""What a history knows of the devices, whatever syncs did to them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edgeops.history import (
    MOST_LEFT,
    MOST_TOUCHED,
    ApplyHistory,
    ApplyRecord,
    ApplyResult,
    CompleteApply,
    begun,
    ended,
    is_news,
    let_go,
    record_id,
)
from edgeops.history_device import history_device, is_history_device
from edgeops.history_document import decode, encode

START = datetime(2026, 1, 1, tzinfo=UTC)
A, B, C = "a" * 40, "b" * 40, "c" * 40


def record(number, commit, minutes=0, **more):
    when = START + timedelta(minutes=minutes)
    return ApplyRecord(
        record_id(when, f"{number:04}"), commit, f"{when:%Y-%m-%dT%H:%M:%SZ}", **more
    )


def complete(commit, **more):
    return CompleteApply(commit, "2026-01-01T00:00:00Z", "hub", "1", **more)


def applied(history, number, commit, *, all_of_it=True, left=(), minutes=0):
    """The history after a sync that nothing disturbed."""
    begins = record(number, commit, minutes)
    ends = replace(begins, result=ApplyResult.APPLIED)
    known = complete(commit, left=left) if all_of_it else None
    return ended(begun(history, begins), ends, known, before=history, marked=True)


def test_the_device_of_a_fleet():
    assert history_device("cbd") == "edgeops.cbd"
    assert is_history_device("edgeops.cbd")
    assert not is_history_device("edgeops-cbd")


def test_a_complete_apply_is_known_and_a_partial_one_touches():
    history = applied(ApplyHistory(), 1, A)
    assert (history.complete.commit, history.touched) == (A, ())
    history = applied(history, 2, B, all_of_it=False)
    assert (history.complete.commit, history.touched) == (A, (B,))
    history = applied(history, 3, C)
    assert (history.complete.commit, history.touched) == (C, ())
    assert [each.commit for each in history.records] == [A, B, C]


def test_an_apply_that_was_killed_touches_until_it_must_have_ended():
    history = begun(applied(ApplyHistory(), 1, A), record(2, B))
    assert (history.complete.commit, history.touched) == (A, (B,))
    history = applied(history, 3, A, minutes=60)  # git went back: B may still be on devices
    assert (history.complete.commit, history.touched) == (A, (B,))
    history = applied(history, 4, A, minutes=60 * 25)
    assert (history.complete.commit, history.touched) == (A, ())


def test_what_ran_at_the_same_time_is_touched():
    before = applied(ApplyHistory(), 1, A)
    one, other = record(2, B), record(3, C)
    both = begun(begun(before, one), other)
    after_one = ended(
        both, replace(one, result=ApplyResult.APPLIED), complete(B), before=before, marked=True
    )
    assert (after_one.complete.commit, after_one.touched) == (B, (C,))
    after = ended(
        after_one,
        replace(other, result=ApplyResult.APPLIED),
        complete(C),
        before=before,
        marked=True,
    )
    assert (after.complete.commit, after.touched) == (C, (B,))


def test_what_another_complete_apply_left_is_left():
    before = applied(ApplyHistory(), 1, A)
    one, other = record(2, B), record(3, B)
    both = begun(begun(before, one), other)
    after_one = ended(both, one, complete(B, left=("d1",)), before=before, marked=True)
    after = ended(after_one, other, complete(B, left=("d2",)), before=before, marked=True)
    assert after.complete.left == ("d2", "d1")


def test_an_apply_whose_beginning_was_lost_is_not_complete():
    before = applied(ApplyHistory(), 1, A)
    after = ended(before, record(2, B), complete(B), before=before, marked=True)
    assert (after.complete.commit, after.touched) == (A, (B,))


@pytest.mark.parametrize(
    "left",
    [
        tuple(f"d{number}" for number in range(MOST_LEFT + 1)),
        tuple(f"{number:0128}" for number in range(100)),
    ],
    ids=["many", "long"],
)
def test_an_apply_that_left_many_devices_is_not_complete(left):
    history = applied(applied(ApplyHistory(), 1, A), 2, B, left=left)
    assert (history.complete.commit, history.touched) == (A, (B,))


def test_after_too_many_other_commits_nothing_is_known():
    history = applied(ApplyHistory(), 0, A)
    for number in range(MOST_TOUCHED):
        history = applied(history, number + 1, f"{number:040x}", all_of_it=False)
    assert history.complete.commit == A
    history = applied(history, MOST_TOUCHED + 1, B, all_of_it=False)
    assert (history.complete, history.touched) == (None, ())


def test_nothing_is_news_after_the_same_apply():
    history = applied(ApplyHistory(), 1, A)
    for after, news in (
        (applied(history, 2, A, minutes=9), False),
        (applied(history, 2, B), True),
        (applied(history, 2, A, left=("d1",)), True),
        (begun(history, record(2, B)), True),
        (begun(history, record(2, A)), False),
    ):
        assert is_news(history, after) is news


def test_a_fleet_stays_pruned_while_its_commit_stays():
    pruned = complete(A, pruned=True)
    before = ended(ApplyHistory(), record(1, A), pruned, before=ApplyHistory(), marked=False)
    again = applied(before, 2, A)
    assert again.complete.pruned
    assert not applied(before, 2, B).complete.pruned
    touched = applied(before, 2, B, all_of_it=False)  # may have created devices
    assert not applied(touched, 3, A).complete.pruned


def test_a_device_that_was_let_go_is_looked_at_again():
    before = applied(ApplyHistory(), 1, A, left=("d1",))
    assert let_go(before, ["d2", "d1"]).complete.left == ("d1", "d2")
    assert let_go(ApplyHistory(), ["d2"]) == ApplyHistory()
    many = [f"d{number}" for number in range(MOST_LEFT + 1)]
    assert let_go(before, many).complete is None


def test_it_belongs_to_the_repository_with_its_uid():
    assert ApplyHistory(uid="u1").of_repository("u1")
    assert not ApplyHistory(uid="u1").of_repository("u2")
    assert not ApplyHistory(uid="u1").of_repository(None)
    assert ApplyHistory().of_repository("u1")


DEVICES = ("d0", "d1", "d2")


class Syncs(RuleBasedStateMachine):
    """Syncs of three devices with two values each: complete, in part, at once, and killed.

    Whatever they did, the devices that differ from a commit are those that `--since-last` reads.
    """

    def __init__(self):
        super().__init__()
        self.stored = encode(applied(ApplyHistory(), 0, A))
        self.minutes = self.number = 0
        self.runs = []

    @initialize(values=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=6,
                                max_size=6))  # fmt: skip
    def commits(self, values):
        one, other = (dict(zip(DEVICES, part, strict=True)) for part in (values[:3], values[3:]))
        self.git = {A: dict.fromkeys(DEVICES, (0, 0)), B: one, C: other}
        self.hub = dict(self.git[A])

    def since(self, history, commit):
        """The devices that `--since-last` reads, as edgeops.api.since_last finds them."""
        if history.complete is None:
            return set(DEVICES)
        bases = (history.complete.commit, *history.touched)
        return set(history.complete.left) | {
            name
            for name in DEVICES
            for base in bases
            if self.git[base][name] != self.git[commit][name]
        }

    @precondition(lambda self: len(self.runs) < 3)
    @rule(
        commit=st.sampled_from((A, B, C)),
        kind=st.sampled_from(["all", "since", "target"]),
        device=st.sampled_from(DEVICES),
        steps=st.integers(0, 3),
    )
    def begin(self, commit, kind, device, steps):
        self.number += 1
        run = Run(record(self.number, commit, self.minutes), kind, device, decode(self.stored))
        self.runs.append(run)
        for _ in range(steps):
            self.step(run)

    @precondition(lambda self: self.runs)
    @rule(pick=st.integers(0, 2), hows=st.lists(st.sampled_from(["whole", "half", "not"])))
    def go_on(self, pick, hows):
        run = self.runs[pick % len(self.runs)]
        for how in hows or ["whole"]:
            self.step(run, how)

    @precondition(lambda self: self.runs)
    @rule(pick=st.integers(0, 2))
    def complete(self, pick):
        run = self.runs[pick % len(self.runs)]
        while run in self.runs:
            self.step(run)

    @precondition(lambda self: self.runs)
    @rule(pick=st.integers(0, 2))
    def kill(self, pick):
        self.runs.pop(pick % len(self.runs))

    @precondition(lambda self: not self.runs)
    @rule()
    def wait(self):
        self.minutes += 60 * 25

    def step(self, run, how="whole"):
        """What a sync does next: read, record its beginning, write a device, record its end."""
        wants = self.git[run.record.commit]
        if run.plan is None:
            covered = {"all": set(DEVICES), "target": {run.device}}.get(run.kind)
            covered = covered or self.since(run.before, run.record.commit)
            run.plan = [
                name for name in DEVICES if name in covered and self.hub[name] != wants[name]
            ]
        elif run.plan and not run.marked:
            run.marked = True
            self.stored = encode(begun(decode(self.stored), run.record))
        elif run.plan:
            name = run.plan.pop()
            if how == "whole":
                self.hub[name] = wants[name]
            else:
                run.left.add(name)
            if how == "half":
                self.hub[name] = (wants[name][0], self.hub[name][1])
        elif run in self.runs:
            self.runs.remove(run)
            known = complete(run.record.commit, left=tuple(sorted(run.left)))
            self.stored = encode(
                ended(
                    decode(self.stored),
                    replace(run.record, result=ApplyResult.APPLIED),
                    None if run.kind == "target" else known,
                    before=run.before,
                    marked=run.marked,
                )
            )

    @invariant()
    def every_device_that_differs_is_read(self):
        for commit, wants in self.git.items():
            differs = {name for name in DEVICES if self.hub[name] != wants[name]}
            assert differs <= self.since(decode(self.stored), commit)


@dataclass
class Run:
    record: ApplyRecord
    kind: str
    device: str
    before: ApplyHistory
    plan: list | None = None
    marked: bool = False
    left: set = field(default_factory=set)


TestSyncs = pytest.mark.slow(Syncs.TestCase)
TestSyncs.settings = settings(stateful_step_count=30)
