"""A module of edgeops is complete: what builds it, runs it here and publishes it knows it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from edgeops.localedge.deployment import MODULES_OF_OURS

CHECKOUT = Path(__file__).parents[3]
MODULES = CHECKOUT / "edgeops/modules"
EACH = sorted(program.parent.name for program in MODULES.glob("*/__main__.py"))


@pytest.mark.parametrize("module", EACH)
def test_its_requirements_are_locked(module):
    for kind in ("in", "txt"):
        assert (MODULES / f"requirements/{module}.{kind}").exists()
    makefile = (CHECKOUT / "Makefile").read_text()
    assert f"$(LOCK) $(MODULES)/{module}.in -o $(MODULES)/{module}.txt" in makefile


def test_device_run_knows_each():
    assert sorted(MODULES_OF_OURS.values()) == [f"edgeops.modules.{module}" for module in EACH]


def test_a_release_has_an_image_of_each():
    release = yaml.safe_load((CHECKOUT / ".github/workflows/release.yml").read_text())
    matrix = release["jobs"]["images"]["strategy"]["matrix"]["include"]
    images = {entry["image"]: f"edgeops.modules.{entry['module']}" for entry in matrix}
    assert images == MODULES_OF_OURS


@pytest.mark.parametrize("module", EACH)
def test_its_twin_has_a_schema(module):
    for part in ("desired", "reported"):
        assert (CHECKOUT / f"schemas/modules/{module}.{part}.schema.json").exists()
