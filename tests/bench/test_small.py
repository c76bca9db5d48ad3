"""Every bench works to its end; what it measures of so little says nothing."""

import math

import pytest

from tests.bench.__main__ import BENCHES, main
from tests.bench.options import SMALL
from tests.bench.tables import from_json


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHES)
def test_bench(name):
    results = list(BENCHES[name](SMALL))
    assert results
    assert len({result.name for result in results}) == len(results)
    for result in results:
        assert result.values
        assert all(map(math.isfinite, result.values)), result


def test_a_bench_that_does_not_work_is_told_and_the_others_are_measured(
    tmp_path, monkeypatch, capsys
):
    def broken(options):
        raise RuntimeError("no disk")

    monkeypatch.setitem(BENCHES, "sync", broken)
    monkeypatch.setitem(BENCHES, "start", lambda options: [])
    monkeypatch.setattr("tests.bench.__main__._allow_many_files", lambda: None)
    files = ["--json", str(tmp_path / "a.json"), "--markdown", str(tmp_path / "a.md")]
    assert main(["--small", "--only", "sync", "--only", "start", *files]) == 1
    printed = capsys.readouterr()
    assert "| benchmark | what is measured |" in printed.out
    assert "error: sync did not get to its end" in printed.err
    assert from_json((tmp_path / "a.json").read_text()) == {}
    assert "# Benchmarks" in (tmp_path / "a.md").read_text()
