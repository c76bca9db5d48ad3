"""What got slower between two commits.

python -m tests.bench.compare --before BEFORE.json ... --after AFTER.json ...: a table in Markdown.
Several files of one commit count as one run with all their rounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.bench.results import Result
from tests.bench.tables import Run, figure, from_json, markdown_table

_TOLERATED = 0.15
_HEAD = ("benchmark", "what is measured", "before", "after", "worse by")


def comparison(before: Run, after: Run, tolerated: float = _TOLERATED) -> str:
    """Markdown: results that are worse than before by more than a share, worst first."""
    earlier = _by_name(before)
    both = {name: result for name, result in _by_name(after).items() if name in earlier}
    worse = {name: result.worse_than(earlier[name]) for name, result in both.items()}
    names = sorted(
        (name for name in worse if worse[name] > tolerated), key=lambda name: -worse[name]
    )
    rows = [
        (
            *name,
            *(figure(each[name].now, each[name].unit) for each in (earlier, both)),
            f"{worse[name]:.0%}",
        )
        for name in names
    ]
    found = f"{len(rows)} of {len(both)} results are worse by more than {tolerated:.0%}"
    return f"{found}\n\n{markdown_table(_HEAD, rows)}" if rows else f"{found}\n"


def joined(runs: Iterable[Run]) -> dict[str, list[Result]]:
    """The runs of one commit as one, with the values of all."""
    whole: dict[tuple[str, str], Result] = {}
    for run in runs:
        for name, result in _by_name(run).items():
            earlier = whole[name].values if name in whole else ()
            whole[name] = replace(result, values=(*earlier, *result.values))
    by_benchmark: dict[str, list[Result]] = {}
    for (benchmark, _), result in whole.items():
        by_benchmark.setdefault(benchmark, []).append(result)
    return by_benchmark


def _by_name(run: Run) -> dict[tuple[str, str], Result]:
    return {(benchmark, result.name): result for benchmark in run for result in run[benchmark]}


def main() -> None:
    """Print the comparison of the files that are named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, nargs="+", required=True)
    parser.add_argument("--after", type=Path, nargs="+", required=True)
    asked = parser.parse_args()
    before, after = (
        joined(from_json(file.read_text()) for file in files)
        for files in (asked.before, asked.after)
    )
    print(comparison(before, after))


if __name__ == "__main__":
    main()
