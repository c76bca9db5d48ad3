"""Lets a recorder work on a file system that is full for a while; prints what it saw as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from edgeops.modules.forecaster.desired import desired_file
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.status import iso

CANNOT_MOUNT = 77


def main(root: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(root)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        sys.exit(CANNOT_MOUNT)
    recorder, memory = Recorder(root), desired_file(root)
    recorder.open()
    recorder.take(message(1))
    fill_up(root / "of-others")
    for hour in range(2, 201):  # more than the page that the file has already takes
        recorder.take(message(hour))
    memory.keep({"model": "street"})
    full = recorder.fault
    (root / "of-others").unlink()
    recorder.save()
    memory.save()
    again = Recorder(root)
    again.open()
    seen = {
        "fault while full": full,
        "fault with room": recorder.fault or memory.fault,
        "hours after a restart": [
            observation.at // HOUR for observation in again.history.records()
        ],
        "files": sorted(path.name for path in (root / "history").iterdir()),
        "desired after a restart": desired_file(root).read(),
    }
    print(json.dumps(seen))


def message(hour: int) -> str:
    return json.dumps({"timestamp": iso(hour * HOUR), "values": {"east": hour}})


def fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            return


main(Path(sys.argv[1]))
