"""The error every command knows how to show.

Three kinds of "wrong" are told apart: a *problem* (the input; a value, all are
reported), an *outcome* (one device failed, the rest goes on; a value), and an
*error* (the command cannot do its job; these exceptions).
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of edgeops ends with."""

    DONE = 0
    ERROR = 1
    CHANGES = 2  # of a dry run alone, and where it was asked for
    INVALID = 3
    PARTLY = 4
    REFUSED = 5
    USAGE = 64
    INTERRUPTED = 130


class EdgeOpsError(Exception):
    """The command cannot do its job.

    `message` says what is wrong, `hint` what to do next; `exit_code` is what
    the process ends with. Neither text ever holds a secret.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidState(EdgeOpsError):
    """The desired state in git is not valid; the problems were listed."""

    exit_code = ExitCode.INVALID


class PartlyApplied(EdgeOpsError):
    """Some devices were written, others failed; the outcomes were listed."""

    exit_code = ExitCode.PARTLY


class Refused(EdgeOpsError):
    """A guard said no: stale plan, budget, protection. Nothing was written for what it guards."""

    exit_code = ExitCode.REFUSED


class UsageError(EdgeOpsError):
    """The command line is not valid."""

    exit_code = ExitCode.USAGE


class Interrupted(EdgeOpsError):
    """Ctrl-C ended the command."""

    exit_code = ExitCode.INTERRUPTED
