"""A fleet repository of its own with a running local hub, and the command line on both."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from device_runs import in_background, next_event  # noqa: F401 - fixtures
from shared_state import share_state

from edgeops.digest import digest_of
from edgeops.publishing.release_file import release_document, release_folder, write_release
from edgeops.release import ModelRelease

CHECKOUT = Path(__file__).parents[2]
_SECONDS_OF_A_COMMAND = 240  # then it hangs; a training takes 33 s on two idle cores


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class FleetRepo:
    """A git repository with a fleet."""

    root: Path
    run: Callable[..., Result]

    def edgeops(self, *args: str) -> Result:
        return self._checked(self.run("--repo", str(self.root), *args))

    def in_sync(self, *args: str) -> bool:
        """Whether a dry run finds nothing to do."""
        return self.edgeops("sync", "--dry-run", "--detailed-exitcode", *args).code == 0

    def start(self, *args: str, **options: Any) -> subprocess.Popen[str]:
        """The command in a process of its own."""
        command = [sys.executable, "-m", "edgeops", "--repo", str(self.root), *args]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, text=True, **{**pipes, **options})

    def process(self, *args: str, **options: Any) -> Result:
        """The command in a process of its own, at its end."""
        return self.end_of(self.start(*args, **options))

    def end_of(self, process: subprocess.Popen[str]) -> Result:
        """How a command that was started ends."""
        out, err = process.communicate(timeout=_SECONDS_OF_A_COMMAND)
        return self._checked(Result(process.returncode, out or "", err or ""))

    def _checked(self, result: Result) -> Result:
        """The result, which must not hold a key of the local hub."""
        policies = self.root / ".edgeops/policies.json"
        if policies.is_file():
            keys = re.findall(r'"([A-Za-z0-9+/=]{40,})"', policies.read_text())
            assert not [key for key in keys if key in result.out + result.err]
        return result

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def git(self, *args: str) -> str:
        return subprocess.run(
            ["git", *args], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, message: str = "change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def edgeops(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command line, in this process."""
    from edgeops.cli.main import run

    def call(*args: str) -> Result:
        capfd.readouterr()
        code = run(args)
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture
def empty_repo(tmp_path: Path, edgeops: Callable[..., Result]) -> FleetRepo:
    """A repository without commits; its folder has a space and a letter beyond ASCII."""
    root = tmp_path / "fleet répo"
    root.mkdir()
    repo = FleetRepo(root, edgeops)
    repo.git("init", "--quiet", "--initial-branch", "main")
    repo.write(".gitignore", ".edgeops\n")
    return repo


@pytest.fixture
def example_repo(empty_repo: FleetRepo) -> FleetRepo:
    """The example fleet, committed; no hub runs."""
    for folder in ("fleet", "schemas"):
        shutil.copytree(CHECKOUT / folder, empty_repo.root / folder)
    for release in CHECKOUT.glob("models/*/releases/*.yaml"):
        empty_repo.write(release.relative_to(CHECKOUT).as_posix(), release.read_text())
    empty_repo.commit("example fleet")
    return empty_repo


TINY_FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs: {local: {}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a, labels: {ring: canary}}
spec: {tags: {floor: 1}, desired: {interval: 60}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: b}
spec: {tags: {floor: 2}, desired: {interval: 60}}
"""


@pytest.fixture
def tiny_repo(empty_repo: FleetRepo) -> FleetRepo:
    """Two plain devices in one file, committed; no hub runs."""
    empty_repo.write("fleet/fleet.yaml", TINY_FLEET)
    empty_repo.commit("tiny fleet")
    return empty_repo


def release_in_git(
    repo: FleetRepo, name: str, version: str, data: bytes = b"", url: str | None = None
) -> ModelRelease:
    """A release with its artifact beside it, as `edgeops model publish` leaves them in git."""
    content = data or f"{name} {version}".encode()
    digest = digest_of([content])
    file_name = f"{name}-{version}.onnx"
    release = ModelRelease.of_file(
        name=name,
        version=version,
        file_name=file_name,
        size=digest.size,
        sha256=digest.sha256,
        md5=digest.md5,
        format="onnx",
        path=None if url else f"{name}/{version}/{file_name}",
        url=url,
    )
    folder = release_folder(repo.root, name)
    text = release_document(release, {"wape": 0.0745}, ["wape is 0.0745, at most 0.08"], {})
    write_release(folder / f"{version}.yaml", text)
    (folder / file_name).write_bytes(content)
    return release


@pytest.fixture(name="release_in_git")
def _release_in_git() -> Callable[..., ModelRelease]:
    """Writes a release into a repository."""
    return release_in_git


MANY = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: many}
spec:
  hubs:
    production:
      {hostname: "%s", sku: S3, connectionStringEnv: IOTHUB, createDevices: true}
    entra: {hostname: contoso.azure-devices.net, auth: entra}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: all}
spec:
  template: {spec: {tags: {floor: 1}}}
  devices: [%s]
"""
MANY_NAMES = tuple(f"d{number:02}" for number in range(60))


