"""Results as JSON, and as a page in Markdown."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.results import Result

# The results of each benchmark, by its name.
Run = Mapping[str, Sequence[Result]]

_HEAD = ("benchmark", "what is measured", "goal", "now", "spread", "")
_PAGE = """\
# Benchmarks

`make bench` measures edgeops and writes this page; `.venv/bin/python -m tests.bench --help` has
the options. The last run was on {machine}.

What is compared with a script is measured in pairs, one right after the other, and each pair gives
one ratio: a busy machine disturbs both alike. *Now* is the median of all rounds, *spread* the
lowest and the highest. The scripts are what one would write without edgeops:
[plain_script.py](../tests/bench/plain_script.py) with `azure-iot-hub`, and
[plain_validate.py](../tests/bench/plain_validate.py) with PyYAML and jsonschema, which checks
schemas only. *Net* is without what a fleet of one device costs. All devices and the local hub
share the machine.

{table}"""


def to_json(run: Run, machine: Mapping[str, str]) -> str:
    """A document that `from_json` reads; with medians and verdicts for other readers."""
    results = [
        {"benchmark": benchmark, **asdict(result), "median": result.now, "met": result.met}
        for benchmark, of_it in run.items()
        for result in of_it
    ]
    return json.dumps({"machine": machine, "results": results}, indent=1) + "\n"


def from_json(text: str) -> dict[str, list[Result]]:
    """The results in a document."""
    run: dict[str, list[Result]] = {}
    for entry in json.loads(text)["results"]:
        fields: dict[str, Any] = {name: entry[name] for name in ("name", "unit", "better", "goal")}
        result = Result(**fields, values=tuple(entry["values"]))
        run.setdefault(entry["benchmark"], []).append(result)
    return run


def page(run: Run, machine: Mapping[str, str]) -> str:
    """The page of the documentation."""
    text = "; ".join(f"{name} {value}" for name, value in machine.items())
    return _PAGE.format(machine=text, table=table(run))


def table(run: Run) -> str:
    """One row for each result."""
    rows = [
        (
            benchmark,
            result.name,
            _goal(result),
            figure(result.now, result.unit),
            _spread(result),
            _verdict(result),
        )
        for benchmark, of_it in run.items()
        for result in of_it
    ]
    return markdown_table(_HEAD, rows)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns are aligned in a terminal, too."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = (head, ["-" * width for width in widths], *rows)
    return "".join(
        f"| {' | '.join(map(str.ljust, cells, widths))} |\n".replace("|  |", "| |")
        for cells in lines
    )


def figure(value: float, unit: str) -> str:
    """A number with three digits that say something, and its unit."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    if 0 < abs(value) < 0.1:
        digits = 3
    return f"{value:,.{digits}f}{'' if unit == 'x' else ' '}{unit}".rstrip()


def machine(checkout: Path) -> dict[str, str]:
    """What the figures are of: machine, its load by others, Python, date and commit."""
    git = ("git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude=*")
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "load before": f"{os.getloadavg()[0]:.1f}",  # others share the cores
        "Python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit or "unknown",
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown"
    _, _, after = text.partition("model name")
    return after.partition("\n")[0].strip(" \t:") or platform.machine()


def _goal(result: Result) -> str:
    if result.goal is None:
        return ""
    sign = "≤" if result.better == "less" else "≥"
    return f"{sign} {figure(result.goal, result.unit)}"


def _spread(result: Result) -> str:
    if len(result.values) == 1:
        return "one value"
    lowest, highest = (figure(edge(result.values), result.unit) for edge in (min, max))
    return f"{lowest} to {highest}"


def _verdict(result: Result) -> str:
    return {None: "", True: "met", False: "**MISSED**"}[result.met]
