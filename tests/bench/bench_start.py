"""How long commands keep their user waiting, beside a Python that only imports typer."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench.measured import EDGEOPS, each, environment, ratios, run
from tests.bench.options import Options
from tests.bench.results import Results, at_most


def bench(options: Options) -> Results:
    """Ratios of `--help`, and of `validate` on the example fleet, which has run before."""
    with tempfile.TemporaryDirectory(prefix="edgeops-bench-") as folder:
        environ = environment(options.checkout, Path(folder))
        base = (sys.executable, "-c", "import typer")
        for name, arguments, goal in (
            ("--help", ("--help",), 1.3),
            ("validate of the example fleet, warm", ("validate",), 2.5),
        ):
            command = (*EDGEOPS, "--repo", str(options.checkout), *arguments)
            run(command, environ)
            pairs = [(run(command, environ), run(base, environ)) for _ in range(options.starts)]
            ours, theirs = zip(*pairs, strict=True)
            for field, word in (("cpu", "CPU"), ("wall", "wall")):
                values = ratios(each(ours, field), each(theirs, field))
                yield at_most(f"{name}: {word}, of `import typer`", "x", values, goal)
            yield at_most(f"{name}: wall", "s", each(ours, "wall"))
