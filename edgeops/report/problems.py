"""Problems and warnings of the input as text, JSON, and GitHub annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby

from edgeops.fleet.model import DesiredFleet, Problem
from edgeops.fleet.secrets import mask
from edgeops.report.documents import dump_json
from edgeops.report.inert import line, one_line
from edgeops.report.style import Line, bold, cyan, dim, render, yellow
from edgeops.report.words import count

# Per type and step; GitHub silently drops the others (actions/toolkit, problem-matchers.md).
GITHUB_ANNOTATIONS = 10


def text(problems: Sequence[Problem], *, color: bool = False) -> str:
    """One line per problem as `file:line:column: message`, its hint below, counts at the end.

    A warning is `file:line:column: warning: message`. An empty line separates the
    files. No newline at its end.
    """
    return render(_lines([*map(_masked, problems)]), color)


def none_in(fleet: DesiredFleet) -> str:
    """`auckland-cbd: 22 devices, no problems`."""
    devices = len(fleet.devices) + len(fleet.elsewhere)
    return f"{fleet.name}: {count(devices, 'device')}, no problems"


def as_json(problems: Sequence[Problem]) -> str:
    """A JSON array with one object per problem or warning."""
    return dump_json(
        [
            {
                **asdict(problem.place),
                "pointer": problem.pointer,
                "message": problem.message,
                "hint": problem.hint,
                "severity": _severity(problem),
            }
            for problem in map(_masked, problems)
        ]
    ).rstrip("\n")


def github(problems: Sequence[Problem], *, folder: str = "") -> str:
    """Workflow commands that make GitHub annotate the lines in a pull request.

    GitHub shows ten of each severity; the others follow as plain lines of the log. `folder` is
    the path of the fleet in the repository, since GitHub needs paths from its root.
    Format: GitHub docs, "Workflow commands", and the escapes of actions/toolkit.
    """
    problems = [*map(_masked, problems)]
    lines = []
    for noun, listed in (
        ("more problem", [problem for problem in problems if not problem.warning]),
        ("more warning", [problem for problem in problems if problem.warning]),
    ):
        lines += [_annotation(problem, folder) for problem in listed[:GITHUB_ANNOTATIONS]]
        if more := listed[GITHUB_ANNOTATIONS:]:
            shows = f"GitHub shows {GITHUB_ANNOTATIONS} annotations"
            lines.append(f"{shows}; {count(len(more), noun)}:")
            lines += [line(f"  {problem.place}: {_message(problem)}") for problem in more]
    return "\n".join(lines)


def _lines(problems: Sequence[Problem]) -> Iterator[Line]:
    for _, of_file in groupby(problems, key=lambda problem: problem.place.file):
        for problem in of_file:
            pointer = f"  {problem.pointer}" if problem.pointer else ""
            warning = [yellow("warning: ")] if problem.warning else []
            yield [cyan(str(problem.place)), ": ", *warning, problem.message, dim(pointer)]
            if problem.hint:
                yield ["    ", dim(f"hint: {problem.hint}")]
        yield []
    if problems:
        yield [bold(_counts(problems))]
    else:
        yield ["no problems"]


def _counts(problems: Sequence[Problem]) -> str:
    """`3 problems and 1 warning in 2 files`."""
    warnings = sum(problem.warning for problem in problems)
    wrong = len(problems) - warnings
    counted = [count(wrong, "problem")] * bool(wrong) + [count(warnings, "warning")] * bool(
        warnings
    )
    files = len({problem.place.file for problem in problems})
    return f"{' and '.join(counted)} in {count(files, 'file')}"


def _severity(problem: Problem) -> str:
    """As GitHub calls it."""
    return "warning" if problem.warning else "error"


def _annotation(problem: Problem, folder: str) -> str:
    place = problem.place
    properties = {
        "file": f"{folder}/{place.file}" if folder else place.file,
        "line": str(place.line),
        "col": str(place.column),
        "title": problem.pointer or "edgeops validate",
    }
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_severity(problem)} {listed}::{_data(_message(problem))}"


def _masked(problem: Problem) -> Problem:
    """The problem without secrets, which a key or a hint from a user's schema may hold."""
    return replace(
        problem,
        place=replace(problem.place, file=mask(problem.place.file)),
        pointer=mask(problem.pointer),
        message=mask(problem.message),
        hint=mask(problem.hint),
    )


def _message(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def _data(value: str) -> str:
    escaped = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return one_line(escaped)


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
