"""One module as a process: started, watched, restarted, stopped."""

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
from edgeops.localedge.restart import STEADY_SECONDS, restarts
from edgeops.localedge.status import ModuleStatus, RuntimeStatus

SECONDS_TO_END = 10.0  # what a container engine gives, too
_MAX_LINE = 8192


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, and how long to wait before it is started again.

    `environment` is asked before every start and may raise `EdgeOpsError`,
    which counts as a failed start. `folder` is where it runs.
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
    """Keep a program running as its restart policy says; cancelling this stops it.

    Ends by itself when the policy does not start it again.
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
    """The exit code of one run; when cancelled, the process has ended before this returns."""
    process = await asyncio.create_subprocess_exec(
        *program.command,
        env=program.environment(),
        cwd=program.folder,
        stdin=asyncio.subprocess.PIPE,  # closes when we end, whatever ends us
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C must reach us alone: we stop it
    )
    assert process.stdout is not None
    try:
        on_started()
        await _lines(process.stdout, on_line)
        return await process.wait()
    finally:
        await asyncio.shield(_stop(process, process.stdout, on_line))


async def _lines(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    """Every line of a stream; a very long one comes in pieces."""
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
    """End a process that has not ended; its last output is read."""
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
            os.killpg(process.pid, signal.SIGKILL)  # with all that it has started
        await process.wait()
