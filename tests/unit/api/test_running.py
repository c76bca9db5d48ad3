"""Verbs that run in an event loop: called from anywhere, ended in order."""

import asyncio
import os
import signal

import pytest

from edgeops.api import stop_on_interrupt
from edgeops.api.running import complete
from edgeops.errors import Interrupted


async def answer():
    await asyncio.sleep(0)
    return 42


def test_work_is_completed_from_a_program_and_from_a_notebook():
    async def cell_of_a_notebook():
        return complete(answer())

    assert complete(answer()) == 42
    assert asyncio.run(cell_of_a_notebook()) == 42


def test_ctrl_c_is_an_error_that_says_how_to_go_on():
    async def interrupted():
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    with pytest.raises(Interrupted) as raised:
        complete(interrupted(), hint="run it again")
    assert (raised.value.message, raised.value.hint) == ("interrupted", "run it again")


def test_the_first_ctrl_c_asks_to_stop_and_the_second_ends_at_once():
    notes = []

    async def work():
        stop = asyncio.Event()
        with stop_on_interrupt(notes.append)(stop):
            os.kill(os.getpid(), signal.SIGINT)
            await stop.wait()
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()

    with pytest.raises(Interrupted):
        complete(work())
    assert notes == ["interrupted: finishing the devices in flight (Ctrl-C again ends at once)"]
