"""Runs a module as a process: starts, watches, restarts and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from edgeops.backoff import Backoff
from edgeops.errors import EdgeOpsError
from edgeops.localedge.child import SECONDS_TO_END
from edgeops.localedge.restart import STEADY_SECONDS, restarts
from edgeops.localedge.status import ModuleStatus, RuntimeStatus

_MAX_LINE = 8192


@dataclass(frozen=True, slots=True)
class Program:
    """A command with its environment, restart policy and working directory (`folder`).

    `environment` is called before every start and can raise `EdgeOpsError`, which
    counts as a failed start.
    """

    command: Sequence[str]
    environment: Callable[[], Mapping[str, str]]
    restart_policy: str
    backoff: Backoff
    folder: Path | None = None


async def supervise(
    program: Program,
    on_status: Callable[[ModuleStatus], None],
    on_line: Callable[[str], None],
) -> None:
    """Run a program, restarting it by its policy; cancelling this stops it.

    Returns when the policy does not restart it.
    """
    status = ModuleStatus(RuntimeStatus.UNKNOWN)
    failures = 0
    while True:
        began = time.monotonic()
        status = replace(
            status, runtime=RuntimeStatus.RUNNING, started=time.time(), description="running"
        )
        try:
            code = await _run(program, partial(on_status, status), on_line)
            reason = f"ended with exit code {code}"
        except (EdgeOpsError, OSError, ValueError) as error:
            code, reason = 1, f"cannot be started: {error}"
        status = replace(status, exit_code=code, exited=time.time(), description=reason)
        if not restarts(program.restart_policy, code):
            ended = RuntimeStatus.FAILED if code else RuntimeStatus.STOPPED
            on_status(replace(status, runtime=ended))
            return
        failures = 1 if time.monotonic() - began >= STEADY_SECONDS else failures + 1
        on_status(replace(status, runtime=RuntimeStatus.BACKOFF))
        await asyncio.sleep(program.backoff.limit(failures))
        status = replace(status, restarts=status.restarts + 1)


async def _run(
    program: Program, on_started: Callable[[], None], on_line: Callable[[str], None]
) -> int:
    """The exit code of one run; on cancellation, the process is stopped first."""
    process = await asyncio.create_subprocess_exec(
        *program.command,
        env=program.environment(),
        cwd=program.folder,
        stdin=asyncio.subprocess.PIPE,  # closes when this process ends, even on a crash
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C must reach only this process, which stops it
    )
    assert process.stdout is not None
    try:
        on_started()
        await _lines(process.stdout, on_line)
        return await process.wait()
    finally:
        await asyncio.shield(_stop(process, process.stdout, on_line))


async def _lines(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    """Give every line of a stream to `on_line`; a very long line comes in pieces."""
    rest = b""
    while chunk := await stream.read(_MAX_LINE):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _MAX_LINE:
            lines, rest = [*lines, rest], b""
        for line in lines:
            on_line(line.decode("utf-8", "replace"))
    if rest:
        on_line(rest.decode("utf-8", "replace"))


async def _stop(
    process: asyncio.subprocess.Process,
    output: asyncio.StreamReader,
    on_line: Callable[[str], None],
) -> None:
    """Stop a process if it is running, and read its last output."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(SECONDS_TO_END):
            await _lines(output, on_line)
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with its child processes
        await process.wait()
