"""What a local hub that is killed in the middle of its work has lost: nothing, or this fails."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.bench.options import Options
from tests.bench.results import Results, at_least, at_most
from tests.support.killed_hub import KilledHub


def bench(options: Options) -> Results:
    """Writes that were kept, and the slowest start. Raises `AssertionError` when one is lost."""
    print(f"seed {options.seed} ...", end=" ", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        hub = KilledHub(Path(folder), seed=options.seed)
        asyncio.run(hub.run(options.kills))
    name = f"{options.kills} kills"
    yield at_most(f"{name}: acknowledged writes lost", "", [0], 0)
    yield at_least(f"{name}: acknowledged writes kept", "", [hub.acknowledged])
    yield at_most(f"{name}: slowest start", "s", [hub.slowest_start])
