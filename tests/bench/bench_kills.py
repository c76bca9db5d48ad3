"""What a local hub that is killed in the middle of its work has lost: nothing, or this fails.

python tests/bench/bench_kills.py --kills 200
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path

from tests.support.killed_hub import KilledHub


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    asked = parser.parse_args()
    print(f"{asked.kills} kills, seed {asked.seed}", flush=True)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        hub = KilledHub(Path(folder), seed=asked.seed)
        asyncio.run(hub.run(asked.kills))
    print(
        f"{hub.kills_at_start} kills while the hub was starting; {hub.acknowledged:,} acknowledged"
        f" writes and {len(hub.jobs)} jobs, none lost or done twice; the slowest start took"
        f" {hub.slowest_start:.1f} s; {time.perf_counter() - began:.0f} s in all"
    )


if __name__ == "__main__":
    main()
