"""A module's connection to its hub, by Microsoft's device SDK.

On a device the IoT Edge runtime gives the identity; elsewhere a module
connection string does, by MQTT or by websockets. The SDK reconnects by itself
after the first connection, so all that is left to the caller is to try again
what failed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.modules.runtime.environment import ModuleEnvironment, Transport, all_certificates
from edgeops.proxy import Proxy
from edgeops.proxy_fault import proxy_fault

CLOSE_SECONDS = 5.0
# What the SDK calls them. The hub's name is always left to the proxy.
_KINDS_OF_PROXY = {
    "http": "HTTP",
    "socks4": "SOCKS4",
    "socks4a": "SOCKS4",
    "socks5": "SOCKS5",
    "socks5h": "SOCKS5",
}


class NotConnected(EdgeOpsError):
    """The hub cannot be reached now; worth trying again later."""


@dataclass(frozen=True, slots=True)
class ModuleTwin:
    """A module's own twin. `desired` is whatever the hub sent, without `$version`."""

    desired: Any
    reported: JsonObject


@dataclass(frozen=True, slots=True)
class Handlers:
    """Callbacks for what the hub sends; called on threads of the SDK, so they must be quick.

    `on_desired` says that the desired properties may have changed (or that the
    connection is back): read the twin. `on_message` gets the bytes and the
    input of a message that another module sent. `on_method` gets the name and the
    payload of a direct method, and gives the status and the payload of the answer.
    """

    on_desired: Callable[[], None]
    on_message: Callable[[bytes, str], None] | None = None
    on_method: Callable[[str, Any], tuple[int, Any]] | None = None


@dataclass(slots=True)
class ModuleClient:
    """What a module needs of the hub, on azure-iot-device."""

    environment: ModuleEnvironment
    _client: Any = field(default=None, init=False)

    def connect(self, handlers: Handlers) -> None:
        """Connect and call the handlers from now on. Raises `NotConnected`."""
        self.close()
        client = self._call(lambda: _make_client(self.environment))
        self._client = client

        by_proxy = _proxy(self.environment) is not None

        def connection_changed() -> None:
            # When a proxy fails the SDK gives up: the next call to it must tell the caller.
            if client.connected or by_proxy:
                handlers.on_desired()

        def subscribe() -> None:
            client.connect()
            client.on_connection_state_change = connection_changed
            client.on_twin_desired_properties_patch_received = lambda _: handlers.on_desired()
            receive = handlers.on_message
            if receive is not None:
                client.on_message_received = lambda m: receive(m.data, m.input_name or "")
            if handlers.on_method is not None:
                client.on_method_request_received = _answering(client, handlers.on_method)

        self._call(subscribe)

    def twin(self) -> ModuleTwin:
        """The module's twin as the hub has it now. Raises `NotConnected`."""
        twin = self._call(lambda: self._client.get_twin())
        return ModuleTwin(_section(twin, "desired"), _section(twin, "reported"))

    def report(self, patch: JsonObject) -> None:
        """Apply a merge patch to the reported properties. Raises `NotConnected`."""
        self._call(lambda: self._client.patch_twin_reported_properties(patch))

    def send(self, message: str, output: str) -> None:
        """Send a telemetry message (JSON text) on an output. Raises `NotConnected`."""
        from azure.iot.device import Message

        make_message: Any = Message  # the SDK has no types here
        wrapped = make_message(message, content_encoding="utf-8", content_type="application/json")
        self._call(lambda: self._client.send_message_to_output(wrapped, output))

    def _call(self, call: Callable[[], Any]) -> Any:
        """The result of a call into the SDK; what it raises becomes `NotConnected`.

        The SDK raises all kinds of exceptions, some with addresses and tokens in
        their text, so only their type is passed on.
        """
        from azure.iot.device.exceptions import CredentialError

        try:
            return call()
        except EdgeOpsError:
            raise
        except CredentialError as error:
            raise NotConnected(
                "the hub does not accept this module's key", "check the connection string"
            ) from error
        except Exception as error:
            proxy = _proxy(self.environment)
            fault = proxy and proxy_fault(error, proxy, _hub(self.environment))
            cause = error.__cause__ or error
            raise NotConnected(
                fault.message if fault else f"the hub cannot be reached ({type(cause).__name__})"
            ) from error

    def close(self) -> None:
        """Disconnect. The SDK may wait for an answer that never comes: it gets a few seconds."""
        client, self._client = self._client, None
        if client is not None:
            closing = threading.Thread(target=_shut_down, args=(client,), daemon=True)
            closing.start()
            closing.join(CLOSE_SECONDS)


