"""What `make` installs is pinned by hash for every platform, and names no registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
PIN = re.compile(r"([a-z0-9-]+==[\w.]+)(?: ; (.+?))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def pins(name: str) -> dict[str, str]:
    """The pinned versions of a file, each with its environment marker."""
    lines = (REQUIREMENTS / name).read_text().splitlines()
    matches = [PIN.fullmatch(line) for line in lines]
    return {pin[1]: pin[2] or "" for pin in matches if pin}


@pytest.mark.parametrize("file", sorted(REQUIREMENTS.iterdir()), ids=lambda file: file.name)
def test_every_line_is_a_pin_a_hash_or_a_comment(file):
    for line in file.read_text().splitlines():
        assert PIN.fullmatch(line) or HASH.fullmatch(line) or line.lstrip().startswith("#"), line
        assert "://" not in line


def test_what_the_demo_installs_stays_as_it_is_when_the_rest_follows():
    assert pins("demo.txt").keys() <= pins("dev.txt").keys()


def test_the_container_of_the_hub_has_what_the_tests_have():
    assert pins("hub.txt").keys() <= pins("dev.txt").keys()


def test_the_demo_needs_nothing_that_trains():
    names = {pin.partition("==")[0] for pin in pins("demo.txt")}
    assert not names & {"keras", "tensorflow", "tensorflow-cpu", "lightgbm", "matplotlib"}


@pytest.mark.parametrize("name", ["demo.txt", "dev.txt", "hub.txt"])
@pytest.mark.parametrize("package", ["azure-iot-hub", "uamqp"])
def test_packages_with_wheels_for_x86_only_are_left_out_on_other_machines(name, package):
    (marker,) = [marker for pin, marker in pins(name).items() if pin.startswith(f"{package}==")]
    assert marker == "platform_machine == 'AMD64' or platform_machine == 'x86_64'"
