"""The container image of the hub: its lines name what exists. No engine builds it here."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
STEPS = (CHECKOUT / "edgeops/localhub/Containerfile").read_text()


def test_it_installs_the_locked_packages_and_the_wheel_and_nothing_else():
    assert "\nCOPY requirements/hub.txt /tmp/requirements.txt\n" in STEPS
    assert (CHECKOUT / "requirements/hub.txt").exists()
    assert re.findall(r"pip install (.*?) &&", STEPS) == [
        "--require-hashes -r /tmp/requirements.txt",
        "--no-deps /tmp/edgeops-*.whl",
    ]


def test_it_is_no_root_and_its_folder_is_the_one_of_the_hub():
    [folder] = re.findall(r"^ENV EDGEOPS_HUB_DIR=(\S+)", STEPS, re.MULTILINE)
    [owner] = re.findall(r"^USER (\S+)$", STEPS, re.MULTILINE)
    assert f"mkdir {folder} && chown {owner} {folder}" in STEPS
