"""What ends a command: an error as the lines that a person reads, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from traceback import format_exception

from edgeops.errors import EdgeOpsError
from edgeops.fleet.secrets import mask, secrets_of
from edgeops.report.inert import line, lines


def failure(
    error: Exception, *, debug: bool, color: bool, environ: Mapping[str, str]
) -> tuple[str, int]:
    """The text for standard error, secrets masked and inert, and the exit code."""
    if isinstance(error, EdgeOpsError):
        message, hint, code = error.message, error.hint, int(error.exit_code)
    elif isinstance(error, OSError):  # a full disk, too many open files: no fault of edgeops
        where = f"{error.filename}: " if error.filename else ""
        message, hint, code = f"{where}{error.strerror or type(error).__name__}", "", 1
    else:
        message = "" if debug else f"unexpected {type(error).__name__}; this is a bug in edgeops"
        hint, code = ("" if debug else "run it again with --debug to see where"), 1
    secrets = secrets_of(environ)
    text = [*_problems(error, color)]
    if debug:
        text.append(lines(mask("".join(format_exception(error)).rstrip("\n"), secrets)))
    text += [line(mask(f"error: {message}", secrets))] * bool(message)
    text += [line(mask(f"hint: {hint}", secrets))] * bool(hint)
    return "\n".join(text), code


def _problems(error: Exception, color: bool) -> Iterator[str]:
    """What is wrong with the desired state, where that is what the error is about."""
    from edgeops.api.workspace import InvalidFleet

    if isinstance(error, InvalidFleet):
        from edgeops.report.problems import text

        yield text(error.problems, color=color)
