"""Asks on a terminal before a hub is written; never where nobody can answer."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Collection
from contextlib import suppress
from typing import IO, TYPE_CHECKING

import typer

from edgeops.cli.settings import say
from edgeops.errors import Interrupted, Refused

if TYPE_CHECKING:
    from edgeops.api import Planned
    from edgeops.report.confirm_text import Question

_LOOK_SECONDS = 0.2


def confirm_plan(planned: Planned, *, yes: bool, shown: bool = True) -> None:
    """Ask before a plan is written to a hub other than the local one; `yes` answers.

    With `shown` the plan is on the terminal already, if standard output is. Raises `Refused` if
    the answer is no, and `Interrupted` at Ctrl-C or the end of the input.
    """
    from edgeops.report.confirm_text import of_plan

    plan = planned.plan
    if plan.blocked is None and (question := of_plan(plan)):
        _confirm(question, plan.hub, yes=yes, shown=shown and _is_terminal(sys.stdout))


def confirm_forgetting(devices: Collection[str], hub: str, *, yes: bool) -> None:
    """Ask before devices are let go; as `confirm_plan`."""
    from edgeops.report.confirm_text import of_forgetting

    _confirm(of_forgetting(devices, hub), hub, yes=yes, shown=True)


def _confirm(question: Question, hub: str, *, yes: bool, shown: bool) -> None:
    from edgeops.api.workspace import LOCAL

    # Standard error first: standard output may be data for another program.
    err = _is_terminal(sys.stderr)
    if yes or hub == LOCAL or _is_automation():
        return
    if not (_is_terminal(sys.stdin) and (err or _is_terminal(sys.stdout))):
        return
    for line in (*([] if shown else [question.summary]), *question.lines):
        say(line, err=err)
    text = question.text if question.answer else f"{question.text} [y/N]:"
    answer = _typed_line(f"{text} ", err).strip()
    if question.answer and answer != question.answer:
        raise Refused(f"the answer is not `{question.answer}`: nothing was written")
    if not question.answer and answer.lower() not in ("y", "yes"):
        raise Refused("the answer is not yes: nothing was written")


def _is_automation() -> bool:
    """Whether this is a job of a CI system: some give it a terminal at which nobody sits."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def _is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and stream.isatty()  # None: the shell closed it, as by `<&-`


def _typed_line(prompt: str, err: bool) -> str:
    """The line that is typed after a prompt. Raises `Interrupted` at Ctrl-C or its end."""
    # asyncio's handler of Ctrl-C would wait for the event loop, in which this runs.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    line = ""
    with suppress(KeyboardInterrupt):
        typer.echo(prompt, err=err, nl=False)
        # A signal just before a read would be seen after it only: so look, and look again.
        while not select.select([sys.stdin], [], [], _LOOK_SECONDS)[0]:
            pass
        line = sys.stdin.readline()
    signal.signal(signal.SIGINT, before)
    if not line:
        typer.echo(err=True)
        raise Interrupted("interrupted before the answer: nothing was written")
    return line
