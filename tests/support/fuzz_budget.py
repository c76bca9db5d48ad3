"""How long a fuzzer runs: so many rounds, or as many seconds as EDGEOPS_FUZZ_SECONDS says."""

import os
import random
import time
from collections.abc import Iterator


def rounds(count: int, seed: int) -> Iterator[random.Random]:
    """A random source a round: `count` with fixed seeds, or new ones until the time is over."""
    seconds = float(os.environ.get("EDGEOPS_FUZZ_SECONDS", "0"))
    if not seconds:
        yield from (random.Random(f"{seed}/{number}") for number in range(count))
        return
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = random.randrange(2**32)
        print(f"seed {start}")
        yield random.Random(start)
