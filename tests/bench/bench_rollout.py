"""How long a new model takes from `edgeops sync` to the report of the last device.

    python tests/bench/bench_rollout.py --devices 1,100,1000

Each fleet is a git repository with a local hub of its own, whose devices have
the model_loader module and one model. A commit then wants the next version, and
`edgeops sync` brings it there: the hub tells each module, which downloads the
file over HTTPS, verifies it, switches, and reports its digest. The hub and the
sync are processes of their own, all modules are this one: they share the
machine's cores and its disk, as real devices do not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from generated_fleet import commit, make_repository
from simulated_loaders import SLOT, Modules, Rollout

from edgeops.fleet.model import HubTarget
from edgeops.hub.open import LocalAccess, open_hub
from edgeops.localhub import access, loop
from edgeops.localhub.access import Endpoint
from edgeops.localhub.files import StateFiles
from edgeops.localhub.store import HubStore

OLD, NEW = "1.0.0", "1.1.0"
WORKERS = 16
TIMEOUT = 300
MANIFESTS = """\
apiVersion: edgeops/v1
kind: Module
metadata: {{name: model_loader}}
spec: {{desired: {{keepVersions: 2}}}}
---
apiVersion: edgeops/v1
kind: Group
metadata: {{name: models}}
spec:
  selector: {{}}
  modules: {{model_loader: {{}}}}
  models: {{{slot}: "{slot}@{version}"}}
"""
RELEASE = """\
apiVersion: edgeops/v1
kind: ModelRelease
metadata: {{name: {slot}, version: {version}}}
spec:
  path: {path}
  fileName: {slot}-{version}.onnx
  size: {size}
  sha256: {sha256}
  md5: {md5}
  format: onnx
"""


@dataclass(frozen=True)
class Site:
    """A fleet repository with its running hub."""

    root: Path
    environment: dict[str, str]
    endpoint: Endpoint

    @property
    def files(self) -> StateFiles:
        return StateFiles(self.root / ".edgeops")

    def edgeops(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "edgeops", "--repo", str(self.root), *arguments]

    def publish(self, version: str, size: int) -> str:
        """Put a model into the hub's store and its release file into git; gives its SHA-256."""
        data = random.Random(version).randbytes(size)
        path = f"{SLOT}/{version}/{SLOT}-{version}.onnx"
        artifact = self.files.artifacts / path
        artifact.parent.mkdir(parents=True)
        artifact.write_bytes(data)
        sha256, md5 = hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest()
        release = self.root / "models" / SLOT / "releases" / f"{version}.yaml"
        release.parent.mkdir(parents=True, exist_ok=True)
        values = {"slot": SLOT, "version": version, "path": path, "size": size}
        release.write_text(RELEASE.format(**values, sha256=sha256, md5=md5))
        return sha256

    def want(self, version: str) -> None:
        """Commit a version for all devices."""
        manifests = MANIFESTS.format(slot=SLOT, version=version)
        (self.root / "fleet" / "rollout.yaml").write_text(manifests)
        commit(self.root, f"{SLOT} {version}")

    def keys(self) -> dict[str, str]:
        """The keys of all modules, by `device/module`."""
        with HubStore(self.files.database) as store:
            identities = [entry.identity for entry in store.all_modules()]
        return {
            f"{identity.device}/{identity.module}": identity.authentication.primary_key or ""
            for identity in identities
        }

    async def holding(self, sha256: str) -> int:
        """How many modules the hub says have reported this digest."""
        text = access.connection_string(self.files.directory)
        local = LocalAccess(text, str(self.endpoint.ca_file))
        async with open_hub(HubTarget("local"), environ={}, local=local) as hub:
            slots = [twin.reported.get("models", {}) async for twin in hub.module_twins()]
        return sum(models.get(SLOT, {}).get("sha256") == sha256 for models in slots)


@dataclass(frozen=True)
class Timing:
    """Seconds since `edgeops sync` was started; `own` are of each device since it was notified."""

    notified: float
    synced: float
    reported: float
    own: list[float]


