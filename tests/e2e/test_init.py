"""`edgeops init`: a repository that works at once, from the checkout and from the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from fake_github import FakeGitHub, running

from edgeops import __version__

CHECKOUT = Path(__file__).parents[2]
ACTION = ".github/actions/edgeops/action.yml"
LOADER = "fleet/modules/model_loader.yaml"


def files(root: Path) -> dict[str, bytes]:
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file() and ".git" not in file.parts
    }


@pytest.fixture
def new(tmp_path, edgeops):
    """A new repository in a folder that was not there; not yet a git repository."""
    root = tmp_path / "my-fleet"
    made = edgeops("init", str(root))
    assert made.code == 0, made.err
    assert made.out.split() == sorted(files(root))
    return root


def test_a_new_repository_syncs_at_once_to_the_local_hub(new, edgeops, unused_port, monkeypatch):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", str(unused_port))
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "new"]):
        subprocess.run(["git", *command], cwd=new, check=True)
    valid = edgeops("validate", "--repo", str(new))
    assert (valid.code, valid.out) == (0, "my-fleet: 2 devices, no problems\n"), valid.err
    synced = edgeops("sync", "--repo", str(new))
    assert (synced.code, "2 devices synced" in synced.out) == (0, True), synced.err
    again = edgeops("sync", "--repo", str(new), "--dry-run", "--detailed-exitcode")
    assert (again.code, "2 devices are in sync" in again.out) == (0, True)
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=new, check=True, capture_output=True
    )
    assert status.stdout == b""  # what edgeops keeps is ignored


def test_the_rings_take_a_release(new, edgeops, release_in_git):
    class Repo:
        root = new

    release_in_git(Repo, "m", "1.0.0")
    given = edgeops(
        "model", "promote", "m@1.0.0", "--to", "canary", "--slot", "a", "--repo", str(new)
    )
    assert (given.code, "devices that get another release" in given.err) == (0, True), given.err


def test_editors_find_the_schema_of_every_manifest(new):
    for file in (new / "fleet").rglob("*.yaml"):
        modeline = file.read_text().splitlines()[0]
        schema = modeline.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / schema).resolve().is_relative_to(new / "schemas")
        assert (file.parent / schema).is_file()


def test_workflows_and_action_are_ours_but_for_what_concerns_only_us(new):
    ours = CHECKOUT / ".github"
    copies = [*(new / ".github/workflows").iterdir(), new / ACTION]
    assert len(copies) == 6
    for file in copies:
        path = file.relative_to(new / ".github")
        written = set(file.read_text().splitlines())
        before = set((ours / path).read_text().splitlines())
        ending = "# only in the repository of edgeops"
        assert all(line.endswith(ending) for line in before - written if "edgeops init" not in line)
        assert {line.strip() for line in written - before} <= {'default: ""'}
        assert "edgeops/training" not in file.read_text()


def test_nothing_names_a_repository_or_registry_that_nobody_chose(new):
    for path, data in files(new).items():
        if not path.startswith("schemas/"):
            for name in re.findall(r"(?:uses: |ghcr\.io/)(\S+)", data.decode()):
                assert name.startswith(("./", "actions/", "azure/")), (path, name)
    manifest = yaml.safe_load((new / LOADER).read_text())
    assert manifest["spec"]["image"].startswith("registry.invalid/edgeops-model-loader:")


def test_an_edgeops_without_a_release_writes_workflows_that_stop_before_they_sign_in(new):
    """This very edgeops was installed from a folder, which GitHub's runners do not have."""
    script = yaml.safe_load((new / ACTION).read_text())["runs"]["steps"][1]["run"]
    environment = {"VERSION": inputs(new)["version"]["default"], "EXTRAS": "entra", "PATH": "/bin"}
    ended = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "::error::set inputs.version.default in .github/actions/edgeops/action.yml" in (
        ended.stdout
    )
    for file in (new / ".github/workflows").iterdir():
        for job in yaml.safe_load(file.read_text())["jobs"].values():
            steps = job.get("steps", ())  # a job may call another workflow
            uses = [step.get("uses", "").partition("@")[0] for step in steps]
            if "azure/login" in uses:
                assert uses.index("./.github/actions/edgeops") < uses.index("azure/login")


