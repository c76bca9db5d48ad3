"""Git repositories with generated fleets, and the same state as a dict for plain scripts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

_FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: bench}
spec:
  hubs:
    local: {}
"""
_GROUP = """\
apiVersion: edgeops/v1
kind: Group
metadata: {{name: {name}, priority: {priority}}}
spec:
  selector: {{{selector}}}
  desired: {{{desired}}}
"""
_FEW = 10  # devices that a small change is for


def device_names(count: int) -> list[str]:
    """The ids of the devices."""
    return [f"sensor-{number:06}" for number in range(count)]


def wanted(interval: int) -> dict[str, Any]:
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


class GeneratedFleet:
    """A repository whose every change is a commit; made with the variables of an environment."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.root = root
        self._environ = environ
        (root / "fleet").mkdir(parents=True)
        self.write("fleet/fleet.yaml", _FLEET)
        self._git("init", "--quiet", "--initial-branch=main")

    def write(self, path: str, text: str) -> None:
        """Write a file, without a commit."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def write_set(self, count: int) -> None:
        """Devices in one set."""
        names = "".join(
            f"    - {{name: {name}, labels: {{few: '{number < _FEW}'}}}}\n"
            for number, name in enumerate(device_names(count))
        )
        manifest = f"""\
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {{name: sensors}}
spec:
  template:
    spec: {json.dumps(_state())}
  devices:
{names}"""
        self.write("fleet/sensors.yaml", manifest)

    def write_files(self, names: Iterable[str], gain: int = 2) -> None:
        """Devices in a file each."""
        state = _state()
        state["desired"]["sensor"]["gain"] = gain
        spec = yaml.safe_dump({"spec": state}, sort_keys=False)
        for name in names:
            head = f"apiVersion: edgeops/v1\nkind: Device\nmetadata: {{name: {name}}}\n"
            self.write(f"fleet/devices/{name}.yaml", head + spec)

    def want(self, interval: int) -> None:
        """Commit one changed line: this value on all devices, through their group."""
        desired = f"reportingIntervalSeconds: {interval}"
        self.write("fleet/everyone.yaml", _group("everyone", 1, "", desired))
        self.commit(f"Report every {interval} seconds")

    def want_of_few(self, value: int) -> None:
        """Commit one changed line that is for ten devices of the set."""
        group = _group("few", 2, "matchLabels: {few: 'True'}", f"trial: {value}")
        self.write("fleet/few.yaml", group)
        self.commit(f"Trial {value}")

    def commit(self, message: str) -> None:
        """Commit all that is new."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", "-C", self.root, *arguments], check=True, env=self._environ)


def write_wanted(path: Path, devices: int, interval: int) -> Path:
    """Write the same state as a dict for the plain script."""
    path.write_text(json.dumps(dict.fromkeys(device_names(devices), wanted(interval))))
    return path


def _group(name: str, priority: int, selector: str, desired: str) -> str:
    return _GROUP.format(name=name, priority=priority, selector=selector, desired=desired)


def _state() -> dict[str, Any]:
    state = wanted(0)
    del state["desired"]["reportingIntervalSeconds"]  # the group sets it
    return state
