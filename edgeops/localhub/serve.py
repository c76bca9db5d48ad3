"""Runs the local IoT Hub emulator: one process, one state directory, HTTPS and MQTT listeners."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.files import write_private
from edgeops.localhub import lock, tls
from edgeops.localhub.access import (
    ALL_ADDRESSES,
    DEFAULT_HOST,
    DEFAULT_MQTT_PORT,
    DEFAULT_PORT,
    Endpoint,
)
from edgeops.localhub.conditions import Conditions
from edgeops.localhub.doors import Doors
from edgeops.localhub.faults import FaultPlan
from edgeops.localhub.files import StateFiles
from edgeops.localhub.http import server as http
from edgeops.localhub.http.app import application
from edgeops.localhub.mqtt import server as mqtt
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.page import LINKS, Checkout, HubPage, add_page
from edgeops.localhub.policies import policy_keys
from edgeops.localhub.port_user import port_user
from edgeops.localhub.service import cloud_messages, devices, job_runner
from edgeops.localhub.service.admission import Admission
from edgeops.localhub.service.evaluation import EVALUATION_SECONDS, keep_evaluating
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.store import HubStore
from edgeops.localhub.tls_trust import TrustingContext

_AS_ROOT = (
    "Linux leaves low ports to root, until `sudo sysctl net.ipv4.ip_unprivileged_port_start=443`"
)


async def serve(
    state_dir: Path,
    *,
    port: int = DEFAULT_PORT,
    mqtt_port: int | None = DEFAULT_MQTT_PORT,
    host: str = DEFAULT_HOST,
    names: Sequence[str] = (),
    ready: Callable[[Endpoint], None],
    conditions: Conditions | None = None,
    faults: FaultPlan | None = None,
    evaluation_seconds: float = EVALUATION_SECONDS,
    checkout: Checkout | None = None,
) -> None:
    """Run a hub until cancelled or a signal to stop; requests in flight are finished.

    It listens on the address `host`. Clients reach it by this, by the names of loopback, and by
    `names`, which are addresses or host names for its certificate; connection strings have the
    first. Port 0 takes any free port; with `mqtt_port` None the hub serves no devices.
    `ready` is called with the actual ports once the hub answers requests. `conditions`
    make it slow or unreliable. `faults` are for tests. All configurations are
    evaluated every `evaluation_seconds`, and those that a change can concern also
    then. The page also shows what a `checkout` adds. Raises `EdgeOpsError` when a
    port is in use, or another hub uses the state directory.
    """
    files = StateFiles(state_dir)
    files.make_directory()
    with lock.held(files.lock) as acquired:
        if not acquired:
            raise EdgeOpsError(
                f"another local hub is running on {state_dir}",
                "use that hub, or stop it first",
            )
        files.endpoint.unlink(missing_ok=True)
        certified = tls.server_context(files, *_addresses(host), *names)
        context = TrustingContext(files, certified)
        async with AsyncExitStack() as running:
            hub = EmulatedHub(
                running.enter_context(HubStore(files.database)), admission=Admission(conditions)
            )
            devices.mark_all_disconnected(hub)
            await running.enter_async_context(cloud_messages.kept(hub))
            evaluating = asyncio.create_task(keep_evaluating(hub, evaluation_seconds))
            running.callback(evaluating.cancel)
            keys = policy_keys(files)
            listener = running.enter_context(_listening(host, port, "--port"))
            doors, broker = Doors(_port(listener), None), None
            if mqtt_port is not None:
                devices_at = running.enter_context(_listening(host, mqtt_port, "--mqtt-port"))
                doors = Doors(_port(listener), _port(devices_at))
                broker = Broker(hub, keys, doors)
            alias = names[0] if names else ""
            endpoint = Endpoint(host, doors.https, os.getpid(), files.ca, doors.mqtt, alias)
            app = application(hub, keys, faults, files.artifacts, broker, LINKS)
            add_page(app, HubPage(hub, endpoint, keys, checkout or Checkout()))
            await running.enter_async_context(http.listening(app, listener, context, doors))
            if broker is not None:
                await running.enter_async_context(broker.connections.watched())
                await running.enter_async_context(mqtt.listening(broker, devices_at, context))
            running.callback(hub.stop)
            await running.enter_async_context(job_runner.running(hub))
            stop = await running.enter_async_context(_stop_signals())
            _announce(files, endpoint)
            running.callback(files.endpoint.unlink, missing_ok=True)
            ready(endpoint)
            await stop.wait()


def _addresses(host: str) -> list[str]:
    """The addresses that clients can use for a host that is listened on."""
    return [] if host in ALL_ADDRESSES else [host]


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _listening(host: str, port: int, option: str) -> socket.socket:
    if not 0 <= port <= 65535:
        raise UsageError(
            f"there is no port {port}", "give a port from 1 to 65535, or 0 for any free port"
        )
    try:
        family = socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6
    except ValueError as error:
        raise UsageError(
            f"{host} is not an address to listen on",
            "give one of this machine, such as 127.0.0.2; --host gives names for clients",
        ) from error
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise _in_use(host, port, option) from error
        why = os.strerror(error.errno) if error.errno else str(error)  # without Python's remark
        hint = _AS_ROOT if error.errno == errno.EACCES else ""
        raise EdgeOpsError(f"cannot listen on {host} port {port}: {why}", hint) from error


def _in_use(host: str, port: int, option: str) -> EdgeOpsError:
    user = port_user(host, port)
    by, first = "", "stop what uses it"
    if user is not None and user.hub_dir is not None:
        by = f" by the local hub in {user.hub_dir} (process {user.pid})"
        first = f"use that hub (--dir {user.hub_dir}), stop it"
    elif user is not None:
        by = f" by process {user.pid} ({user.command})"
        first = "stop that process"
    other = f"choose another port with {option} (0 takes a free one)"
    if port == DEFAULT_MQTT_PORT:  # which is the only one for Microsoft's device SDKs
        other = f"let this hub have another address (--listen 127.0.0.2), or {other}"
    return EdgeOpsError(f"port {port} on {host} is in use{by}", f"{first}, or {other}")


@asynccontextmanager
async def _stop_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT, SIGTERM and SIGHUP set; only the main thread can handle signals.

    SIGHUP comes when the terminal is closed.
    """
    stop = asyncio.Event()
    in_main_thread = threading.current_thread() is threading.main_thread()
    signals = [signal.SIGINT, signal.SIGTERM] if in_main_thread else []
    if in_main_thread and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as of nohup
        signals.append(signal.SIGHUP)
    loop = asyncio.get_running_loop()
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _announce(files: StateFiles, endpoint: Endpoint) -> None:
    saved = {
        "pid": endpoint.pid,
        "host": endpoint.host,
        "port": endpoint.port,
        "mqttPort": endpoint.mqtt_port,
        "alias": endpoint.alias,
    }
    write_private(files.endpoint, json.dumps(saved).encode())
