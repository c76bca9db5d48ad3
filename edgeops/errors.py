"""The errors that end a command.

There are three kinds of failure: a *problem* is in the input (a value; all are listed), an
*outcome* is that of one device (a value; the run continues with the others), and an *error* means
that the command cannot do its job (these exceptions).
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the edgeops process."""

    DONE = 0
    ERROR = 1
    CHANGES = 2  # only of a dry run with --detailed-exitcode
    INVALID = 3
    PARTLY = 4
    REFUSED = 5
    USAGE = 64
    INTERRUPTED = 130


class EdgeOpsError(Exception):
    """The command cannot do its job.

    `message` says what is wrong, `hint` what to do next; neither contains a secret.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidState(EdgeOpsError):
    """The desired state in git is not valid; the problems were listed."""

    exit_code = ExitCode.INVALID


class Refused(EdgeOpsError):
    """A safety check failed, such as a stale plan or protection; what it guards was not written."""

    exit_code = ExitCode.REFUSED


class UsageError(EdgeOpsError):
    """The command line is not valid."""

    exit_code = ExitCode.USAGE


class Interrupted(EdgeOpsError):
    """Ctrl-C ended the command."""

    exit_code = ExitCode.INTERRUPTED
