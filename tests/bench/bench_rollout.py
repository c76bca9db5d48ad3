"""How long a new model takes from its commit to the report of the last device.

Each fleet is a git repository with a local hub of its own, whose devices have the model_loader
module and one model. A commit then wants the next version, and `edgeops sync` brings it there: the
hub tells each module, which downloads the file over HTTPS, verifies it, and reports its digest.
The hub and the sync are processes of their own, all modules are this one: they share the machine's
cores, as real devices do not. What a device does by itself, as storing the file, is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edgeops.fleet.model import HubTarget
from edgeops.hub.open import LocalAccess, open_hub
from edgeops.localhub import access, loop
from edgeops.localhub.store import HubStore
from tests.bench.options import CHECKOUT, Options
from tests.bench.results import Results, at_most
from tests.bench.simulated_loaders import SLOT, Modules, Rollout
from tests.bench.sites import Site, site

_OLD, _NEW = "1.0.0", "1.1.0"
_WORKERS = 16
_TIMEOUT = 300
_GOALS = {1000: 8.0, 5000: 40.0}  # seconds, by the number of devices
_MANIFESTS = """\
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
_RELEASE = """\
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


@dataclass(frozen=True, slots=True)
class _Timing:
    """Seconds since the commit; `own` are of each device since it was notified, in order."""

    notified: float
    synced: float
    reported: float
    own: list[float]


def bench(options: Options) -> Results:
    """The times of a new fleet of each size."""
    for devices in options.loaders:
        timing = _measure(devices, options.kilobytes * 1000)
        name = f"commit to {devices:,} devices"
        goal = _GOALS.get(devices)
        yield at_most(f"{name}: last one told", "s", [timing.notified])
        yield at_most(f"{name}: sync ended", "s", [timing.synced])
        yield at_most(f"{name}: last one reported", "s", [timing.reported], goal)
        p99 = timing.own[int(len(timing.own) * 0.99)]
        yield at_most(f"{name}: told to reported, p99", "s", [p99])


def _measure(devices: int, size: int) -> _Timing:
    timings = []

    async def run(here: Site) -> None:
        timings.append(await _roll_out(here, size))

    with (
        tempfile.TemporaryDirectory(prefix="edgeops-bench-") as folder,
        site(Path(folder), devices, CHECKOUT) as here,
    ):
        loop.run(run(here))
    return timings[0]


async def _roll_out(here: Site, size: int) -> _Timing:
    """Bring all devices to the old model, untimed, and then to the new one."""
    old, new = _publish(here, _OLD, size), _publish(here, _NEW, size)
    _want(here, _OLD)
    await _sync(here)
    keys = _keys(here)
    first, second = Rollout(old, len(keys)), Rollout(new, len(keys))
    modules = Modules(first)
    with ThreadPoolExecutor(_WORKERS) as workers:
        await modules.connect(keys, here.endpoint, workers)
        async with asyncio.timeout(_TIMEOUT), _following(modules):
            await first.everywhere.wait()
            modules.rollout = second
            began = time.perf_counter()
            _want(here, _NEW)
            synced, _ = await asyncio.gather(_sync(here), second.everywhere.wait())
    await modules.disconnect()
    holding = await _holding(here, new)
    assert holding == len(keys), f"the hub has the new digest of {holding} modules only"
    return _Timing(
        notified=max(second.notified.values()) - began,
        synced=synced - began,
        reported=max(second.answered.values()) - began,
        own=sorted(second.answered[name] - second.notified[name] for name in keys),
    )


def _publish(here: Site, version: str, size: int) -> str:
    """Put a model into the hub's store and its release file into git; gives its SHA-256."""
    data = random.Random(version).randbytes(size)
    path = f"{SLOT}/{version}/{SLOT}-{version}.onnx"
    artifact = here.files.artifacts / path
    artifact.parent.mkdir(parents=True)
    artifact.write_bytes(data)
    sha256, md5 = hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest()
    values = {"slot": SLOT, "version": version, "path": path, "size": size}
    release = _RELEASE.format(**values, sha256=sha256, md5=md5)
    here.fleet.write(f"models/{SLOT}/releases/{version}.yaml", release)
    return sha256


def _want(here: Site, version: str) -> None:
    """Commit a version for all devices."""
    here.fleet.write("fleet/rollout.yaml", _MANIFESTS.format(slot=SLOT, version=version))
    here.fleet.commit(f"{SLOT} {version}")


def _keys(here: Site) -> dict[str, str]:
    """The keys of all modules, by `device/module`."""
    with HubStore(here.files.database) as store:
        identities = [entry.identity for entry in store.all_modules()]
    return {
        f"{identity.device}/{identity.module}": identity.authentication.primary_key or ""
        for identity in identities
    }


async def _holding(here: Site, sha256: str) -> int:
    """How many modules the hub says have reported this digest."""
    text = access.connection_string(here.files.directory)
    local = LocalAccess(text, str(here.endpoint.ca_file))
    async with open_hub(HubTarget("local"), environ={}, local=local) as hub:
        slots = [twin.reported.get("models", {}) async for twin in hub.module_twins()]
    return sum(models.get(SLOT, {}).get("sha256") == sha256 for models in slots)


@contextlib.asynccontextmanager
async def _following(modules: Modules) -> AsyncIterator[None]:
    """The modules follow their twins meanwhile; when one fails, so does this."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(modules.run())
        yield
        task.cancel()


async def _sync(here: Site) -> float:
    """Run `edgeops sync`; gives when it ended."""
    process = await asyncio.create_subprocess_exec(
        *here.command("sync"),
        env=here.environ,
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