@contextlib.contextmanager
def site(root: Path, devices: int) -> Iterator[Site]:
    """A new repository and its hub, which is stopped at the end."""
    make_repository(root, devices, interval=60)
    https, mqtt = free_ports()
    environment = {**os.environ, "EDGEOPS_HTTPS_PORT": https, "EDGEOPS_MQTT_PORT": mqtt}
    serve = [sys.executable, "-m", "edgeops", "--repo", str(root), "hub", "serve"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=environment) as hub:
        try:
            assert hub.stdout is not None
            hub.stdout.readline()
            endpoint = access.running(root / ".edgeops")
            if endpoint is None:
                sys.exit("the local hub did not start")
            yield Site(root, environment, endpoint)
        finally:
            hub.terminate()


def free_ports() -> tuple[str, str]:
    """Two ports that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as loopback, socket.create_server(("", 0)) as other:
        return str(loopback.getsockname()[1]), str(other.getsockname()[1])


@contextlib.asynccontextmanager
async def following(modules: Modules) -> AsyncIterator[None]:
    """The modules follow their twins meanwhile; when one fails, so does this."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(modules.run())
        yield
        task.cancel()


async def sync(here: Site) -> float:
    """Run `edgeops sync`; gives when it ended."""
    process = await asyncio.create_subprocess_exec(
        *here.edgeops("sync"),
        env=here.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
    finally:
        if process.returncode is None:
            process.kill()
    return time.perf_counter()


async def roll_out(here: Site, storage: Path, size: int) -> Timing:
    """Bring all devices to the old model, untimed, and then to the new one."""
    old, new = here.publish(OLD, size), here.publish(NEW, size)
    here.want(OLD)
    await sync(here)
    keys = here.keys()
    first, second = Rollout(old, len(keys)), Rollout(new, len(keys))
    modules = Modules(first)
    with ThreadPoolExecutor(WORKERS) as workers:
        await modules.connect(keys, here.endpoint, storage, workers)
        async with asyncio.timeout(TIMEOUT), following(modules):
            await first.everywhere.wait()
            modules.rollout = second
            here.want(NEW)
            began = time.perf_counter()
            synced, _ = await asyncio.gather(sync(here), second.everywhere.wait())
    modules.disconnect()
    holding = await here.holding(new)
    assert holding == len(keys), f"the hub has the new digest of {holding} modules only"
    return Timing(
        notified=max(second.notified.values()) - began,
        synced=synced - began,
        reported=max(second.answered.values()) - began,
        own=sorted(second.answered[name] - second.notified[name] for name in keys),
    )


def measure(devices: int, size: int) -> Timing:
    """The times of a new fleet of this size, which leaves nothing behind."""
    timings = []

    async def run(here: Site, storage: Path) -> None:
        timings.append(await roll_out(here, storage, size))

    with tempfile.TemporaryDirectory(prefix="edgeops-bench-") as folder:
        storage = Path(folder, "devices")
        storage.mkdir()
        with site(Path(folder, "fleet"), devices) as here:
            loop.run(run(here, storage))
    return timings[0]


def row(devices: int, timing: Timing) -> str:
    p50, p99 = (timing.own[int(len(timing.own) * part)] for part in (0.5, 0.99))
    whole = f"{timing.notified:>12.2f}{timing.synced:>12.2f}{timing.reported:>14.2f}"
    return f"{devices:>7,}{whole}{p50:>14.2f}{p99:>8.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--devices", default="1,100,1000", help="sizes of the fleets")
    parser.add_argument("--kilobytes", type=int, default=300, help="size of the model")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"a model of {options.kilobytes} KB; seconds since the start of `edgeops sync`\n")
    print(f"{'':7}{'last device':>12}{'sync':>12}{'last device':>14}{'each, since told':>22}")
    print(f"{'devices':7}{'told':>12}{'ended':>12}{'reported':>14}{'p50':>14}{'p99':>8}")
    for devices in map(int, options.devices.split(",")):
        print(row(devices, measure(devices, options.kilobytes * 1000)), flush=True)


if __name__ == "__main__":
    main()
