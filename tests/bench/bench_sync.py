"""edgeops beside the script a user would write with azure-iot-hub, on one local hub.

Both create all devices, compare every twin with what is wanted, and change one desired value on
every device. A run on a fleet of one device says what starting up costs; without it ("net") is
what each twin costs.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.generated_fleet import write_wanted
from tests.bench.measured import Cost, each, ratios, run
from tests.bench.options import Options
from tests.bench.results import Results, at_least, at_most
from tests.bench.sites import Site, site

_SCRIPT = Path(__file__).with_name("plain_script.py")
_FEW_CHANGE = "sync --dry-run --since-last, 10 changed"


@dataclass(frozen=True, slots=True)
class _Contest:
    """A site, where both do the same."""

    site: Site
    devices: int

    def edgeops(self, *arguments: str) -> Cost:
        """What an edgeops command costs."""
        return run(self.site.command(*arguments), self.site.environ)

    def script(self, interval: int, *arguments: str) -> Cost:
        """What the plain script costs when it wants this value on all devices."""
        root = self.site.fleet.root
        wanted = write_wanted(root.with_suffix(".json"), self.devices, interval)
        return run((sys.executable, str(_SCRIPT), str(wanted), *arguments), self.site.environ)


# Gives what a round costs edgeops and the script.
_Task = Callable[[_Contest, int], tuple[Cost, Cost]]


def bench(options: Options) -> Results:
    """Ratios of both, the memory of edgeops, and how long a small change takes."""
    with tempfile.TemporaryDirectory(prefix="edgeops-bench-") as folder, ExitStack() as stack:
        whole, one = (
            _Contest(stack.enter_context(site(Path(folder, name), count, options.checkout)), count)
            for name, count in (("whole", options.twins), ("one", 1))
        )
        yield from _compete("create: sync", _create, None, whole, one, options)
        yield from _compete("read: sync --dry-run", _read, 7.0, whole, one, options)
        yield from _compete("patch: sync", _patch, 14.0, whole, one, options)
        seconds = []
        for number in range(options.rounds):
            whole.site.fleet.want_of_few(number)
            seconds.append(whole.edgeops("sync", "--dry-run", "--since-last").wall)
        yield at_most(f"{_FEW_CHANGE} of {options.twins:,}: wall", "s", seconds)


def _compete(
    name: str, task: _Task, goal: float | None, whole: _Contest, one: _Contest, options: Options
) -> Results:
    """A task on the fleet and on one device, in turn: a busy machine disturbs all alike."""
    runs = [(*task(whole, n), *task(one, n)) for n in range(options.rounds)]
    ours, theirs, our_start, their_start = zip(*runs, strict=True)
    twins = f"{options.twins:,} twins"
    for field, word, wanted in (("cpu", "CPU", goal), ("wall", "wall", None)):
        nets = (
            [all_ - start for all_, start in zip(each(a, field), each(b, field), strict=True)]
            for a, b in ((theirs, their_start), (ours, our_start))
        )
        what = f"{name}, {twins}: net {word} of the script, of ours"
        yield at_least(what, "x", ratios(*nets), wanted)
    yield at_most(f"{name}, {twins}: CPU of one device", "s", each(our_start, "cpu"))
    yield at_most(f"{name}, {twins}: memory", "MB", each(ours, "megabytes"))


def _create(here: _Contest, _: int) -> tuple[Cost, Cost]:
    here.site.empty()
    theirs = here.script(60, "--create")
    here.site.empty()
    return here.edgeops("sync"), theirs


def _read(here: _Contest, _: int) -> tuple[Cost, Cost]:
    return here.edgeops("sync", "--dry-run"), here.script(60)


def _patch(here: _Contest, number: int) -> tuple[Cost, Cost]:
    here.site.fleet.want(100 + number)
    return here.edgeops("sync"), here.script(200 + number, "--apply")
