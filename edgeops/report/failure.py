"""An error that ends a command, as lines for a person, and its exit code."""

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
    elif isinstance(error, OSError):  # a full disk or too many open files: not a bug in edgeops
        where = f"{error.filename}: " if error.filename else ""
        message, hint, code = f"{where}{error.strerror or type(error).__name__}", "", 1
    else:
        message = "" if debug else f"unexpected {type(error).__name__}; this is a bug in edgeops"
        hint, code = ("" if debug else "run it again with --debug to see the traceback"), 1
    secrets = secrets_of(environ)
    text = [*_problems(error, color)]
    if debug:
        text.append(lines(mask("".join(format_exception(error)).rstrip("\n"), secrets)))
    text += [line(mask(f"error: {message}", secrets))] * bool(message)
    text += [line(mask(f"hint: {hint}", secrets))] * bool(hint)
    return "\n".join(text), code


def _problems(error: Exception, color: bool) -> Iterator[str]:
    """The problems of an invalid fleet."""
    from edgeops.api.workspace import InvalidFleet

    if isinstance(error, InvalidFleet):
        from edgeops.report.problems import text

        yield text(error.problems, color=color)