@pytest.fixture
def many(empty_repo: FleetRepo) -> Callable[..., FleetRepo]:
    """Sixty plain devices; hub `production` is at a port of this machine."""

    def fill(hostname: str = "localhost:1") -> FleetRepo:
        names = ", ".join(f"{{name: {name}}}" for name in MANY_NAMES)
        empty_repo.write("fleet/fleet.yaml", MANY % (hostname, names))
        empty_repo.commit()
        return empty_repo

    return fill


@pytest.fixture
def with_hub(local_hub: Any) -> Callable[[FleetRepo], Any]:
    """Lets a repository's commands find a running local hub."""

    def connect(repo: FleetRepo) -> Any:
        share_state(repo.root, local_hub.state_dir)
        return local_hub

    return connect


@pytest.fixture
def hub_repo(tiny_repo: FleetRepo, with_hub: Callable[..., Any]) -> FleetRepo:
    """The tiny fleet with a running local hub."""
    with_hub(tiny_repo)
    return tiny_repo


@pytest.fixture
def registry(local_hub: Any) -> Any:
    """Microsoft's own service SDK on the local hub: the foreign tool."""
    from azure.iot.hub import IoTHubRegistryManager

    manager = IoTHubRegistryManager.from_connection_string(local_hub.connection_string)
    manager.protocol.config.connection.verify = str(local_hub.ca_file)
    return manager


@pytest.fixture
def unused_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class ModuleTwin:
    """The twin of module model_loader on device d1, as a service sees it."""

    registry: Any
    connection_string: str
    ca_file: Path

    def want(self, **desired: Any) -> None:
        from azure.iot.hub.models import Twin, TwinProperties

        patch = Twin(properties=TwinProperties(desired=desired))
        self.registry.update_module_twin("d1", "model_loader", patch)

    @property
    def reported(self) -> dict[str, Any]:
        twin = self.registry.get_module_twin("d1", "model_loader")
        return dict(twin.properties.reported)

    @property
    def connected(self) -> bool:
        twin = self.registry.get_module_twin("d1", "model_loader")
        return bool(twin.connection_state == "Connected")

    def wait_until(self, is_so: Callable[[dict[str, Any]], Any], seconds: float = 30) -> None:
        """Ask the hub again and again until it is so of a connected module."""
        end = time.monotonic() + seconds
        while not (self.connected and is_so(self.reported)):
            assert time.monotonic() < end, f"not so after {seconds} s: {self.reported}"
            time.sleep(0.05)


@pytest.fixture
def module_twin(local_mqtt_hub: Any) -> ModuleTwin:
    """Device d1 with module model_loader, known to a hub that devices can connect to."""
    from azure.iot.hub import IoTHubRegistryManager

    registry = IoTHubRegistryManager.from_connection_string(local_mqtt_hub.connection_string)
    registry.protocol.config.connection.verify = str(local_mqtt_hub.ca_file)
    registry.create_device_with_sas("d1", None, None, "enabled", iot_edge=True)
    registry.create_module_with_sas("d1", "model_loader", "", None, None)
    connection_string = local_mqtt_hub.device_connection_string("d1", "model_loader")
    return ModuleTwin(registry, connection_string, local_mqtt_hub.ca_file)


@pytest.fixture
def start_model_loader(module_twin: ModuleTwin, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts model_loader, a process with Microsoft's device SDK, on a storage folder."""
    processes = []

    identity = {
        "EDGEOPS_CONNECTION_STRING": module_twin.connection_string,
        "EDGEOPS_CA_FILE": str(module_twin.ca_file),
    }

    def start(
        storage: Path,
        python: str | Path = sys.executable,
        environment: Mapping[str, str] = identity,
    ) -> subprocess.Popen[str]:
        log = (tmp_path / "model_loader.log").open("a")
        process = subprocess.Popen(
            [str(python), "-m", "edgeops.modules.model_loader"],
            cwd=tmp_path,
            env={
                "EDGEOPS_STORAGE": str(storage),
                "EDGEOPS_LOAD_TEST": "off",
                **environment,
            },
            stderr=log,
            text=True,
        )
        log.close()
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.terminate()
        assert process.wait(15) in (0, -signal.SIGKILL, -signal.SIGTERM)
