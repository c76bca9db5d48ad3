"""`edgeops validate` on files of one device each, beside a script with PyYAML and jsonschema.

The script checks less: schemas only, no references, limits or secrets.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench.generated_fleet import GeneratedFleet, device_names
from tests.bench.measured import EDGEOPS, Cost, each, environment, ratios, run
from tests.bench.options import CHECKOUT, Options
from tests.bench.results import Results, at_most

_SCRIPT = Path(__file__).with_name("plain_validate.py")
_SCHEMA = CHECKOUT / "schemas" / "device.schema.json"
_CHANGED = 10  # files, before each warm run


class _Files:
    """A fleet of one-device files, with the commands that are measured on it."""

    def __init__(self, folder: Path, count: int, checkout: Path) -> None:
        self._folder, self._checkout = folder, checkout
        self._names = device_names(count)
        self._changes = 2
        self._fleet = GeneratedFleet(folder / "fleet", environment(checkout, folder))
        self._fleet.write_files(self._names)
        self._fleet.want(60)

    def change(self) -> None:
        """Change some files, without a commit."""
        self._changes += 1
        self._fleet.write_files(self._names[:_CHANGED], gain=self._changes)

    def edgeops(self, cache: str, *arguments: str) -> Cost:
        """What a command costs with a cache of this name."""
        command = (*EDGEOPS, "--repo", str(self._fleet.root), *arguments)
        return run(command, environment(self._checkout, self._folder / cache))

    def render(self, cache: str) -> Cost:
        """What it costs to render one device."""
        return self.edgeops(cache, "render", self._names[-1])

    def script(self) -> Cost:
        """What the plain script costs."""
        devices = self._fleet.root / "fleet" / "devices"
        command = (sys.executable, str(_SCRIPT), str(_SCHEMA), str(devices))
        return run(command, environment(self._checkout, self._folder))


def bench(options: Options) -> Results:
    """Ratios to the script, and what the most files cost."""
    yield from _beside_script(options)
    if options.most_files:
        yield from _of_most_files(options)


def _beside_script(options: Options) -> Results:
    runs = []
    with tempfile.TemporaryDirectory(prefix="edgeops-bench-") as folder:
        files = _Files(Path(folder), options.files, options.checkout)
        for number in range(options.rounds):
            cache = f"cache-{number}"
            cold, script = files.edgeops(cache, "validate"), files.script()
            files.change()
            warm = files.edgeops(cache, "validate")
            files.change()
            runs.append((cold, script, warm, files.render(cache)))
    colds, scripts, warms, renders = zip(*runs, strict=True)
    size = f"{options.files:,} files"
    changed = f"{size}, {_CHANGED} changed"
    for name, costs, cpu, wall in (
        (f"validate, cold, {size}", colds, 0.5, 0.35),
        (f"validate, {changed}", warms, None, None),
        (f"render of a device, {changed}", renders, None, None),
    ):
        for field, word, goal in (("cpu", "CPU", cpu), ("wall", "wall", wall)):
            values = ratios(each(costs, field), each(scripts, field))
            yield at_most(f"{name}: {word}, of the script", "x", values, goal)


def _of_most_files(options: Options) -> Results:
    with tempfile.TemporaryDirectory(prefix="edgeops-bench-") as folder:
        files = _Files(Path(folder), options.most_files, options.checkout)
        size = f"{options.most_files:,} files"
        cold = files.edgeops("cache", "validate")
        yield at_most(f"validate, cold, {size}: memory", "MB", [cold.megabytes], 250)
        yield at_most(f"validate, cold, {size}: wall", "s", [cold.wall])
        warm, render = [], []
        for _ in range(options.rounds):
            files.change()
            warm.append(files.edgeops("cache", "validate"))
            files.change()
            render.append(files.render("cache"))
    for name, costs in (("validate", warm), ("render of a device", render)):
        what = f"{name}, {size}, {_CHANGED} changed"
        yield at_most(f"{what}: CPU", "s", each(costs, "cpu"), 1)
        yield at_most(f"{what}: memory", "MB", each(costs, "megabytes"), 300)
