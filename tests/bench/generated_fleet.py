"""A git repository with a generated fleet of plain devices, and the same state as a dict."""

import json
import os
import subprocess
from pathlib import Path

_FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: bench}
spec:
  hubs:
    local: {}
"""


def device_names(count: int) -> list[str]:
    """The ids of the devices."""
    return [f"sensor-{number:05}" for number in range(count)]


_GROUP = """\
apiVersion: edgeops/v1
kind: Group
metadata: {name: all}
spec:
  selector: {}
  desired: {reportingIntervalSeconds: %d}
"""


def wanted(interval: int) -> dict:
    """The tags and desired properties of every device: 1 KB, as a twin with `$metadata` 5 KB."""
    return {
        "tags": {
            "site": "auckland-cbd",
            "owner": "pedestrian-counting",
            "location": {"city": "Auckland", "country": "NZ", "building": "Queen Street 210"},
            "hardware": {"class": "rpi4", "revision": "1.4", "camera": "imx219"},
        },
        "desired": {
            "reportingIntervalSeconds": interval,
            "sensor": {"exposure": 0.25, "gain": 2, "zones": [1, 2, 3], "mode": "counting"},
            "network": {"apn": "iot.example.net", "keepAliveSeconds": 240, "maxRetries": 8},
            "logging": {"level": "warning", "maxFiles": 5, "maxBytes": 1048576},
            "thresholds": {f"hour{hour:02}": 100 + hour for hour in range(24)},
        },
    }


def make_repository(root: Path, devices: int, interval: int) -> None:
    """Make a repository whose one commit holds the fleet."""
    (root / "fleet").mkdir(parents=True)
    (root / "fleet" / "fleet.yaml").write_text(_FLEET)
    (root / "fleet" / "sensors.yaml").write_text(_device_set(devices))
    _git(root, "init", "--quiet", "--initial-branch=main")
    commit_interval(root, interval)


def commit_interval(root: Path, interval: int) -> None:
    """Commit one changed line: this value on all devices, through their group."""
    (root / "fleet" / "all.yaml").write_text(_GROUP % interval)
    commit(root, f"Report every {interval} seconds")


def commit(root: Path, message: str) -> None:
    """Commit all that is new."""
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", message)


def write_wanted(path: Path, devices: int, interval: int) -> Path:
    """Write the same state as a dict for the plain script."""
    path.write_text(json.dumps(dict.fromkeys(device_names(devices), wanted(interval))))
    return path


def _device_set(devices: int) -> str:
    state = wanted(0)
    del state["desired"]["reportingIntervalSeconds"]  # the group sets it
    names = "".join(f"    - {{name: {name}}}\n" for name in device_names(devices))
    return f"""\
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {{name: sensors}}
spec:
  template:
    spec:
      tags: {json.dumps(state["tags"])}
      desired: {json.dumps(state["desired"])}
  devices:
{names}"""


def _git(root: Path, *arguments: str) -> None:
    identity = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "bench"), ("EMAIL", "bench@example.com"))
    }
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "-C", root, *arguments], check=True, env=environment)