def _answering(
    client: Any, on_method: Callable[[str, Any], tuple[int, Any]]
) -> Callable[[Any], None]:
    """The handler of the SDK, which has threads for it: an answer may take a while."""
    from azure.iot.device import MethodResponse

    def answer(request: Any) -> None:
        status, payload = on_method(request.name, request.payload)
        with suppress(Exception):  # who called waits no longer, and can call again
            client.send_method_response(
                MethodResponse.create_from_method_request(request, status, payload)
            )

    return answer


def _hub(environment: ModuleEnvironment) -> str:
    """The host that a module with a connection string talks to; empty on IoT Edge."""
    pairs = (part.partition("=") for part in (environment.connection_string or "").split(";"))
    values = {name.strip(): value.strip() for name, _, value in pairs}
    return values.get("GatewayHostName") or values.get("HostName", "")


def _proxy(environment: ModuleEnvironment) -> Proxy | None:
    """The proxy of a connection by websockets; None for MQTT, which no HTTP proxy knows."""
    if environment.connection_string is None or environment.transport is Transport.MQTT:
        return None
    return environment.proxies.for_host(_hub(environment))


def _transport_options(environment: ModuleEnvironment) -> dict[str, Any]:
    proxy = _proxy(environment)
    if proxy is None:
        return {"websockets": True} if environment.transport is Transport.WEBSOCKETS else {}
    if proxy.scheme not in _KINDS_OF_PROXY:
        raise EdgeOpsError(
            f"{proxy.setting} is an https:// proxy, by which the device SDK cannot reach the hub",
            "give an http:// proxy, or reach the hub without one: name it in NO_PROXY, or set"
            " EDGEOPS_TRANSPORT=mqtt",
        )
    from azure.iot.device import ProxyOptions

    make_options: Any = ProxyOptions  # the SDK has no types here
    options = make_options(
        _KINDS_OF_PROXY[proxy.scheme],
        proxy.host,
        proxy.port,
        proxy.user or None,
        proxy.password or None,
    )
    return {"websockets": True, "proxy_options": options}


def _make_client(environment: ModuleEnvironment) -> Any:
    from azure.iot.device import IoTHubModuleClient

    if environment.connection_string is None:
        return _make_edge_client()
    if "ModuleId=" not in environment.connection_string:
        raise EdgeOpsError(
            "EDGEOPS_CONNECTION_STRING is not the connection string of a module",
            "it needs HostName, DeviceId, ModuleId and SharedAccessKey",
        )
    options = _transport_options(environment)
    certificates = all_certificates(environment.ca_file)
    if certificates is not None:
        options["server_verification_cert"] = certificates
    try:
        return IoTHubModuleClient.create_from_connection_string(
            environment.connection_string, **options
        )
    except ValueError:
        raise EdgeOpsError("EDGEOPS_CONNECTION_STRING is not a valid connection string") from None


def _make_edge_client() -> Any:
    """A client with the identity, gateway and trusted certificates that IoT Edge gives."""
    from azure.iot.device import IoTHubModuleClient

    try:
        return IoTHubModuleClient.create_from_edge_environment()
    except Exception as error:
        cause = error.__cause__ or error
        if isinstance(cause, KeyError):  # a missing variable: trying again cannot help
            raise EdgeOpsError(
                "this module has no identity",
                "run it on IoT Edge, or set EDGEOPS_CONNECTION_STRING",
            ) from None
        raise NotConnected(
            f"IoT Edge does not give this module its identity ({type(cause).__name__})"
        ) from error


def _shut_down(client: Any) -> None:
    with suppress(Exception):  # there is nobody left to tell
        client.shutdown()


def _section(twin: Any, name: str) -> Any:
    section = twin.get(name) if isinstance(twin, dict) else None
    if not isinstance(section, dict):
        return section if name == "desired" else {}
    return {key: value for key, value in section.items() if not key.startswith("$")}
