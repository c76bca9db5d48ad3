"""Measures edgeops: `python -m tests.bench`, or `make bench`.

Runs benches one after the other and prints one table of all results. A missed goal is no failure;
a bench that does not work is: exit code 1.
"""

from __future__ import annotations

import argparse
import compileall
import resource
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from tests.bench import (
    bench_download,
    bench_kills,
    bench_mqtt,
    bench_rollout,
    bench_start,
    bench_strain,
    bench_sync,
    bench_validate,
)
from tests.bench.options import FULL, QUICK, SMALL, Options
from tests.bench.results import Result
from tests.bench.tables import machine, page, table, to_json

BENCHES = {
    "start": bench_start.bench,
    "validate": bench_validate.bench,
    "sync": bench_sync.bench,
    "rollout": bench_rollout.bench,
    "mqtt": bench_mqtt.bench,
    "download": bench_download.bench,
    "kills": bench_kills.bench,
    "strain": bench_strain.bench,
}


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not numbers, as in 1000,5000") from None


def _folder(text: str) -> Path:
    return Path(text).resolve()


_KINDS: dict[str, Callable[[str], object]] = {"loaders": _numbers, "checkout": _folder}
_ONLY_WHEN_NAMED = ("strain",)  # it takes long, and its goals are about abuse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benches that are asked for; gives the exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    given = {
        field.name: value
        for field in fields(Options)
        if (value := getattr(asked, field.name)) is not None
    }
    options = replace(asked.preset, **given)
    for file in filter(None, (asked.json, asked.markdown)):
        try:  # now, and not after an hour of measuring
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        except OSError as error:
            parser.error(f"cannot write {file}: {error.strerror}")
    compileall.compile_dir(options.checkout / "edgeops", quiet=1)  # installing does that, too
    _allow_many_files()
    where = machine(options.checkout)
    names = asked.only or [name for name in BENCHES if name not in _ONLY_WHEN_NAMED]
    run: dict[str, list[Result]] = {}
    failed = []
    for number, name in enumerate(names, start=1):
        print(f"{number}/{len(names)} {name} ...", end=" ", file=sys.stderr, flush=True)
        began = time.monotonic()
        run[name] = []
        try:
            for result in BENCHES[name](options):
                run[name].append(result)
        except KeyboardInterrupt:
            failed.append(name)
            break  # what there is so far is worth something
        except (Exception, SystemExit):
            traceback.print_exc()
            failed.append(name)
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(run), end="")
    for path, text in ((asked.json, to_json(run, where)), (asked.markdown, page(run, where))):
        if path is not None:
            path.write_text(text, encoding="utf-8")
    for name in failed:
        print(f"error: {name} did not get to its end", file=sys.stderr)
    return 1 if failed else 0


def _allow_many_files() -> None:
    """Each connection is a file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__.partition("\n")[0],
        epilog="tests/bench/options.py says what the sizes are of.",
    )
    sizes = parser.add_mutually_exclusive_group()
    for name, preset, words in (
        ("--quick", QUICK, "figures that say something, in minutes"),
        ("--small", SMALL, "whether benches work, in seconds"),
    ):
        sizes.add_argument(
            name, action="store_const", dest="preset", const=preset, default=FULL, help=words
        )
    parser.add_argument("--only", action="append", choices=BENCHES, help="may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write docs/benchmarks.md")
    for field in fields(Options):
        default = getattr(FULL, field.name)
        kind = _KINDS.get(field.name, type(default))
        option = "--" + field.name.replace("_", "-")
        parser.add_argument(option, type=kind, metavar=field.name.upper(), help=f"{default}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
