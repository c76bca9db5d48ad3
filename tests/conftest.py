"""What every test gets: a home of its own, no network but loopback; and a local hub on demand."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import json
import os
import queue
import re
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from edgeops.localhub import access
from edgeops.localhub.access import DEFAULT_HOST, DEFAULT_MQTT_PORT, Endpoint
from edgeops.localhub.client import client
from edgeops.localhub.faults import FaultPlan
from edgeops.localhub.files import StateFiles

collect_ignore = ["examples"]  # suites of their own, run by e2e/test_own_service.py

# A busy machine is not a failure; in CI every run has the same examples. `make quick` has few.
_PATIENT = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("here", **_PATIENT)
hypothesis.settings.register_profile("ci", derandomize=True, **_PATIENT)
hypothesis.settings.register_profile("quick", derandomize=True, max_examples=5, **_PATIENT)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

_TESTS = Path(__file__).parent
# Folders whose tests take longest, and so come first: a long file that begins last keeps one
# process busy while the others have nothing to do.
_LONG = ("e2e", "training", "workflows", "bench", "browser", "contract", "fuzz", "protocol")
# The tests of the pure core, whose coverage is measured. To trace code makes it twice as slow.
_OF_THE_CORE = (_TESTS / "unit/fleet", _TESTS / "unit/plan", _TESTS / "unit/source")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folders with long tests first, in the order of `_LONG`."""
    items.sort(key=lambda item: _LONG.index(_folder(item)) if _folder(item) in _LONG else 99)


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(_TESTS).parts[0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure coverage (`--cov`) in the tests of the core alone, and not in slow ones."""
    plugin = item.config.pluginmanager.getplugin("_cov")
    if plugin and (measuring := plugin.cov_controller):
        counts = _is_of_the_core(item) and not item.get_closest_marker("slow")
        if counts != measuring.started:
            (measuring.resume if counts else measuring.pause)()
    return (yield)


def _is_of_the_core(item: pytest.Item) -> bool:
    in_a_folder = any(folder in item.path.parents for folder in _OF_THE_CORE)
    return in_a_folder or item.path.parent == _TESTS / "unit"


@pytest.fixture(scope="session", autouse=True)
def _no_public_certificates() -> Iterator[None]:
    """The certificates of the system are not loaded: no test can reach a server that has one.

    OpenSSL 3.0 takes 25 ms to load them, for each client. A test can name others.
    """
    load = ssl.SSLContext.set_default_verify_paths

    def load_named(context: ssl.SSLContext) -> None:
        if {"SSL_CERT_FILE", "SSL_CERT_DIR"} & os.environ.keys():
            load(context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "set_default_verify_paths", load_named)
        yield


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for homes, in one of their own: pytest looks through its folder for each new one."""
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """HOME, caches and git's configuration are in tmp; no proxy and no hub from outside."""
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.com")
    # Hubs that a command serves must not fight over the one MQTT port.
    monkeypatch.setenv("EDGEOPS_MQTT_PORT", "0")
    monkeypatch.delenv("EDGEOPS_HUB_DIR", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names other than localhost do not resolve; other addresses cannot be reached.

    EDGEOPS_TEST_HUB names a real hub for the contract suite, so it lifts this.
    """
    if os.environ.get("EDGEOPS_TEST_HUB"):
        return
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_loopback(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known (in tests)")
        return resolve(host, *args, **kwargs)

    def connect_to(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_loopback(address[0]):
            raise OSError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", connect_to)


def _is_loopback(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class LocalHub:
    """A local hub that runs in this process, and what a test may do to it."""

    state_dir: Path
    endpoint: Endpoint
    faults: FaultPlan
    stop: Callable[[], None]

    @property
    def port(self) -> int:
        return self.endpoint.port

    @property
    def ca_file(self) -> Path:
        return self.endpoint.ca_file

    @property
    def connection_string(self) -> str:
        return access.connection_string(self.state_dir)

    def device_connection_string(self, device: str, module: str | None = None) -> str:
        """What the device SDK needs, besides the CA."""
        return access.device_connection_string(self.state_dir, device, module)

    @property
    def artifacts(self) -> Path:
        """The folder that is served under `/artifacts/`."""
        return StateFiles(self.state_dir).artifacts

    def artifact_gets(self, name: str = "") -> int:
        """How many times a published file (or any) was asked for."""
        return self.faults.count("GET", f"^/artifacts/{re.escape(name)}")

    def set_conditions(self, **document: Any) -> None:
        """Let the hub be slow or unreliable from now on, as `PUT /conditions` says."""
        client(self.state_dir, "registryReadWrite", seconds=10)("PUT", "/conditions", document)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many operations were delayed, refused or had a fault, by their kind."""
        send = client(self.state_dir, "registryRead", seconds=10)
        return dict(send("GET", "/conditions", None)["counts"])

    def set_connected(self, device: str, module: str = "", *, connected: bool = True) -> None:
        """Let a device or module seem connected (or gone)."""
        from edgeops.localhub.service import devices

        with self._second_handle() as hub:
            devices.set_connected(hub, device, module, connected)

    def report(self, device: str, module: str = "", **reported: Any) -> None:
        """Merge reported properties, as the device itself would."""
        from edgeops.localhub.service import twins

        with self._second_handle() as hub:
            twins.report(hub, device, module, reported)

    @contextmanager
    def _second_handle(self) -> Iterator[Any]:
        from edgeops.localhub.service.hub import EmulatedHub
        from edgeops.localhub.store import HubStore

        with HubStore(StateFiles(self.state_dir).database) as store:
            yield EmulatedHub(store)


@pytest.fixture(scope="session")
def _certificates(tmp_path_factory: pytest.TempPathFactory, _mqtt_host: str) -> StateFiles:
    """One CA for all hubs of a test run: making it takes longer than starting a hub."""
    from edgeops.localhub import tls

    files = StateFiles(tmp_path_factory.mktemp("certificates"))
    tls.server_context(files, _mqtt_host)
    return files


@pytest.fixture
def start_local_hub(
    tmp_path_factory: pytest.TempPathFactory, _certificates: StateFiles
) -> Iterator[Callable[[], LocalHub]]:
    """Starts empty local hubs on free ports; they stop with the test."""
    hubs: list[LocalHub] = []

    def start() -> LocalHub:
        hub = _start(_new_state(tmp_path_factory, _certificates))
        hubs.append(hub)
        return hub

    yield start
    for hub in hubs:
        hub.stop()


@pytest.fixture
def local_hub(start_local_hub: Callable[[], LocalHub]) -> LocalHub:
    """A running, empty local hub."""
    return start_local_hub()


@pytest.fixture(scope="module")
def _hub_of_module(
    tmp_path_factory: pytest.TempPathFactory, _certificates: StateFiles
) -> Iterator[LocalHub]:
    hub = _start(_new_state(tmp_path_factory, _certificates))
    yield hub
    hub.stop()


@pytest.fixture
def emptied_hub(_hub_of_module: LocalHub) -> LocalHub:
    """A running, empty local hub that the tests of a module share; numbers of events go on."""
    send = client(_hub_of_module.state_dir, "iothubowner", seconds=20)
    send("DELETE", "/conditions", None)
    send("POST", "/reset", None)
    return _hub_of_module


@pytest.fixture(scope="session")
def _mqtt_host() -> str:
    """A loopback address of this process alone: the device SDK insists on port 8883 of it."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"127.{10 + worker % 200}.{os.getpid() >> 8 & 0xFF}.{os.getpid() & 0xFF}"


@pytest.fixture
def start_mqtt_hub(
    tmp_path_factory: pytest.TempPathFactory, _certificates: StateFiles, _mqtt_host: str
) -> Iterator[Callable[..., LocalHub]]:
    """Starts a hub for devices: an empty one, or again on the state and port of one that stopped.

    One at a time, since they share an address.
    """
    hubs: list[LocalHub] = []

    def start(again: LocalHub | None = None, port: int = 0) -> LocalHub:
        state_dir = again.state_dir if again else _new_state(tmp_path_factory, _certificates)
        port = again.port if again else port
        hub = _start(state_dir, host=_mqtt_host, port=port, mqtt_port=DEFAULT_MQTT_PORT)
        hubs.append(hub)
        return hub

    yield start
    for hub in hubs:
        hub.stop()


@pytest.fixture
def local_mqtt_hub(start_mqtt_hub: Callable[..., LocalHub]) -> LocalHub:
    """A running, empty local hub that devices can connect to."""
    return start_mqtt_hub()


def _new_state(tmp_path_factory: pytest.TempPathFactory, certificates: StateFiles) -> Path:
    state_dir = tmp_path_factory.mktemp("hub")
    for file in (certificates.ca, certificates.server):
        shutil.copy(file, state_dir)
    return state_dir


def _start(
    state_dir: Path, host: str = DEFAULT_HOST, port: int = 0, mqtt_port: int | None = None
) -> LocalHub:
    from edgeops.localhub.loop import run as run_loop
    from edgeops.localhub.serve import serve

    faults = FaultPlan()
    started: queue.Queue[tuple[Endpoint, Callable[[], None]] | BaseException] = queue.Queue()

    async def run() -> None:
        task = asyncio.ensure_future(
            serve(
                state_dir,
                host=host,
                port=port,
                mqtt_port=mqtt_port,
                faults=faults,
                ready=lambda at: started.put((at, stop)),
            )
        )
        loop = asyncio.get_running_loop()

        def stop() -> None:
            if thread.is_alive():
                loop.call_soon_threadsafe(task.cancel)
            thread.join(timeout=10)

        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            started.put(error)

    thread = threading.Thread(target=lambda: run_loop(run()), name="local hub", daemon=True)
    thread.start()
    outcome = started.get(timeout=10)
    if isinstance(outcome, BaseException):
        raise outcome
    endpoint, stop = outcome
    return LocalHub(state_dir, endpoint, faults, stop)


@pytest.fixture(scope="session")
def seasonal_model() -> Callable[..., bytes]:
    """Makes a tiny ONNX model that forecasts the seasonal base of its window, as every quantile."""
    return _seasonal_model


def _seasonal_model(
    spec: Any, quantiles: tuple[float, ...] = (0.1, 0.5, 0.9), **says: str
) -> bytes:
    """`spec` is a `WindowSpec` with `log_base`; `says` is metadata other than the true."""
    import onnx
    from onnx import TensorProto, helper

    from edgeops.features.spec_json import to_json

    base = spec.features.index("log_base")
    cut = {"first": [0, base], "end": [spec.horizon, base + 1], "axes": [1, 2]}
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["window", *cut], ["base"]),
            helper.make_node("Exp", ["base"], ["ratio"]),
            helper.make_node("Tile", ["ratio", "repeats"], ["forecast"]),
        ],
        "seasonal",
        [
            helper.make_tensor_value_info(
                "window", TensorProto.FLOAT, ["n", spec.steps, len(spec.features)]
            )
        ],
        [
            helper.make_tensor_value_info(
                "forecast", TensorProto.FLOAT, ["n", spec.horizon, len(quantiles)]
            )
        ],
        [
            *(helper.make_tensor(name, TensorProto.INT64, [2], at) for name, at in cut.items()),
            helper.make_tensor("repeats", TensorProto.INT64, [3], [1, 1, len(quantiles)]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    properties = {
        "name": "seasonal",
        "licence": "of no concern to a device",
        "window": "features",
        "inputs": json.dumps(spec.features),
        "window_steps": str(spec.steps),
        "horizon": str(spec.horizon),
        "quantiles": json.dumps(quantiles),
        "window_spec": json.dumps(to_json(spec)),
        "output": "ratio",
    }
    helper.set_model_props(model, properties | says)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
