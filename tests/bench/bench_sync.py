"""edgeops beside the script a user would write with azure-iot-hub, on one local hub.

Both do the same twice: compare every twin with what is wanted, and change one
desired value on every device. A run on a fleet of one device says what
starting up costs; without it ("net") is what each twin costs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from generated_fleet import commit_interval, make_repository, write_wanted
from measured import Cost, best, run

CHECKOUT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("plain_script.py")
EDGEOPS = [sys.executable, "-m", "edgeops"]
INSTANT_SECONDS = 0.25
INSTANT_RUNS = 7


@dataclass(frozen=True)
class Site:
    """A fleet repository with its running hub, and how both contestants reach them."""

    root: Path
    devices: int
    environment: dict[str, str]

    def edgeops(self, *arguments: str) -> Cost:
        """What an edgeops command costs here."""
        return run([*EDGEOPS, "--repo", str(self.root), *arguments], self.environment)

    def script(self, interval: int, *arguments: str) -> Cost:
        """What the plain script costs when it wants this value on all devices."""
        wanted = write_wanted(self.root.with_suffix(".json"), self.devices, interval)
        return run([sys.executable, str(SCRIPT), str(wanted), *arguments], self.environment)

    def want(self, interval: int) -> None:
        """Commit a value for all devices."""
        commit_interval(self.root, interval)


@dataclass(frozen=True)
class Contest:
    """What one task costs both, for the whole fleet and for one device."""

    edgeops: Cost
    script: Cost
    edgeops_start: Cost
    script_start: Cost


@contextlib.contextmanager
def site(folder: Path, devices: int) -> Iterator[Site]:
    """A new repository, in sync with its own new hub, which is stopped at the end."""
    make_repository(folder, devices, interval=60)
    serve = [*EDGEOPS, "--repo", str(folder), "hub", "serve", "--port", "0", "--mqtt-port", "0"]
    hub = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
    try:
        assert hub.stdout is not None
        if not hub.stdout.readline():
            sys.exit("the local hub did not start")
        ask = [*EDGEOPS, "--repo", str(folder), "hub", "connection-string"]
        text = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
        environment = {
            **os.environ,
            "IOTHUB_CONNECTION_STRING": text,
            "REQUESTS_CA_BUNDLE": str(folder / ".edgeops" / "ca.pem"),
        }
        ready = Site(folder, devices, environment)
        ready.edgeops("sync")
        yield ready
    finally:
        hub.send_signal(signal.SIGTERM)
        hub.communicate(timeout=10)


def read(here: Site, _number: int) -> tuple[Cost, Cost]:
    """Comparing all twins: edgeops, script."""
    return here.edgeops("sync", "--dry-run"), here.script(60)


def patch(here: Site, number: int) -> tuple[Cost, Cost]:
    """Comparing all twins and changing one value on each: edgeops, script."""
    here.want(100 + number)
    return here.edgeops("sync"), here.script(200 + number, "--apply")


def contest(
    task: Callable[[Site, int], tuple[Cost, Cost]], fleet: Site, one_device: Site, rounds: int
) -> Contest:
    """A task on the fleet and on one device, in turn: a busy machine disturbs all alike."""
    runs = [(*task(fleet, number), *task(one_device, number)) for number in range(rounds)]
    return Contest(*(best(costs) for costs in zip(*runs, strict=True)))


def table(title: str, result: Contest, devices: int, goal: float) -> str:
    """The lines of one contest."""
    net_edgeops = result.edgeops - result.edgeops_start
    net_script = result.script - result.script_start
    extra = devices - 1
    lines = [
        f"{title:<40}{'edgeops':>12}{'plain script':>15}{'ratio':>9}   goal",
        _line(
            "CPU per twin, net of start-up",
            f"{net_edgeops.cpu / extra * 1e6:,.0f} us",
            f"{net_script.cpu / extra * 1e6:,.0f} us",
            net_script.cpu / net_edgeops.cpu,
            goal,
        ),
        _line(
            "wall per twin, net of start-up",
            f"{net_edgeops.wall / extra * 1e6:,.0f} us",
            f"{net_script.wall / extra * 1e6:,.0f} us",
            net_script.wall / net_edgeops.wall,
        ),
    ]
    for name, edgeops, script in (
        ("CPU, whole process", result.edgeops.cpu, result.script.cpu),
        ("wall, whole process", result.edgeops.wall, result.script.wall),
        ("CPU of start-up (one device)", result.edgeops_start.cpu, result.script_start.cpu),
    ):
        lines.append(_line(name, f"{edgeops:.2f} s", f"{script:.2f} s", script / edgeops))
    return "\n".join(lines)


def _line(name: str, edgeops: str, script: str, ratio: float, goal: float | None = None) -> str:
    verdict = "" if goal is None else f"   >= {goal:g}x {'met' if ratio >= goal else 'MISSED'}"
    return f"  {name:<38}{edgeops:>12}{script:>15}{ratio:>8.1f}x{verdict}"


def instant(*arguments: str) -> str:
    """How long a command keeps its user waiting, when it has run before."""
    command = [*EDGEOPS, "--repo", str(CHECKOUT), *arguments]
    costs = [run(command, os.environ) for _ in range(INSTANT_RUNS + 1)][1:]
    seconds = median(cost.wall for cost in costs)
    verdict = "met" if seconds < INSTANT_SECONDS else "MISSED"
    name = f"edgeops {arguments[0]}"
    return f"  {name:<38}{seconds:>10.3f} s{'':>24}   < {INSTANT_SECONDS} s {verdict}"


def main() -> None:
    """Run all and print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--devices", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=5, help="best of so many runs")
    chosen = options.parse_args()
    if chosen.devices < 2:
        options.error("--devices: at least 2, since one of them is what starting up costs")

    version = platform.python_version()
    print(f"{chosen.devices:,} devices, Python {version}, best of {chosen.rounds}\n", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="edgeops-bench-") as folder,
        site(Path(folder, "fleet"), chosen.devices) as fleet,
        site(Path(folder, "one"), 1) as one_device,
    ):
        for title, task, goal in (
            ("read: sync --dry-run, all in sync", read, 5),
            ("patch: sync, one value of each changed", patch, 10),
        ):
            result = contest(task, fleet, one_device, chosen.rounds)
            print(table(title, result, chosen.devices, goal) + "\n", flush=True)
    print(f"warm start (median of {INSTANT_RUNS}), this checkout")
    print(instant("--help"))
    print(instant("validate"))


if __name__ == "__main__":
    main()