def test_init_lists_what_is_left_to_do(tmp_path, edgeops):
    made = edgeops("init", str(tmp_path / "new"))
    assert "set inputs.version.default in .github/actions/edgeops/action.yml" in made.err
    assert "no --owner was given: set `image` in fleet/modules" in made.err
    made = edgeops("init", str(tmp_path / "owned"), "--owner", "Contoso")
    assert "there are no images of this edgeops: set `image` in fleet/modules" in made.err


@pytest.mark.parametrize("owner", ["a/b", "-a", "a--b", "a b", "a" * 40, "x:y"])
def test_an_owner_that_github_cannot_have(tmp_path, edgeops, owner):
    refused = edgeops("init", str(tmp_path / "new"), f"--owner={owner}")
    assert (refused.code, "is not the name of a GitHub owner" in refused.err) == (64, True)
    assert not (tmp_path / "new").exists()


def inputs(root):
    return yaml.safe_load((root / ACTION).read_text())["inputs"]


def test_nothing_is_overwritten(new, edgeops):
    (new / "README.md").write_text("mine")
    before = files(new)
    refused = edgeops("init", "--repo", str(new))
    assert (refused.code, refused.out) == (5, "")
    assert "these files already exist: .github/CODEOWNERS" in refused.err
    assert files(new) == before

    (new.parent / "other").mkdir()
    (new.parent / "other/.gitignore").symlink_to("nowhere")
    refused = edgeops("init", str(new.parent / "other"))
    assert (refused.code, "these files already exist: .gitignore\n" in refused.err) == (5, True)


def test_a_name_that_no_fleet_can_have(tmp_path, edgeops):
    assert edgeops("init", str(tmp_path / "flotte d'été")).code == 0
    assert "{name: fleet}" in (tmp_path / "flotte d'été/fleet/fleet.yaml").read_text()


def test_a_folder_that_cannot_be_made(tmp_path, edgeops):
    (tmp_path / "file").write_text("")
    failed = edgeops("init", str(tmp_path / "file"))
    assert (failed.code, "error: cannot write " in failed.err) == (1, True), failed.err


def test_the_wheel_writes_the_same_repository(new, tmp_path, monkeypatch):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("edgeops-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from edgeops.cli.main import main; main()"
    )
    image = f"ghcr.io/contoso/edgeops-model-loader:{__version__}@sha256:{'a' * 64}"
    with running(FakeGitHub()) as github:
        github.images[f"contoso v{__version__}"] = image
        monkeypatch.setenv("GITHUB_SERVER_URL", github.url)
        subprocess.run(
            [
                *(sys.executable, "-c", program, str(tmp_path / "unpacked")),
                *("init", "wheel/my-fleet", "--owner", "Contoso"),
            ],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
    made, source = files(tmp_path / "wheel/my-fleet"), files(new)
    # A wheel has a version that others can install.
    pinned = f'default: "{__version__}"'.encode()
    assert made.pop(ACTION) == source.pop(ACTION).replace(
        b'default: ""\n  extras', pinned + b"\n  extras"
    )
    assert image.encode() in made.pop(LOADER)
    del source[LOADER]
    installed = f"pip install edgeops=={__version__}\n".encode()
    assert made["README.md"].count(installed) == 1
    assert source.pop("README.md") == made.pop("README.md").replace(
        installed, b"pip install PATH/TO/edgeops  # as it was for `init`\n"
    )
    uids = set()
    for each in (made, source):  # random: each repository has its own
        fleet = each["fleet/fleet.yaml"]
        uid = yaml.safe_load(fleet)["spec"]["uid"]
        each["fleet/fleet.yaml"] = fleet.replace(uid.encode(), b"")
        uids.add(uid)
    assert len(uids) == 2
    assert made == source
