"""Long work is done in turns: others go on in between, and the work still ends."""

from __future__ import annotations

import asyncio
import time

import pytest

from edgeops.localhub.service.scheduler import Scheduler
from edgeops.localhub.steps import finish


def steps(count, result="done"):
    for _ in range(count):
        yield
    return result


def slow_steps(count, done, name):
    for _ in range(count):
        until = time.perf_counter() + 0.003  # longer than a turn
        while time.perf_counter() < until:
            pass
        done.append(name)
        yield
    return name


def test_steps_at_once_give_their_result():
    assert finish(steps(3)) == "done"
    assert finish(steps(0)) == "done"


def test_short_work_is_done_at_once():
    async def main():
        return await Scheduler().run(steps(3))

    assert asyncio.run(main()) == "done"


def test_between_two_turns_everybody_else_is_served():
    async def main():
        turns, rounds = Scheduler(), 0
        work = asyncio.ensure_future(turns.run(slow_steps(10, [], "a")))
        while not work.done():
            rounds += 1
            await asyncio.sleep(0)
        return rounds

    assert asyncio.run(main()) >= 10


def test_all_who_work_go_on_in_turn_and_share_the_time_of_one():
    async def main():
        turns, done = Scheduler(), []
        await asyncio.gather(*(turns.run(slow_steps(3, done, name)) for name in "abc"))
        return done

    assert asyncio.run(main()) == list("aabcabcbc")


def test_short_work_waits_when_the_time_of_a_round_is_used_up():
    def long(until):
        while time.perf_counter() < until:
            pass
        return True

    async def main():
        turns, done = Scheduler(), []
        turns.begin(long)
        turns.begin(lambda _: done.append("short") or True)
        before = list(done)
        await asyncio.sleep(0)
        return before, done

    assert asyncio.run(main()) == ([], ["short"])


def test_an_error_is_raised_where_the_work_is_awaited():
    def failing():
        yield
        raise ValueError("no")

    async def main():
        turns = Scheduler()
        with pytest.raises(ValueError, match="no"):
            await turns.run(failing())
        return await turns.run(steps(1))

    assert asyncio.run(main()) == "done"


def test_work_that_nobody_waits_for_any_more_is_left():
    ended = []

    def endless():
        try:
            while True:
                time.sleep(0.003)
                yield
        finally:
            ended.append(True)

    async def main():
        turns = Scheduler()
        work = asyncio.ensure_future(turns.run(endless()))
        await asyncio.sleep(0)
        work.cancel()
        await asyncio.wait([work])
        return await turns.run(steps(1))

    assert asyncio.run(main()) == "done"
    assert ended
