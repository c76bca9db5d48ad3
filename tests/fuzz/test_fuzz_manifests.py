"""Manifests that are wrong in any way give problems, each at its place, and nothing else.

EDGEOPS_FUZZ_SECONDS=600 looks further; a failure shows the seed and the files.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fuzz_budget import rounds

from edgeops.fleet import yaml
from edgeops.fleet.model import Problem
from edgeops.fleet.resolve import resolve as resolve_snapshot
from edgeops.source.layout import FOLDERS, role
from edgeops.source.read import SourceFile, read_snapshot
from edgeops.source.schemas import packaged_schemas

ROOT = Path(__file__).parents[2]
EXAMPLES = (ROOT, ROOT / "tests/examples/valid/every-kind", ROOT / "tests/golden/resolve/rings")
resolve = partial(resolve_snapshot, local_artifacts_url="https://localhost:8443/artifacts")
KINDS = packaged_schemas()
SLOW = 20  # seconds for one small fleet: far more than it takes, far less than a hang

Files = dict[str, bytes]

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**40, 10**25, 0.5, 1e300),
    *("", "text", "x" * 5000, "\n", "é\u2028", "1.0.0", "m@1.0.0", "all", "${registry}", "/a:/b"),
    *("0%", "schemas/modules/loader.schema.json"),
    *([], [[]], [None], [0, "a"], ["a", "a"], {}, {"": None}, {"a": {"b": {"c": None}}}),
    *({"$ref": "#"}, {"models": 2}, {"models": {"s": 2}}, {"desired": 5}, {"edgeops": {}}),
    *({"modules": {"model_loader": {"desired": []}}}, {"matchExpressions": [{}]}),
    *({"HostConfig": 5}, {"HostConfig": {"Binds": [5]}}),
)
TEXTS = (
    *(b"", b"\n", b" ", b": ", b"- ", b"{", b"}", b"[", b"]", b"---\n", b"...\n", b"&a ", b"*a"),
    *(b"<<: ", b"!!binary ", b"~", b"#", b"'", b'"', b"|\n", b"\t", b"\x00", b"\xff", b"? "),
    *(b"\xef\xbb\xbf", b"%YAML 1.1\n", b"null", b"spec:\n", b"spec: false\n", b"kind: Fleet\n"),
    *(b"0o7", b"1e999", b".inf"),
)


class Memory(dict[str, bytes]):
    """Remembers what was parsed, as the cache does: most files of a round are as they were."""

    def put(self, key: str, value: bytes) -> None:
        self[key] = value


MEMORY = Memory()


def files_of(root: Path) -> Files:
    paths = (path for folder in FOLDERS for path in sorted((root / folder).rglob("*")))
    names = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
    return {name: path.read_bytes() for name, path in names.items() if role(name)}


def problems_of(files: Files) -> tuple[Problem, ...]:
    sources = [
        SourceFile(name, role(name), hashlib.sha1(data).hexdigest(), lambda data=data: data)
        for name, data in files.items()
    ]
    return resolve(read_snapshot(None, sources, KINDS, MEMORY), memo=MEMORY).problems


# --- ways to spoil a file ---------------------------------------------------------------


def spoil_text(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    end = min(len(data), at + chance.choice((0, 0, 1, 5, 40)))
    match chance.randrange(4):
        case 0:
            return data[:at] + chance.choice(TEXTS) + data[end:]
        case 1:
            return data[:at] + data[at:end] * chance.choice((2, 3, 50)) + data[end:]
        case 2:
            lines = data.splitlines(keepends=True)
            chance.shuffle(lines)
            return b"".join(lines)
    return data[:at] + bytes(chance.randrange(256) for _ in range(end - at)) + data[end:]


def spoil_values(data: bytes, chance: random.Random) -> bytes:
    documents = [deepcopy(document.value) for document in yaml.load("any", data)[0]]
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        if documents:
            spoil_one(documents, chance)
    return "".join(f"---\n{json.dumps(value, indent=1)}\n" for value in documents).encode()


def spoil_one(documents: list[Any], chance: random.Random) -> None:
    """Change one value somewhere in the documents, all being as likely."""
    places: list[tuple[Any, Any]] = []
    collect(documents, places)
    holder, key = chance.choice(places)
    match chance.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[chance.choice((f"{key}x", "", "a/b~c", "spec", "desired"))] = holder.pop(key)
        case 2:
            other, at = chance.choice(places)
            holder[key] = deepcopy(other[at])
        case 3:
            holder[key] = chance.choice(([holder[key]], {"a": holder[key]}, str(holder[key])))
        case _:
            holder[key] = deepcopy(chance.choice(VALUES))


def collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in members:
        places.append((value, key))
        if isinstance(item, (dict, list)):
            collect(item, places)


# --- what must hold -----------------------------------------------------------------------


def check(files: Files, problems: tuple[Problem, ...]) -> None:
    assert list(problems) == sorted(set(problems))
    for problem in problems:
        assert problem.error is None, problem
        place = problem.place
        if place.file in files:
            text = files[place.file].decode("utf-8", "replace")
            assert 1 <= place.line <= len(text.splitlines()) + 2
        else:
            assert (place.file, problem.message) == ("fleet", "there is no Fleet")
        assert place.column >= 1
        assert problem.message
        assert len(problem.message) <= 800
        assert len(problem.hint) <= 800


@pytest.mark.parametrize(("spoil", "count"), [(spoil_text, 500), (spoil_values, 500)])
def test_only_problems_come_out(spoil: Callable[[bytes, random.Random], bytes], count: int) -> None:
    examples = [files_of(root) for root in EXAMPLES]
    assert problems_of(examples[0]) == ()
    for chance in rounds(count, seed=1):
        files = dict(chance.choice(examples))
        for name in chance.sample(sorted(files), chance.choice((1, 1, 2))):
            if name.endswith((".yaml", ".yml")):
                files[name] = spoil(files[name], chance)
        start = time.monotonic()
        try:
            check(files, problems_of(files))
        except Exception as error:
            raise AssertionError(files) from error
        assert time.monotonic() - start < SLOW
