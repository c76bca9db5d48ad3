"""A power cut between any two steps leaves the old release or the new one, never a mixture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from power_cut import Store, power_cut

from edgeops.digest import digest_of_files

Files = dict[str, bytes]


class Bench:
    """A device whose power is cut, and the modules that keep files beside its models."""

    def __init__(self, make_device: Callable[..., Any], storage: Path) -> None:
        self.contents: dict[str, bytes] = {}
        self.store = Store(self.contents)
        self.storage = storage
        self.slot = storage / "crowds"
        self.theirs: dict[Path, bytes] = {}
        self._make = lambda: make_device(storage, downloader=lambda _: self.store)

    def desired(self, files: Files, keep: int) -> dict[str, Any]:
        listed = []
        for name, content in files.items():
            sha256 = hashlib.sha256(content).hexdigest()
            url = f"https://h/{sha256}"
            self.contents[url] = content
            listed.append({"name": name, "url": url, "size": len(content), "sha256": sha256})
        value: dict[str, Any] = {"name": "vision", "version": "1.0.0"}
        if len(listed) == 1:
            (only,) = listed
            value |= only | {"name": "vision", "fileName": only["name"]}
        else:
            sha256 = digest_of_files((it["name"], it["size"], it["sha256"]) for it in listed)
            value |= {"files": listed, "sha256": sha256}
        return {"models": {"crowds": value}, "keepVersions": keep}

    def bring(self, files: Files, keep: int, cut_at: int = 0) -> bool:
        """Start, want these files, work; gives whether the power was cut."""
        device = self._make()
        with power_cut(self.storage, cut_at) as was_cut:
            device.offer(self.desired(files, keep))
            device.work()
            assert device.status().error is None
        self.check()
        return bool(was_cut)

    def held(self) -> Files | None:
        """What a module reads by the pointer; every file that it names must be there."""
        current = self._make().current()
        if current is None:
            return None
        return {name: path.read_bytes() for name, path in current.files.items()}

    def put(self, name: str, content: bytes) -> None:
        """A module keeps a file beside the models, where the name is free."""
        path = self.slot / name
        if self.slot.is_dir() and not path.exists() and not path.parent.is_symlink():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            self.theirs[path] = content

    def check(self) -> None:
        for path, content in self.theirs.items():
            assert path.read_bytes() == content, f"{path.name} is a consumer's"

    def versions(self) -> list[str]:
        """The versions on disk, by what is in the folder of the slot."""
        theirs = {path.relative_to(self.slot).parts[0] for path in self.theirs}
        names = {path.name for path in self.slot.iterdir()}
        return sorted(names - theirs - {"current.json", "own"})


@pytest.fixture
def bench(make_device, tmp_path_factory):
    return lambda: Bench(make_device, tmp_path_factory.mktemp("models"))


def release(number: int, shape: int) -> Files:
    """One file, or several, of a content of their own."""
    names = [["m.onnx"], ["m.onnx", "w/a.bin"], ["m.onnx", "labels/en.txt", "labels/de.txt"]][shape]
    return {name: f"{name} {number} ".encode() * 100 for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("shapes", [(1, 2), (0, 1), (1, 0), (2, 2)])
def test_at_each_step(bench, shapes):
    bench = bench()
    before = release(0, shapes[0])
    bench.bring(before, 1)
    bench.put("own/engine.plan", b"cache")
    bench.put("notes.txt", b"theirs")
    cut_at = 0
    while True:
        cut_at += 1
        wanted = release(cut_at, shapes[cut_at % 2])
        was_cut = bench.bring(wanted, 1, cut_at)
        assert bench.held() in (before, wanted), f"at step {cut_at}"
        if not was_cut:
            break
        bench.bring(wanted, 1)
        assert bench.held() == wanted, f"a restart heals step {cut_at}"
        assert len(bench.versions()) == 1, f"nothing is left of step {cut_at}"
        before = wanted
    assert cut_at > 15, "the steps were seen"


@pytest.mark.slow
def test_a_file_that_was_verified_is_not_fetched_again(bench):
    """Whenever the power goes, no byte that was on the disk is asked for twice."""
    for cut_at in range(1, 80):
        it = bench()
        wanted = release(1, 2)
        it.bring(wanted, 2, cut_at)
        it.bring(wanted, 2)
        pieces = max(len(content) for content in wanted.values())
        total = sum(len(content) for content in wanted.values())
        assert sum(size for _, size in it.store.fetched) <= total + pieces, f"step {cut_at}"


pool = ("a.onnx", "b.bin", "labels/en.txt", "labels/de.txt", "x/y/z", "engine.plan")
file_sets = st.lists(st.sampled_from(pool), min_size=1, max_size=4, unique=True).map(
    lambda names: names if len(names) > 1 else [names[0].replace("/", "-")]
)
moves = st.lists(
    st.tuples(
        st.integers(0, 3),  # which of the releases
        st.integers(0, 70),  # the step at which the power is cut
        st.booleans(),  # whether the same is wanted after it
        st.sampled_from(["engine.plan", "a.onnx", "b.bin", "own/cache", "notes", "labels/mine"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(file_sets, min_size=4, max_size=4), moves, st.integers(1, 3))
def test_any_releases_and_any_cuts(bench, sets, moves, keep):
    it = bench()
    releases = [
        {name: f"{number} {name}".encode() * 20 for name in names}
        for number, names in enumerate(sets)
    ]
    healed = True
    for which, cut_at, heals, theirs in moves:
        before, wanted = it.held(), releases[which]
        was_cut = it.bring(wanted, keep, cut_at)
        assert it.held() in (before, wanted)
        if was_cut and heals:
            it.bring(wanted, keep)
        healed = healed and (heals or not was_cut)
        if heals or not was_cut:
            assert it.held() == wanted
            it.put(theirs, theirs.encode())
            assert not any(path.name.endswith(".part") for path in it.slot.iterdir())
            assert not healed or len(it.versions()) <= keep
    pointer = it.slot / "current.json"
    if pointer.exists():
        assert json.loads(pointer.read_bytes())["name"] == "vision"
