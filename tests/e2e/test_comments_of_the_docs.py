"""The plan comments for large fleets in docs/github.md are what edgeops prints.

EDGEOPS_UPDATE_GOLDEN=1 writes them anew. They are those of `fleet-pr` without a sign-in to the hub.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/github.md"
IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (
        ("NAME", "grace"),
        ("EMAIL", "grace@example.com"),
        ("DATE", "2026-01-05T09:00:00Z"),
    )
}
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: plants}
spec: {hubs: {production: {hostname: plants.azure-devices.net, auth: entra}}}
"""
GATEWAYS = """\
apiVersion: edgeops/v1
kind: Module
metadata: {name: opc}
spec: {image: "contoso.azurecr.io/opc:2.4.1"}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: gateways}
spec:
  template:
    spec:
      edge: true
      modules: {opc: {env: {ENDPOINT: "opc.tcp://${plant}:4840"}}}
  devices:
"""
SENSORS = """\
apiVersion: edgeops/v1
kind: Group
metadata: {name: all}
spec:
  selector: {}
  desired: {reportingIntervalSeconds: INTERVAL}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: sensors}
spec:
  template:
    spec: {tags: TAGS}
  devices:
"""


def gateways(plant):
    names = (
        f"    - {{name: gw-{n:03}, variables: {{plant: {plant(n)}}}}}\n" for n in range(1, 301)
    )
    return GATEWAYS + "".join(names)


def sensors(interval, tags):
    devices = (
        f"    - {{name: sensor-{n:04}, variables: {{serial: S{n * 7919 % 100_000:05}}}}}\n"
        for n in range(1, 3_001)
    )
    return SENSORS.replace("INTERVAL", interval).replace("TAGS", tags) + "".join(devices)


CHANGES = {
    300: (
        gateways(lambda n: f"10.20.{n % 256}.4"),
        gateways(lambda n: "10.20.44.444" if n == 44 else f"plc.plant-{n:03}.example"),
    ),
    3_000: (
        sensors("300", "{model: T9}"),
        sensors("240", '{model: T9, serial: "${serial}"}'),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("devices", CHANGES)
def test_the_comment_in_the_docs_is_what_the_command_prints(devices, tmp_path):
    comment = comment_of(tmp_path, *CHANGES[devices])
    block = re.compile(
        rf"(<!-- comment of {devices} devices -->\n\n)(.*?)(\n*<!-- end of the comment -->)",
        re.DOTALL,
    )
    page = PAGE.read_text()
    quoted = "".join(f"> {line}".rstrip() + "\n" for line in comment.splitlines())
    if os.environ.get("EDGEOPS_UPDATE_GOLDEN") == "1":
        page = block.sub(lambda m: f"{m[1]}{quoted}\n{m[3].lstrip()}", page)
        PAGE.write_text(page)
    assert [f"{shown}\n" for _, shown, _ in block.findall(page)] == [quoted]


def comment_of(root, before, after):
    """What a pull request that makes this change to the devices is shown with."""
    fleet = root / "fleet"
    fleet.mkdir()
    (fleet / "fleet.yaml").write_text(FLEET)
    run(root, "git", "init", "--quiet", "--initial-branch=main")
    for branch, devices in (("main", before), ("change", after)):
        (fleet / "devices.yaml").write_text(devices)
        run(root, "git", "checkout", "--quiet", "-B", branch)
        run(root, "git", "add", ".")
        run(root, "git", "commit", "--quiet", "--message", branch)
    command = "sync --hub production --dry-run --offline --changed-since main -o markdown"
    return run(root, sys.executable, "-m", "edgeops", *command.split())


def run(root, *command):
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **IDENTITY}
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, env=environ
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
