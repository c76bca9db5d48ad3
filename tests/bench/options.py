"""How much each bench does."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Options:
    """The sizes of all benches. Most is measured in so many `rounds`."""

    rounds: int = 5
    starts: int = 21  # of commands that are short; pairs
    files: int = 10_000  # of one device each: validate beside the script
    most_files: int = 100_000  # for the memory of validate; 0 leaves it out
    twins: int = 3_000  # sync beside the script
    loaders: tuple[int, ...] = (1000, 5000)  # devices of each roll-out
    kilobytes: int = 300  # of the model that is rolled out
    connections: int = 10_000  # devices that one local hub carries
    megabytes: int = 512  # of a download
    line: float = 118.0  # MB a second; 118 is 1 Gbit/s
    kills: int = 50
    seed: int = field(default_factory=lambda: random.randrange(1_000_000))  # of the kills
    strangers: int = 8000  # connections that never authenticate
    strained: int = 5000  # devices of the hub that is strained
    seconds_idle: float = 4.0  # until what is measured has settled
    checkout: Path = CHECKOUT  # whose edgeops is measured by start, validate and sync


FULL = Options()
# Figures that say something, in a few minutes.
QUICK = Options(
    rounds=3,
    files=1000,
    most_files=0,
    loaders=(100,),
    connections=1000,
    megabytes=64,
    kills=10,
    strangers=500,
    strained=1000,
)
# Whether benches work, in seconds.
SMALL = Options(
    rounds=1,
    starts=1,
    files=3,
    most_files=4,
    twins=2,
    loaders=(2,),
    kilobytes=1,
    connections=3,
    megabytes=1,
    kills=2,
    seed=1,
    strangers=2,
    strained=4,
    seconds_idle=0.05,
)
