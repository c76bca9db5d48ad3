"""The commands of `A model of your own data` work, on a table like that which it downloads."""

from __future__ import annotations

import re
import shlex
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs/getting-started.md"
DAYS = 115
FIRST = datetime(2017, 1, 1)  # noqa: DTZ001 - local times without an offset, as in that file


def commands() -> list[list[str]]:
    """The words of each command of edgeops in that part of the page."""
    part = PAGE.read_text().partition("## A model of your own data\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^edgeops (.*)$", part, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def rented() -> str:
    """Bicycles an hour with the columns of that file, also in the hour that did not exist."""
    hour = np.arange(24 * DAYS)
    by_day = 1 + np.sin(2 * np.pi * (hour - 9) / 24) + 0.5 * (hour // 24 % 7 < 5)
    counts = np.random.default_rng(3).poisson(200 * by_day + 5)
    rows = [
        f"{at:%Y-%m-%d},{at:%Y-%m-%d %H:%M:%S},{count},12.8,25.6,0"
        for at, count in zip(
            (FIRST + timedelta(hours=int(each)) for each in hour), counts, strict=True
        )
    ]
    header = '"date","ts","count","tmin","tmax","pn"'
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.slow
def test_the_commands_of_the_page(empty_repo):
    repo = empty_repo
    repo.write("data/bikes.csv", rented())
    fleet = "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: own}\nspec: {}\n"
    repo.write("fleet/fleet.yaml", fleet)
    (init, *later) = commands()
    assert [words[:2] for words in (init, *later)] == [
        ["model", step] for step in ("init", "data", "train", "evaluate")
    ]
    init[init.index("--csv") + 1] = str(repo.root / init[init.index("--csv") + 1])
    done = repo.edgeops(*init)
    assert done.code == 0, done.err
    text = (repo.root / "models/bikes/model.yaml").read_text()
    quick = re.sub(r"(\n    steps): \d+", r"\1: 20", text.replace(", lightgbm]", "]"))
    quick = re.sub(r"\n    wape_vs_lightgbm: .*", "", quick)
    repo.write("models/bikes/model.yaml", quick)
    for words in later:
        done = repo.edgeops(*words)
        assert done.code in (0, 3), done.err
    assert re.search(r"On average, the forecast for an hour is off by .* bikes", done.out)


def test_what_the_page_says_of_the_file_is_what_one_is_told(empty_repo):
    repo = empty_repo
    repo.write("data/bikes.csv", rented())
    repo.write("fleet/fleet.yaml", "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: own}\n")
    table = ["--csv", str(repo.root / "data/bikes.csv"), "--time-zone", "America/New_York"]
    assert "`--timestamp ...`" in repo.edgeops("model", "init", "bikes", *table).err
    table += ["--timestamp", "ts", "--column", "count"]
    assert "--set skippedHour=drop" in repo.edgeops("model", "init", "bikes", *table).err
