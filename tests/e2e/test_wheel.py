"""What users install: the wheel holds everything `edgeops` needs outside a checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from edgeops.cli.main import main; main()"


def test_the_wheel_validates_a_fleet_without_the_checkout(tmp_path, example_repo):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("edgeops-*.whl")
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    for schema in (CHECKOUT / "schemas").rglob("*.json"):
        packed = unpacked / "edgeops/schemas" / schema.relative_to(CHECKOUT / "schemas")
        assert packed.read_bytes() == schema.read_bytes()
    web = Path("edgeops/localhub/page/web")
    for file in (CHECKOUT / web).iterdir():
        assert (unpacked / web / file.name).read_bytes() == file.read_bytes()

    done = subprocess.run(
        [sys.executable, "-c", RUN, str(unpacked), "--repo", str(example_repo.root), "validate"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "auckland-cbd: 22 devices, no problems\n"), done
