"""A program on a terminal of its own: what it shows is read, answers and Ctrl-C are typed."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from collections.abc import Mapping, Sequence

CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """One run of a program on a pseudo-terminal; of `edgeops`, without a `program`."""

    def __init__(
        self,
        args: Sequence[str],
        environ: Mapping[str, str] | None = None,
        program: Sequence[str] = (sys.executable, "-m", "edgeops"),
    ) -> None:
        self.shown = ""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execve(program[0], [*program, *args], dict(environ or os.environ))

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Read until a text was shown."""
        end = time.monotonic() + seconds
        while text not in self.shown:
            assert self._read(end), f"{text!r} was not shown: {self.shown}"

    def type(self, text: str, encoding: str = "utf-8") -> None:
        """Type a text; `\\n` is the key Enter."""
        os.write(self._fd, text.encode(encoding))

    def end(self, seconds: float = 60) -> int:
        """The exit code, at the end."""
        end = time.monotonic() + seconds
        while self._read(end):
            pass
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _read(self, end: float) -> bool:
        """Read some more; False at the end of the program."""
        left = end - time.monotonic()
        assert left > 0, f"it goes on: {self.shown[-2000:]}"
        if not select.select([self._fd], [], [], left)[0]:
            return True
        try:
            data = os.read(self._fd, 65_536)
        except OSError:  # how Linux tells the end of a terminal
            return False
        text = data.decode(errors="replace").replace("\a", "")  # without the bell
        self.shown += text.replace("\r\n", "\n")
        return bool(data)
